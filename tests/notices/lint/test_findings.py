from datetime import date

import pytest

from portal.notices.lint.findings import Finding, Fix, Severity, Waiver, in_order, mended, without_waived

FOUND = Finding("link.here", Severity.WARNING, "Say where it leads.", "WCAG", "sharing.department", 12, "Click here.")
LASTING = Waiver("link.here", "The page is rebuilt in May", "Devi", date(2027, 5, 31))


def test_a_waiver_covers_its_rule_until_its_last_day():
    assert without_waived([FOUND], [LASTING], date(2027, 5, 31))[0] == []
    assert without_waived([FOUND], [LASTING], date(2027, 6, 1))[0] == [FOUND]


def test_a_waived_finding_is_shown_with_who_waived_it_and_why():
    (waived,) = without_waived([FOUND], [LASTING], date(2027, 1, 1))[1]
    assert (waived.finding, waived.waiver.name, waived.waiver.reason) == (FOUND, "Devi", "The page is rebuilt in May")


@pytest.mark.parametrize(
    "waiver",
    [
        Waiver("link.empty", "Another rule", "Devi", date(2030, 1, 1)),
        Waiver("link.here", "Another clause", "Devi", date(2030, 1, 1), clause="rights.access"),
        Waiver("link.here", "Other words", "Devi", date(2030, 1, 1), text="Press here"),
    ],
)
def test_a_waiver_of_something_else_covers_nothing(waiver):
    assert without_waived([FOUND], [waiver], date(2027, 1, 1))[0] == [FOUND]


def test_the_worst_comes_first_and_nothing_twice():
    error = Finding("link.empty", Severity.ERROR, "Empty.", "WCAG", None, 90, "x")
    assert in_order([FOUND, error, FOUND]) == [error, FOUND]


def test_a_fix_exchanges_words_and_nothing_else():
    assert mended("In defense of colour.", [Fix("defense", "defence")]) == "In defence of colour."


@pytest.mark.parametrize(
    ("text", "fix", "better"),
    [
        ("Pupils labor in the laboratory.", Fix("labor", "labour"), "Pupils labour in the laboratory."),
        ("Our center: [center](https://a.example/center), center.example.org, center@a.example.",
         Fix("center", "centre"),
         "Our centre: [centre](https://a.example/center), center.example.org, center@a.example."),
        ("Ring [01234 567890](tel:01234567890).", Fix("01234 567890", "0333 032 2970"),
         "Ring [0333 032 2970](tel:03330322970)."),
        ("Write to [old@a.example](mailto:old@a.example) or old@a.example.org.", Fix("old@a.example", "new@b.example"),
         "Write to [new@b.example](mailto:new@b.example) or old@a.example.org."),
    ],
)  # fmt: skip
def test_a_fix_leaves_longer_words_and_addresses_alone(text, fix, better):
    assert mended(text, [fix]) == better


def test_a_fix_is_made_in_its_own_sentence_only():
    text = "- Our center opens at eight.\n- {{ school.name }} likes the center of town.\n"
    fix = Fix("center", "centre", within="Alder Primary School likes the center of town.")
    assert mended(text, [fix]) == text.replace("center of", "centre of")


def test_two_fixes_of_one_sentence_are_both_made():
    text = "We color the center."
    assert mended(text, [Fix("color", "colour", text), Fix("center", "centre", text)]) == "We colour the centre."


def test_the_json_has_the_promised_shape():
    assert set(FOUND.as_json()) == {"rule", "severity", "clause", "line", "text", "message", "source", "fix"}
