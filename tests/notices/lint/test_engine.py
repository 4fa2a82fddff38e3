from datetime import date

import pytest

from portal.notices.importing.blocks import Source
from portal.notices.lint.engine import lint
from portal.notices.lint.findings import Severity, mended
from portal.notices.lint.notice import Context, notice_of_clauses, notice_of_text

TODAY = date(2026, 11, 22)


def rules(text, **around):
    return {finding.rule for finding in lint(notice_of_text(text), Context(on=TODAY, **around))}


def clauses(edition):
    return [(clause.key, clause.title, clause.text) for clause in edition.clauses]


def test_our_own_library_has_no_error(library, authorities):
    around = Context(on=TODAY, editions=tuple(library), authorities=authorities, is_library=True)
    found = lint(notice_of_clauses(clauses(library[0])), around)
    assert [finding for finding in found if finding.severity is Severity.ERROR] == []


def test_each_release_of_our_library_has_no_error_on_its_first_day(library, authorities):
    for edition in library:
        around = Context(on=edition.effective_from, editions=(edition,), authorities=authorities, is_library=True)
        found = lint(notice_of_clauses(clauses(edition)), around)
        assert [finding for finding in found if finding.severity is Severity.ERROR] == [], edition.name


def test_what_one_notice_lacks_another_of_the_school_may_hold():
    general = "We use names and marks to teach."
    activity = notice_of_text("Trips. Our lawful basis is public task. We keep forms for one year.")
    assert "lawful-basis.missing" in rules(general)
    assert "lawful-basis.missing" not in rules(general, others=(activity,))


def test_a_finding_says_where_it_stands():
    text = "Cookies\n\nWe remember your choices.\n\nBy using our website you accept our cookies.\n"
    finding = next(
        found for found in lint(notice_of_text(text), Context(on=TODAY)) if found.rule == "cookies.implied-consent"
    )
    assert (finding.line, finding.clause) == (5, "cookies.school-site")
    assert finding.text == "By using our website you accept our cookies."


def test_lines_count_within_a_clause_where_clauses_are_known():
    notice = notice_of_clauses([("rights.access", "Seeing", "Ask us.\n\nSend a request in writing.")])
    finding = next(found for found in lint(notice, Context(on=TODAY)) if found.rule == "rights.writing-required")
    assert (finding.clause, finding.line) == ("rights.access", 3)


def test_writing_may_be_asked_for_the_educational_record():
    record = [("rights.educational-record", "Record", "Please send us a request in writing.")]
    found = lint(notice_of_clauses(record), Context(on=TODAY))
    assert "rights.writing-required" not in {finding.rule for finding in found}


def test_safe_fixes_mend_what_they_were_found_for():
    text = "We see to the establishment, exercise or defense of claims about behavior."
    fixes = [finding.fix for finding in lint(notice_of_text(text), Context(on=TODAY)) if finding.fix]
    better = mended(text, fixes)
    assert "wording.us-spelling" in rules(text)
    assert "wording.us-spelling" not in rules(better)


def test_a_wrong_number_of_the_officer_is_mended_to_the_services_own():
    text = "You can ring our Data Protection Officer on 0303 123 1113."
    facts = {"dpo.telephone": "0333 032 2970"}
    (finding,) = [
        found
        for found in lint(notice_of_text(text), Context(on=TODAY, facts=facts))
        if found.rule == "dpo.telephone-wrong"
    ]
    assert mended(text, [finding.fix]) == "You can ring our Data Protection Officer on 0333 032 2970."


def test_curly_quotes_and_hard_spaces_hide_nothing():
    assert "cookies.implied-consent" in rules(
        "By\u00a0using our website, you\u2019ll \u201cagree\u201d to our cookies."
    )


def test_a_web_page_is_linted_too():
    notice = notice_of_text("<p>See <a href='#'>the timetable</a></p>", source=Source.HTML)
    assert "link.empty" in {finding.rule for finding in lint(notice, Context(on=TODAY))}


def test_a_changed_promise_is_told_against_the_shared_sentence(library):
    text = "We do not sell information\n\nWe seldom sell information about you, to anybody, for any reason.\n"
    found = lint(notice_of_text(text), Context(on=TODAY, editions=tuple(library)))
    assert any(finding.rule == "meaning.changed" and "seldom" in finding.message for finding in found)


def mended_by_the_linter(text):
    found = lint(notice_of_text(text), Context(on=TODAY))
    return mended(text, [finding.fix for finding in found if finding.fix])


@pytest.mark.parametrize(
    ("text", "better"),
    [
        ("Staff recognize good behaviors and fulfill duties.", "Staff recognise good behaviours and fulfil duties."),
        ("It is an honor to be an honorary guide.", "It is an honour to be an honorary guide."),
        ("We sent fair processing notices by post.", "We sent privacy notices by post."),
        ("We ask for CRB checks.", "We ask for DBS checks."),
        ("The Department for Education and Skills (DfES) asks.", "The Department for Education (DfE) asks."),
    ],
)  # fmt: skip
def test_a_fix_keeps_number_and_form(text, better):
    assert mended_by_the_linter(text) == better


@pytest.mark.parametrize(
    "text",
    [
        "The Data Protection Act 1998 was repealed by the Data Protection Act 2018.",
        "Section 7 of the Data Protection Act 1998 gives you a right.",
        "We keep a statement of special educational needs.",
        "The Denver Labor College and the Center for Play send visitors.",
        "Our page is https://labor.example.org/organization, or write to color@center.example.",
        "A clinical commissioning group pays the nurse.",
    ],
)
def test_what_would_change_its_sense_is_not_mended_by_itself(text):
    assert mended_by_the_linter(text) == text
