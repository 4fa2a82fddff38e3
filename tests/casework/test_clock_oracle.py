"""Ten thousand random requests, worked out a second time by somebody who walks through the diary day by day.

This second implementation shares no code with the first: it uses the `holidays` and `dateutil` packages, keeps no
intervals, and finds a date by stepping over the days that do not count.
"""

import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import holidays
import pytest
from dateutil.relativedelta import relativedelta

from portal.casework.rules import ClockKind, explain
from portal.core.errors import Invalid
from portal.core.working_days import england_and_wales

DAY = timedelta(days=1)
CASES = 10_000
BANK_HOLIDAYS = frozenset(holidays.country_holidays("GB", subdiv="ENG", years=range(2018, 2040)))
RIGHTS = ["access", "rectification", "erasure", "restriction", "objection", "portability", "automated"]
KINDS = [*["access"] * 6, *RIGHTS[1:], "record", "foi", "complaint"]


def works(day):
    return day.isoweekday() < 6 and day not in BANK_HOLIDAYS


def rolled(day):
    return day if works(day) else rolled(day + DAY)


def unpaused(start, length, pauses):
    """The last of `length` days beginning with `start`, stepping over days on which an answer was awaited."""
    day = start - DAY
    while length:
        day += DAY
        if any(asked <= day and answered is None for asked, answered in pauses):
            return None
        length -= not any(asked <= day <= answered for asked, answered in pauses)
    return day


def months_diary(case):
    is_pausable = case["kind"] == "access" and case["received"] >= date(2026, 2, 5)
    pauses = case["clarifications"] if is_pausable else []

    def end(start, months):
        return unpaused(start, (start + relativedelta(months=months) - start).days + 1, pauses)

    months, start = (3 if case["extended_on"] else 1), case["received"]
    if case["identity"]:
        asked, came = case["identity"]
        limit = end(start, months)
        if limit is None or asked <= limit:
            start = came
    if start is None:
        return None, None, None
    notice, last = end(start, 1), end(start, months)
    if case["extended_on"] and notice and case["extended_on"] > notice:
        return "refused"
    return (rolled(last), last - DAY, notice) if last else (None, None, None)


def days_diary(case):
    """(due, aim) for what is not counted in months."""
    received, terms = case["received"], case["terms"]
    opened = {first + DAY * n for first, last in terms for n in range((last - first).days + 1)} - set(case["inset"])
    ahead = [received + DAY * n for n in range(1, 500)]
    working = [day for day in ahead if works(day)]
    school = [day for day in working if day in opened]
    if case["kind"] == "record":
        return school[14], school[14]
    if case["kind"] == "foi":
        return min(school[19], working[59]), min(school[19], working[59])
    return rolled(received + 30 * DAY), received + 29 * DAY


def random_terms(rng, received):
    """Terms from a month before `received` to two years after it, one holiday in ten far too long."""
    first, terms = received - rng.randint(0, 40) * DAY, []
    while first < received + 500 * DAY:
        last = first + rng.randint(25, 50) * DAY
        terms.append((first, last))
        first = last + (rng.randint(80, 120) if rng.random() < 0.1 else rng.randint(3, 45)) * DAY
    return terms


def random_exchange(rng, earliest):
    asked = earliest + rng.randint(0, 45) * DAY
    return asked, (None if rng.random() < 0.08 else asked + rng.randint(0, 30) * DAY)


def random_case(rng):
    received = date(2025, 10, 1) + rng.randint(0, 3000) * DAY
    kind = rng.choice(KINDS)
    exchanges = rng.choice([0, 0, 1, 1, 2, 3])
    return {
        "kind": kind,
        "received": received,
        "identity": random_exchange(rng, received) if rng.random() < 0.2 else None,
        "clarifications": [random_exchange(rng, received) for _ in range(exchanges)],
        "extended_on": received + rng.randint(0, 60) * DAY if kind in RIGHTS and rng.random() < 0.3 else None,
        "terms": random_terms(rng, received),
        "inset": [received + rng.randint(1, 60) * DAY for _ in range(rng.randint(0, 4))],
    }


def clock_says(case):
    calendar = england_and_wales(terms=case["terms"], inset_days=case["inset"])
    events = {name: case[name] for name in ("identity", "clarifications", "extended_on")}
    try:
        reading = explain(ClockKind(case["kind"]), case["received"], calendar=calendar, **events)
    except Invalid:
        return "refused"
    assert reading.text.count(".") >= len(reading.steps)  # each step has a sentence, and all its places are filled
    if case["kind"] in RIGHTS:
        return reading.due, reading.aim_for, reading.notice_by
    return reading.due, reading.aim_for


def diary_says(case):
    return months_diary(case) if case["kind"] in RIGHTS else days_diary(case)


@pytest.mark.parametrize("seed", range(10))
def test_the_clock_and_the_diary_agree(seed):
    rng, said = random.Random(seed), Counter()
    for _ in range(CASES // 10):
        case = random_case(rng)
        answer = clock_says(case)
        assert answer == diary_says(case), case
        said["refused" if answer == "refused" else "waiting" if answer[0] is None else "dated"] += 1
    assert min(said["refused"], said["waiting"]) > CASES / 500  # the hard cases are really among them
    assert said["dated"] > CASES / 20


def test_seventy_two_hours_are_hours_of_the_world_and_not_of_the_wall():
    rng = random.Random(72)
    for _ in range(1000):
        aware = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=rng.randint(0, 3 * 365 * 1440))
        reading = explain(ClockKind.BREACH, aware, calendar=england_and_wales())
        assert reading.due.timestamp() - aware.timestamp() == 72 * 3600
