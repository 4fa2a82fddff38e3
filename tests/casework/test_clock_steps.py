"""The words, as an office manager reads them: each of these is a whole page, and should read like one."""

from datetime import UTC, date, datetime
from textwrap import dedent, fill

import pytest

from portal.casework.clock import wording
from portal.casework.rules import ClockKind, english, explain
from portal.core.working_days import england_and_wales

TERMS = [(date(2026, 11, 2), date(2026, 12, 18)), (date(2027, 1, 4), date(2027, 2, 12))]
CALENDAR = england_and_wales(terms=TERMS)
SENTENCES = [text for text in vars(wording).values() if isinstance(text, str) and "%(" in text]


def day(text):
    return date.fromisoformat(text)


def page(kind, received, **events):
    """The steps as a page of 100 columns, each with a dash before it."""
    steps = explain(ClockKind(kind), received, calendar=CALENDAR, **events).steps
    return "\n".join(fill(step.text, 100, initial_indent="- ", subsequent_indent="  ") for step in steps)


def reads(text):
    return dedent(text).strip()


def test_a_plain_request_over_christmas():
    assert page("access", day("2026-11-25")) == reads("""
        - Received Wed 25 Nov 2026. The clock starts on that day, even if the school was closed.
        - One month from the start is Fri 25 Dec 2026.
        - Fri 25 Dec 2026 is a bank holiday; next working day: Tue 29 Dec 2026.
        - Aim for Thu 24 Dec 2026: on the strictest reading the law’s time ends a day earlier, and no
          weekend or holiday adds to it.
        - If the request is complex, or one of several from the same person, the time can be extended. Tell
          the requester, with the reason, by Fri 25 Dec 2026 at the latest and better a day before. No
          weekend or holiday moves that date.
    """)


def test_a_request_with_everything():
    events = {
        "identity": (day("2026-10-29"), day("2026-10-31")),
        "clarifications": [
            (day("2026-11-05"), day("2026-11-12")),
            (day("2026-11-10"), day("2026-11-14")),
            (day("2026-11-20"), day("2026-11-20")),
        ],
        "extended_on": day("2026-12-04"),
    }
    assert page("access", day("2026-10-28"), **events) == reads("""
        - Received Wed 28 Oct 2026. The clock starts on that day, even if the school was closed.
        - On Thu 29 Oct 2026 we asked for proof of identity or authority. It came on Sat 31 Oct 2026, so the
          clock starts on that day instead.
        - One month from the start is Mon 30 Nov 2026: that month is shorter, so its last day counts.
        - Extended on Fri 4 Dec 2026, in time: the requester had to be told by Fri 11 Dec 2026. Three months
          from the start is Sun 31 Jan 2027.
        - On Thu 5 Nov 2026 we asked what exactly is wanted, and the answer came on Thu 12 Nov 2026. Those
          two days and the days between do not count: 8 in all. That makes it Mon 8 Feb 2027.
        - On Tue 10 Nov 2026 we asked what exactly is wanted, and the answer came on Sat 14 Nov 2026. Of
          those days, 2 were still to be left out. That makes it Wed 10 Feb 2027.
        - On Fri 20 Nov 2026 we asked what exactly is wanted, and the answer came the same day. That day
          does not count. That makes it Thu 11 Feb 2027.
        - Aim for Wed 10 Feb 2027: on the strictest reading the law’s time ends a day earlier, and no
          weekend or holiday adds to it.
    """)


def test_a_clock_that_stands_still():
    assert page("access", day("2026-11-02"), clarifications=[(day("2026-11-05"), None)]) == reads("""
        - Received Mon 2 Nov 2026. The clock starts on that day, even if the school was closed.
        - One month from the start is Wed 2 Dec 2026.
        - On Thu 5 Nov 2026 we asked what exactly is wanted, and no answer has come. The clock stands still
          and goes on the day after the answer. Days left then: 28.
    """)


def test_freedom_of_information():
    assert page("foi", day("2026-12-10")) == reads("""
        - Received Thu 10 Dec 2026. Day one is the next school day, Fri 11 Dec 2026.
        - School day 20 is Thu 21 Jan 2027. Weekends, bank holidays, school holidays and INSET days are not
          counted.
        - Working day 60 is Tue 9 Mar 2027. School holidays are counted here.
        - Whichever comes first is the last day, Thu 21 Jan 2027. The answer must be prompt, not just in
          time.
    """)


def test_a_complaint():
    assert page("complaint", day("2026-06-19")) == reads("""
        - Received Fri 19 Jun 2026. Counted from the day after, day 30 is Sun 19 Jul 2026. The complaint
          must be acknowledged by then, and looked into without undue delay.
        - Sun 19 Jul 2026 is at the weekend; next working day: Mon 20 Jul 2026.
        - Aim for Sat 18 Jul 2026: on the strictest reading the day of receipt counts too, and no weekend or
          holiday adds a day.
    """)


def test_a_breach_before_the_night_the_clocks_go_back():
    assert page("breach", datetime(2026, 10, 23, 15, 30, tzinfo=UTC)) == reads("""
        - The school became aware on Fri 23 Oct 2026 at 4:30pm.
        - 72 hours later is Mon 26 Oct 2026 at 3:30pm; nights, weekends and holidays count. Report to the
          regulator by then, unless a risk to people is unlikely.
        - The clocks change in between, so it is not the same time of day.
    """)


@pytest.mark.parametrize(("hour", "shown"), [(0, "12:05am"), (9, "9:05am"), (12, "12:05pm"), (23, "11:05pm")])
def test_times_are_written_as_people_say_them(hour, shown):
    assert english(datetime(2026, 11, 25, hour, 5, tzinfo=UTC)) == f"Wed 25 Nov 2026 at {shown}"


def test_each_step_carries_its_date_its_rule_and_its_law():
    roll_over = explain(ClockKind.ACCESS, day("2026-11-25"), calendar=CALENDAR).steps[2]
    assert (roll_over.date, roll_over.rule) == (day("2026-12-29"), "next-working-day")
    assert roll_over.source == "ICO guidance on time limits"


def test_a_step_keeps_its_sentence_and_its_dates_apart_for_other_languages():
    roll_over = explain(ClockKind.ACCESS, day("2026-11-25"), calendar=CALENDAR).steps[2]
    assert roll_over.message == wording.BANK_HOLIDAY
    assert roll_over.values == {"end": day("2026-12-25"), "due": day("2026-12-29")}


@pytest.mark.parametrize("text", SENTENCES)
def test_the_words_stay_plain(text):
    assert text.endswith(".")
    assert not {"pursuant", "statutory", "aforementioned", "data subject", "controller"} & set(text.lower().split())
    assert max(len(sentence.split()) for sentence in text.split(". ")) <= 25
