"""The inbox in every order, filter and set of columns; pages meet without a gap and without a row twice."""

from datetime import UTC, datetime, time, timedelta

import pytest

from portal.casework.exporting import HEADINGS, export_rows
from portal.casework.inbox import Column, Filters, Sort, View, as_query, from_query, page
from portal.casework.kinds import Relationship
from portal.casework.models import CaseKind, WaitingFor
from portal.casework.queries import place
from portal.casework.requester import requester_of, withdraw
from portal.core import clock
from portal.tenancy.queries import service


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
        return page(everywhere, actor("devi"), filters or Filters(), now=clock.now(), **page_options)

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
        "view": "x", "kind": "?", "status": "no", "trust": "-1", "council": "٣", "older": "1e9", "sort": "';--",
        "columns": "a,b",
    }  # fmt: skip
    assert from_query(nonsense) == Filters()


@pytest.mark.parametrize(
    "cursor", ["~", "x~1", "~0", "2026-13-40~3", "\0~1", "a" * 5000 + "~9", "2026-01-01T00:00:00~1"]
)
@pytest.mark.parametrize("sort", list(Sort))
def test_a_cursor_that_cannot_be_read_loses_nothing(found, sort, cursor):
    found(Filters(sort=sort), after=cursor)


def test_a_breach_past_its_hour_is_overdue_on_the_same_day(everywhere, ask, actor):
    now = clock.from_london(clock.today(), time(17))
    late = ask(kind=CaseKind.BREACH, received_at=now - timedelta(hours=73)).case
    soon = ask(kind=CaseKind.BREACH, received_at=now - timedelta(hours=71)).case
    found = page(everywhere, actor("devi"), Filters(View.OVERDUE), now=now).lines
    assert [line.reference for line in found] == [late.reference]
    assert soon.reference not in {line.reference for line in found if line.is_overdue(now)}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Write to grace.okoro@mail.example", "grace.okoro@mail.example"),
        ("Seen on 12/11/2026 at St.Mary", "12/11/2026"),
        ("and/or both", "and/or"), ("St.Mary", "st mary"), ("Für প্রিয়া ছেলের", "প্রিয়া"), ("Éclair in the file", "eclair"),
        ("eclair in the file", "ÉCLAIR"), ("O’Neil", "O'Neil"),
        ("O’Neil", "oneil"), ("Łukasz Żółć", "lukasz zolc"), ("Łukasz Żółć", "Łukasz"), ("Zoë", "Zoe\u0308"),
        ("The report of year 2024", "year 2024"), ("We moved to SS17 3NX", "SS17 3NX"),
    ],
)  # fmt: skip
def test_words_are_found_however_they_are_written(everywhere, ask, actor, text, words):
    case = ask(details=text).case
    ask(details="Something else entirely", requester_name="Nobody Known", email="other@example.net")
    found = page(everywhere, actor("devi"), Filters(words=words), now=clock.now()).lines
    assert [line.reference for line in found] == [case.reference]


def test_a_childs_surname_is_found_beside_a_requester_of_that_name(everywhere, ask, actor):
    child = ask(requester_name="Grace Okoro", subject_name="Ada Bello", relationship=Relationship.CHILD).case
    parent = ask(requester_name="Chidi Bello", email="c@example.net").case
    word = ask(requester_name="Mo Khan", details="A note by Mrs Bello", email="m@example.net").case
    found = {line.reference for line in page(everywhere, actor("devi"), Filters(words="Bello"), now=clock.now()).lines}
    assert found == {child.reference, parent.reference, word.reference}


def test_the_table_to_take_away_says_what_the_list_shows(everywhere, ask, actor, sender):
    aware = datetime(2026, 6, 30, 23, 30, tzinfo=UTC)  # half past midnight on 1 July in London
    ask(kind=CaseKind.BREACH, received_at=aware)
    closed = ask(received_at=aware).case
    withdraw(everywhere, requester_of(closed), closed, sender=sender, now=clock.now())
    devi = actor("devi")
    here = place(everywhere, service(everywhere))
    rows = [
        export_rows(everywhere, devi, Filters(view), place=here, now=clock.now())[0] for view in (View.ALL, View.CLOSED)
    ]
    assert [row[HEADINGS.index("Answer by")] for row in rows] == ["2026-07-04 00:30", "2026-08-03"]
    assert rows[1][HEADINGS.index("Outcome")] == "Withdrawn by the requester"
