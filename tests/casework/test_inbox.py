"""The inbox in every order, filter and set of columns; pages meet without a gap and without a row twice."""

from datetime import timedelta

import pytest

from portal.casework.inbox import Column, Filters, Sort, View, as_query, from_query, page
from portal.casework.models import CaseKind, WaitingFor
from portal.core import clock


@pytest.fixture
def found(everywhere, ask, actor):
    """Seven cases of two schools, received on different days by people of different names."""
    for days, name in enumerate(
        ("Ada Young", "Bo Adams", "Cy Éclair", "Di Brown", "Ed O’Neil", "Flo Adams", "Gil van Dyk")
    ):
        ask(
            "birch-academy" if days % 2 else "alder-primary",
            CaseKind.ERASURE if days == 3 else CaseKind.ACCESS,
            requester_name=name,
            received_at=clock.now() - timedelta(days=3 * days),
        )

    def rows(filters=None, **page_options):
        return page(everywhere, actor("devi"), filters or Filters(), today=clock.today(), **page_options)

    return rows


@pytest.mark.parametrize("sort", list(Sort))
@pytest.mark.parametrize("view", [View.ALL, View.UNASSIGNED])
def test_pages_forwards_and_back_show_each_case_once(found, sort, view):
    filters = Filters(view, sort=sort)
    whole = [line.reference for line in found(filters).lines]
    assert len(whole) == 7
    forwards, step = [], found(filters, size=2)
    forwards += step.lines
    while step.after:
        step = found(filters, size=2, after=step.after)
        forwards += step.lines
    assert [line.reference for line in forwards] == whole
    backwards = list(step.lines)
    while step.before:
        step = found(filters, size=2, before=step.before)
        backwards = [*step.lines, *backwards]
    assert [line.reference for line in backwards] == whole


def test_orders_are_what_they_say(found):
    due = [line.sort_on for line in found(Filters(sort=Sort.DUE)).lines]
    assert due == sorted(due)
    opened = [line.opened_at for line in found(Filters(sort=Sort.NEWEST)).lines]
    assert opened == sorted(opened, reverse=True)
    names = [line.requester_surname for line in found(Filters(sort=Sort.NAME)).lines]
    assert names[:3] == ["adams", "adams", "brown"]


def test_filters_by_school_trust_council_kind_and_state(found, school, everywhere):
    assert {line.school_slug for line in found(Filters(school="birch")).lines} == {"birch-academy"}
    assert not found(Filters(school="birch primary")).lines
    assert not found(Filters(school="%")).lines, "a percent sign is a letter like any other"
    rowan = school("birch-academy").trust_id
    assert {line.trust_id for line in found(Filters(trust_id=rowan)).lines} == {rowan}
    council = found(Filters(school="alder")).lines[0].authority_id
    assert {line.school_slug for line in found(Filters(authority_id=council)).lines} == {"alder-primary"}
    assert [line.kind for line in found(Filters(kind=CaseKind.ERASURE)).lines] == [CaseKind.ERASURE]
    assert len(found(Filters(status=WaitingFor.SCHOOL)).lines) == 7
    assert not found(Filters(status=WaitingFor.DPO)).lines


def test_filters_survive_the_address_and_nonsense_is_left_out():
    chosen = Filters(
        View.WEEK, "two words", CaseKind.ACCESS, WaitingFor.DPO, "alder", 3, 4, 14, Sort.NAME,
        (Column.FROM, Column.COUNCIL),
    )  # fmt: skip
    assert from_query(as_query(chosen)) == chosen
    nonsense = {
        "view": "x", "kind": "?", "status": "no", "trust": "-1", "council": "٣", "older": "1e9", "sort": "';--", "columns": "a,b",
    }  # fmt: skip
    assert from_query(nonsense) == Filters()


@pytest.mark.parametrize(
    "cursor", ["~", "x~1", "~0", "2026-13-40~3", "\0~1", "a" * 5000 + "~9", "2026-01-01T00:00:00~1"]
)
@pytest.mark.parametrize("sort", list(Sort))
def test_a_cursor_that_cannot_be_read_loses_nothing(found, sort, cursor):
    found(Filters(sort=sort), after=cursor)
