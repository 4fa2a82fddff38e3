"""What is true of every clock, whatever the dates; and of the law it reads."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from portal.casework.clock.law import DUAA, LAWS, Rule, in_force
from portal.casework.rules import ClockKind, explain
from portal.core.working_days import england_and_wales

CALENDAR = england_and_wales()
FAR_DAYS = st.dates(date(2026, 2, 5), date(2040, 12, 31))
A_FEW_DAYS = st.integers(0, 25)
DATED = st.sampled_from(sorted(set(ClockKind) - {ClockKind.BREACH}))


def read(kind, received, *, calendar=CALENDAR, **events):
    return explain(ClockKind(kind), received, calendar=calendar, **events)


def later(start, days):
    return start + timedelta(days=days)


# --- the law as data --------------------------------------------------------------------------------------------------


def test_every_rule_has_its_law():
    assert {law.rule for law in LAWS} == set(Rule)
    assert all(law.source for law in LAWS)


def test_a_rule_changes_on_one_day_only():
    assert len({(law.rule, law.since) for law in LAWS}) == len(LAWS)


def test_the_law_of_a_day_is_the_newest_one_by_then():
    assert in_force(Rule.PAUSE, later(DUAA, -1)) is None
    assert in_force(Rule.MONTH, later(DUAA, -1)).source.startswith("UK GDPR Art 12(3)")
    assert "12A" in in_force(Rule.MONTH, DUAA).source


# --- whatever the dates -----------------------------------------------------------------------------------------------


@given(FAR_DAYS, DATED)
def test_every_answer_is_due_on_a_day_when_somebody_works(received, kind):
    reading = read(kind, received)
    assert CALENDAR.is_working_day(reading.due)
    assert received <= reading.aim_for <= reading.due


@given(FAR_DAYS, DATED)
def test_a_later_request_is_never_due_earlier(received, kind):
    assert read(kind, later(received, 1)).due >= read(kind, received).due


@given(FAR_DAYS, A_FEW_DAYS, A_FEW_DAYS, A_FEW_DAYS)
def test_a_later_answer_to_our_question_never_makes_the_date_earlier(received, wait, length, more):
    asked = later(received, wait)
    short, long = (
        read("access", received, clarifications=[(asked, later(asked, days))]) for days in (length, length + more)
    )
    assert read("access", received).due <= short.due <= long.due
    assert short.notice_by <= long.notice_by


@given(FAR_DAYS, st.lists(st.tuples(A_FEW_DAYS, A_FEW_DAYS), max_size=4), st.randoms())
def test_the_order_in_which_questions_were_written_down_does_not_matter(received, questions, chance):
    exchanges = [(later(received, wait), later(received, wait + length)) for wait, length in questions]
    shuffled = chance.sample(exchanges, len(exchanges))
    assert (
        read("access", received, clarifications=exchanges).due == read("access", received, clarifications=shuffled).due
    )


@given(FAR_DAYS, A_FEW_DAYS)
def test_an_extension_never_makes_the_date_earlier(received, wait):
    assert read("access", received, extended_on=later(received, wait)).due > read("access", received).due


@given(FAR_DAYS, st.integers(0, 60))
def test_a_proclaimed_holiday_never_makes_a_date_earlier(received, wait):
    calendar = england_and_wales(extra=[later(received, wait)])
    for kind in ("access", "complaint", "foi", "record"):
        assert read(kind, received, calendar=calendar).due >= read(kind, received).due
