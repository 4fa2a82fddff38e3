"""`portal clock explain`, as it is typed."""

import json

import pytest
from click.testing import CliRunner

from portal.commands.clock import KINDS, clock
from portal.commands.errors import PortalGroup

PORTAL = PortalGroup(commands={"clock": clock})
TERMS = [["2026-11-02", "2026-12-18"], ["2027-01-04", "2027-02-12"]]


def run(*words):
    return CliRunner().invoke(PORTAL, ["clock", "explain", *" ".join(words).split()])


def answer(*words):
    result = run(*words, "--json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def refusal(*words):
    """The one line that a refused command says."""
    result = run(*words, "--json")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.count("\n") == 1
    return result.stderr


@pytest.fixture
def terms(tmp_path):
    path = tmp_path / "terms.json"
    path.write_text(json.dumps(TERMS))
    return path


def test_json_has_the_promised_shape():
    found = answer("--kind access --received 2026-11-25")
    assert list(found) == ["due", "aim_for", "notice_by", "steps"]
    assert (found["due"], found["aim_for"], found["notice_by"]) == ("2026-12-29", "2026-12-24", "2026-12-25")
    assert found["steps"][2] == {
        "date": "2026-12-29",
        "rule": "next-working-day",
        "text": "Fri 25 Dec 2026 is a bank holiday; next working day: Tue 29 Dec 2026.",
        "source": "ICO guidance on time limits",
    }


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_date_and_reasons(kind):
    found = answer(f"--kind {kind} --received 2026-11-25")
    assert found["due"] > "2026-11-25"
    assert all(step[part] for step in found["steps"] for part in ("date", "rule", "text", "source"))


def test_people_can_read_it_too():
    assert run("--kind access --received 2026-11-25").stdout.startswith(
        "Answer by            Tue 29 Dec 2026\n"
        "Aim for              Thu 24 Dec 2026\n"
        "Extension notice by  Fri 25 Dec 2026\n"
        "\n"
        "1. Received Wed 25 Nov 2026."
    )


def test_questions_and_answers_pair_up_in_order():
    both = "--clarification-asked 2026-11-05 --clarification-answered 2026-11-12 --clarification-asked 2026-11-16"
    assert answer("--kind access --received 2026-11-02", both)["due"] is None
    assert (
        answer("--kind access --received 2026-11-02", both, "--clarification-answered 2026-11-16")["due"]
        == "2026-12-11"
    )


def test_while_the_clock_waits_people_are_told_why():
    waiting = run("--kind access --received 2026-11-02 --identity-asked 2026-11-03").stdout
    assert waiting.startswith("Answer by            no date yet: proof of identity has not come\n\n1. ")


def test_identity_and_extension():
    identity = "--identity-asked 2026-11-22 --identity-received 2026-12-02"
    assert answer("--kind access --received 2026-11-22", identity)["due"] == "2027-01-04"
    extended = answer("--kind access --received 2026-11-30 --extended-on 2026-12-10")
    assert (extended["due"], extended["notice_by"]) == ("2027-03-01", "2026-12-30")


def test_school_days_come_from_the_file_and_the_inset_days(terms):
    record = f"--kind record --received 2026-11-02 --terms {terms}"
    assert answer(record)["due"] == "2026-11-23"
    assert answer(record, "--inset 2026-11-20 --inset 2026-11-23")["due"] == "2026-11-25"


def test_a_file_from_a_windows_editor_is_read_too(terms):
    terms.write_text("\ufeff" + json.dumps(TERMS), encoding="utf-8")
    assert answer(f"--kind record --received 2026-11-02 --terms {terms}")["due"] == "2026-11-23"


def test_without_a_file_the_record_has_the_earliest_date_and_says_so():
    found = answer("--kind record --received 2026-12-10")
    assert found["due"] == "2027-01-05"
    assert found["steps"][-1]["text"].startswith("No term dates are known")


def test_a_proclaimed_holiday_can_be_tried_out():
    assert answer("--kind access --received 2026-04-11 --bank-holiday 2026-05-11")["due"] == "2026-05-12"


@pytest.mark.parametrize(
    ("received", "due"),
    [
        ("2026-11-25T16:30", "2026-11-28T16:30:00+00:00"),
        ("2026-07-01T09:15", "2026-07-04T09:15:00+01:00"),
        ("2026-07-01T09:15Z", "2026-07-04T10:15:00+01:00"),
        ("2026-03-27T16:30:10+00:00", "2026-03-30T17:30:10+01:00"),
    ],
)
def test_a_breach_takes_and_gives_times(received, due):
    found = answer(f"--kind breach --received {received}")
    assert found["due"] == found["aim_for"] == due
    assert found["notice_by"] is None


def test_a_time_decides_the_day_in_london():
    assert answer("--kind access --received 2026-06-30T23:30Z")["due"] == "2026-08-03"


def test_an_academy_is_told_why_not():
    assert "An academy has no duty" in refusal("--kind record --received 2026-11-02 --school-type academy")


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("--received 2026-13-25", "'2026-13-25' is not a date"),
        ("--received 20261125", "write it like 2026-11-25"),
        ("--received \uff12\uff10\uff12\uff16-11-25", "is not a date"),
        ("--received 2026-11-25T25:00", "is not a date and time"),
        ("--received 2026-03-29T01:30", "clocks went forward"),
        ("--received 0001-01-01T00:00+14:00", "outside the dates the clock knows"),
        ("--received 9999-12-31", "outside the dates the clock knows"),
        ("--received 2026-11-25 --received 2026-11-26", "--received can be given only once"),
        ("--received 2026-11-25 --identity-received 2026-11-26", "give --identity-asked too"),
        ("--received 2026-11-25 --identity-asked 2026-11-24", "the request came on Wed 25 Nov 2026"),
        ("--received 2026-11-25 --clarification-answered 2026-11-26", "more clarification answers than questions"),
        (
            "--received 2026-11-25 --clarification-asked 2026-11-28 --clarification-answered 2026-11-27",
            "cannot have come",
        ),
        ("--received 2026-11-25 --extended-on 2026-12-26", "Too late to extend"),
        (
            "--received 2026-11-25 --extended-on 2026-12-01 --extended-on 2026-12-02",
            "--extended-on can be given only once",
        ),
        ("--received 2026-11-25 --terms no-such-file", "no-such-file cannot be read"),
    ],
)
def test_bad_input_is_answered_with_one_line(words, reason):
    assert reason in refusal("--kind access", words)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "is not JSON"),
        ("\ud83d", "is not JSON"),
        ("[]", "must hold a list"),
        ('{"autumn": ["2026-09-02", "2026-10-23"]}', "must hold a list"),
        ('[["2026-09-02"]]', "term 1 must be"),
        ('[["2026-09-02", "2026-10-23"], ["2026-11-02", 20261218]]', "term 2 must be"),
        ('[["2026-09-02", "23 October"]]', "'23 October' is not a date"),
        ('[["2026-10-23", "2026-09-02"]]', "before it begins"),
        ('[["0001-01-01", "2026-12-18"]]', "term 1 must lie between"),
        ('[["2026-09-02", "2026-10-23"], ["9999-12-30", "9999-12-31"]]', "term 2 must lie between"),
    ],
)
def test_a_bad_file_is_answered_with_one_line(terms, content, reason):
    terms.write_bytes(content.encode("utf-8", "surrogatepass"))
    assert reason in refusal(f"--kind record --received 2026-11-02 --terms {terms}")


def test_an_unknown_kind_is_refused():
    assert run("--kind curiosity --received 2026-11-25").exit_code == 2
