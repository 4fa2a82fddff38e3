"""The worked examples: each row is one case of the facts, or one that a regulator published."""

from datetime import date

import pytest

from portal.casework.rules import ClockKind, english, explain
from portal.core.working_days import england_and_wales

# An illustrative calendar, not a real council's.
TERMS = [
    (date(2026, 9, 2), date(2026, 10, 23)),
    (date(2026, 11, 2), date(2026, 12, 18)),
    (date(2027, 1, 4), date(2027, 2, 12)),
    (date(2027, 2, 22), date(2027, 3, 25)),
    (date(2027, 4, 12), date(2027, 5, 28)),
    (date(2027, 6, 7), date(2027, 7, 21)),
    (date(2027, 9, 2), date(2027, 10, 22)),
]
CALENDAR = england_and_wales(terms=TERMS)


def day(text):
    return date.fromisoformat(text)


def read(kind, received, **events):
    return explain(ClockKind(kind), day(received), calendar=CALENDAR, **events)


@pytest.mark.parametrize(
    ("received", "due"),
    [
        pytest.param("2025-09-03", "Fri 3 Oct 2025", id="1 the regulator's own example"),
        pytest.param("2026-09-03", "Mon 5 Oct 2026", id="2 a Saturday rolls over"),
        pytest.param("2025-01-31", "Fri 28 Feb 2025", id="3 common year"),
        pytest.param("2024-01-31", "Thu 29 Feb 2024", id="4 leap year"),
        pytest.param("2026-01-31", "Mon 2 Mar 2026", id="5 short month ending on a Saturday"),
        pytest.param("2028-01-31", "Tue 29 Feb 2028", id="6 leap day"),
        pytest.param("2026-03-31", "Thu 30 Apr 2026", id="10 thirty days have April"),
        pytest.param("2026-10-31", "Mon 30 Nov 2026", id="11 received on a Saturday"),
        pytest.param("2026-11-22", "Tue 22 Dec 2026", id="12 a Sunday receipt counts"),
        pytest.param("2026-11-28", "Tue 29 Dec 2026", id="14 a substitute day"),
        pytest.param("2026-11-30", "Wed 30 Dec 2026", id="15 the school is shut, still due"),
        pytest.param("2027-04-03", "Tue 4 May 2027", id="21 early May bank holiday"),
        pytest.param("2027-07-30", "Tue 31 Aug 2027", id="22 summer bank holiday"),
        pytest.param("2028-02-29", "Wed 29 Mar 2028", id="24 received on leap day"),
        pytest.param("2026-11-25", "Tue 29 Dec 2026", id="Christmas Day, a weekend and a substitute day"),
        pytest.param("2024-11-25", "Fri 27 Dec 2024", id="the regulator's example of two bank holidays"),
        pytest.param("2026-01-01", "Mon 2 Feb 2026", id="the regulator's New Year's Day, due on a Sunday"),
    ],
)
@pytest.mark.parametrize(
    "kind", ["access", "rectification", "erasure", "restriction", "objection", "portability", "automated"]
)
def test_one_month(kind, received, due):
    assert english(read(kind, received).due) == due


def test_26_a_complex_request_has_three_months_from_its_start():
    reading = read("access", "2026-11-30", extended_on=day("2026-12-10"))
    assert (english(reading.due), english(reading.notice_by)) == ("Mon 1 Mar 2027", "Wed 30 Dec 2026")
    assert english(reading.aim_for) == "Sat 27 Feb 2027"


def test_30_identity_evidence_resets_the_start():
    reading = read("access", "2026-11-22", identity=(day("2026-11-22"), day("2026-12-02")))
    assert english(reading.due) == "Mon 4 Jan 2027"


def test_32_clarification_leaves_out_both_its_days_and_those_between():
    reading = read("access", "2026-11-02", clarifications=[(day("2026-11-05"), day("2026-11-12"))])
    assert english(reading.due) == "Thu 10 Dec 2026"


@pytest.mark.parametrize(
    ("received", "due", "aim_for"),
    [
        pytest.param("2026-06-19", "Mon 20 Jul 2026", "Sat 18 Jul 2026", id="35 the first day of the duty"),
        pytest.param("2026-06-05", "Mon 6 Jul 2026", "Sat 4 Jul 2026", id="37 day thirty is 5 July, a Sunday"),
        pytest.param("2027-06-05", "Mon 5 Jul 2027", "Sun 4 Jul 2027", id="37 day thirty is 5 July, a Monday"),
    ],
)
def test_a_complaint_is_acknowledged_in_thirty_days(received, due, aim_for):
    reading = read("complaint", received)
    assert (english(reading.due), english(reading.aim_for)) == (due, aim_for)


@pytest.mark.parametrize(
    ("kind", "received", "due"),
    [
        pytest.param("record", "2026-11-02", "Mon 23 Nov 2026", id="38 fifteen school days"),
        pytest.param("record", "2026-12-10", "Thu 14 Jan 2027", id="39 over Christmas"),
        pytest.param("foi", "2026-12-10", "Thu 21 Jan 2027", id="41 twenty school days before sixty working days"),
    ],
)
def test_school_days(kind, received, due):
    assert english(read(kind, received).due) == due


def test_41_sixty_working_days_are_named_too():
    assert "Working day 60 is Tue 9 Mar 2027" in read("foi", "2026-12-10").text
