"""Which council answers, asked of the database: by school, code and date; and what a notice says of councils."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from portal.core import clock
from portal.core.errors import Invalid, NotFound
from portal.directory.models import AuthorityLinkRow, AuthorityRow, SchoolAuthority, SuccessionMoveRow, SuccessionRow
from portal.directory.queries import (
    council_at,
    council_by_code,
    council_by_key,
    council_lines,
    council_of,
    read_book,
    school_slug,
)
from portal.directory.rules import Doubt, LinkKind, SuccessionStatus

TODAY = clock.today()


def council_id(session, key):
    return session.scalars(select(AuthorityRow.id).where(AuthorityRow.key == key)).one()


def test_a_schools_council_has_its_names_codes_links_and_contacts(session, school):
    found = council_of(session, school("alder-primary").id, TODAY).council
    assert (found.key, found.name, found.dfe, found.gss) == ("essex", "Essex County Council", "881", "E10000012")
    assert LinkKind.PUPIL in {link.kind for link in found.links}
    assert any(contact.value == "dpo@essex.gov.uk" for contact in found.contacts)


@pytest.mark.parametrize(("day", "name"), [(date(2022, 2, 28), "Borough"), (date(2022, 3, 1), "City")])
def test_a_council_has_the_name_of_the_day(session, day, name):
    assert council_by_code(session, "882", day).council.name == f"Southend-on-Sea {name} Council"


@pytest.mark.parametrize("code", ["881", "E10000012", "e10000012", " 881 "])
def test_either_code_finds_the_council(session, code):
    assert council_by_code(session, code, TODAY).council.key == "essex"


def test_a_code_that_no_council_ever_had_is_refused(session):
    with pytest.raises(Invalid, match="999"):
        council_by_code(session, "999", TODAY)


def test_a_replaced_council_leads_to_its_successors(session):
    before = council_by_code(session, "909", date(2023, 3, 31))
    after = council_by_code(session, "909", date(2023, 4, 1))
    assert before.council.key == "cumbria"
    assert after.council is None
    assert {one.key for one in after.candidates} == {"cumberland", "westmorland-and-furness"}
    assert after.doubt is Doubt.DISTRICT_NOT_NAMED


def test_a_new_councils_code_leads_back_to_whoever_was_there_before(session):
    assert council_by_code(session, "940", date(2021, 3, 31)).council.key == "northamptonshire"


def test_an_unknown_key_or_school_is_not_found(session):
    with pytest.raises(NotFound):
        council_by_key(session, "atlantis", TODAY)
    with pytest.raises(NotFound, match="no-such-school"):
        school_slug(session, "no-such-school")


def test_a_notice_names_its_own_council_first_and_the_area_after_it(session, school):
    lines = council_lines(session, school("birch-academy").id, TODAY)
    assert (lines[0].key, lines[0].is_own) == ("thurrock", True)
    assert [line.name for line in lines[1:]] == sorted(line.name for line in lines[1:])
    assert "essex" in {line.key for line in lines[1:]}
    assert not any(line.is_own for line in lines[1:])


def test_the_page_about_pupils_comes_before_the_general_one(session, school):
    essex = council_lines(session, school("alder-primary").id, TODAY)[0]
    links = {link.kind: link.url for link in council_by_key(session, "essex", TODAY).links}
    assert essex.url == links[LinkKind.PUPIL]


def test_a_past_notice_keeps_the_link_of_its_day(session, school):
    link = session.scalars(
        select(AuthorityLinkRow).where(
            AuthorityLinkRow.authority_id == council_id(session, "essex"), AuthorityLinkRow.kind == LinkKind.PUPIL
        )
    ).one()
    old, link.valid_to = link.url, TODAY
    new = "https://www.essex.gov.uk/new-pupil-page"
    session.add(AuthorityLinkRow(authority_id=link.authority_id, kind=LinkKind.PUPIL, url=new, valid_from=TODAY))
    alder = school("alder-primary").id
    assert council_lines(session, alder, TODAY - timedelta(days=1))[0].url == old
    assert council_lines(session, alder, TODAY)[0].url == new


def test_an_order_that_is_made_changes_what_resolves_from_its_day_on(session, school):
    order = SuccessionRow(on=date(2028, 4, 1), title="A test", status=SuccessionStatus.MADE)
    surrey = council_id(session, "east-surrey")
    order.moves = [SuccessionMoveRow(origin_id=council_id(session, "essex"), target_id=surrey)]
    session.add(order)
    alder = school("alder-primary").id
    assert council_of(session, alder, date(2028, 3, 31)).council.key == "essex"
    assert council_of(session, alder, date(2028, 4, 1)).council.key == "east-surrey"
    assert council_lines(session, alder, date(2028, 4, 1))[0].key == "east-surrey"


def test_a_school_without_a_district_is_an_open_question_after_a_split(session, school):
    alder = school("alder-primary").id
    held = session.scalars(select(SchoolAuthority).where(SchoolAuthority.school_id == alder)).one()
    held.district, held.authority_id = "", council_id(session, "cumbria")
    answer = council_of(session, alder, TODAY)
    assert answer.council is None
    assert answer.doubt is Doubt.NO_DISTRICT
    lines = council_lines(session, alder, TODAY)
    assert [line.is_own for line in lines[:3]] == [True, True, False]


@pytest.mark.parametrize(
    ("code", "on", "key"),
    [
        ("E07000067", date(2026, 1, 1), "essex"),
        ("E07000026", date(2023, 3, 31), "cumbria"),
        ("e07000026", date(2023, 4, 1), "cumberland"),
        ("E07000030", date(2023, 4, 1), "westmorland-and-furness"),
    ],
)
def test_the_code_of_a_district_stands_for_who_answers_there(session, code, on, key):
    assert council_by_code(session, code, on).council.key == key


def test_no_postcode_is_looked_up_while_none_are_loaded(session):
    with pytest.raises(Invalid, match="switched off"):
        council_at(session, "ZA1 1EN", TODAY)


def test_the_whole_directory_is_there(session):
    book = read_book(session)
    assert len(book.existing(date(2026, 1, 1))) == 153
    assert all(book.council(one.key, TODAY).name for one in book.authorities)
