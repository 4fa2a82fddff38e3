"""A new bank holiday moves the open requests it concerns, and they say so."""

from datetime import timedelta

import pytest

from portal.casework.holidays import add_bank_holiday, bank_holidays, remove_bank_holiday
from portal.casework.inbox import Filters, page
from portal.casework.models import CaseKind, EventKind
from portal.casework.progress import events_of, read_clock
from portal.core import clock
from portal.core.errors import Forbidden, Invalid
from portal.identity.permissions import Place
from portal.lifecycle.school_setup import keep_terms

NOW = clock.now()


@pytest.fixture
def centre(school):
    return Place(school("service").id, None, school("service").id)


def test_a_holiday_on_the_last_day_moves_the_request_and_taking_it_away_moves_it_back(everywhere, ask, actor, centre):
    case = ask().case
    due = case.due_on
    assert add_bank_holiday(everywhere, actor("devi"), centre, due, "Coronation", now=NOW) == 1
    assert case.due_on > due
    assert case.due_on == read_clock(everywhere, case).due
    event = events_of(everywhere, case)[-1]
    assert event.kind is EventKind.DATES_MOVED
    assert event.data["before"] == f"{due:%-d %B %Y}"
    assert page(everywhere, actor("devi"), Filters(), now=clock.now()).lines[0].due_on == case.due_on
    assert remove_bank_holiday(everywhere, actor("devi"), centre, due, now=NOW) == 1
    assert case.due_on == due


def test_the_shipped_holidays_stay_when_one_is_added(everywhere, actor, centre):
    before = {day for day, _ in bank_holidays(everywhere, since=clock.today())}
    day = clock.today() + timedelta(days=3)
    add_bank_holiday(everywhere, actor("devi"), centre, day, "Coronation", now=NOW)
    assert {each for each, _ in bank_holidays(everywhere, since=clock.today())} == before | {day}
    with pytest.raises(Invalid):
        add_bank_holiday(everywhere, actor("devi"), centre, day, "Again", now=NOW)


def test_a_request_due_before_the_holiday_stays_and_schools_cannot_add_one(everywhere, ask, actor, centre):
    case = ask().case
    far = case.due_on + timedelta(days=40)
    assert add_bank_holiday(everywhere, actor("devi"), centre, far, "Coronation", now=NOW) == 0
    with pytest.raises(Forbidden):
        add_bank_holiday(everywhere, actor("asha"), centre, far + timedelta(days=1), "Ours", now=NOW)


def test_new_terms_move_a_request_for_the_record_and_it_says_so(everywhere, ask, actor, school):
    case = ask(kind=CaseKind.RECORD).case
    today = clock.today()
    terms = [
        (today - timedelta(days=30), today + timedelta(days=5)),
        (today + timedelta(days=40), today + timedelta(days=90)),
    ]
    keep_terms(everywhere, actor("asha"), school("alder-primary"), terms, [], now=NOW)
    assert case.due_on > today + timedelta(days=40)
    assert events_of(everywhere, case)[-1].kind is EventKind.DATES_MOVED
