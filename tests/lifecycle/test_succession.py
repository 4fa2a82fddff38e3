"""An order over six hundred schools: what resolves before, on and after its day, and what stays as it was."""

import json
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from portal.core import clock
from portal.core.errors import Conflict, Forbidden, Invalid
from portal.directory.models import AuthorityRow, SchoolAuthority, SuccessionRow
from portal.directory.queries import council_by_code, council_lines, council_of, read_book
from portal.directory.rules import SuccessionStatus
from portal.lifecycle.order_text import read_lines, read_order, shown
from portal.lifecycle.register_apply import assign_council
from portal.lifecycle.succession import (
    apply_by_the_clock,
    apply_order,
    approve_order,
    change_order,
    district_names,
    enter_order,
    move_draft,
    plan_entered,
    plan_written,
    withdraw_order,
)
from portal.notices.background import NoticeWork
from portal.notices.models import Publication
from portal.tenancy.models import SchoolLaw, Tenant, TenantKind, TenantStatus
from portal.tenancy.scope import every_tenant

ON = date(2028, 4, 1)
EVE = ON - timedelta(days=1)
GREATER_ESSEX = """
Essex > North East Essex: Braintree, Colchester, Tendring, Uttlesford
Essex > Mid Essex: Chelmsford, Brentwood, Maldon, Epping Forest, Harlow
Essex > South Essex: Basildon, Castle Point, Rochford
Southend-on-Sea City Council > South Essex
Thurrock > South Essex
"""
NORTH = {"E07000067", "E07000071", "E07000076", "E07000077"}


def written(session, text=GREATER_ESSEX, on=ON, title="Greater Essex, a test"):
    return read_lines(text, read_book(session), district_names(session), on=on, title=title)


def entered(session, actor, **changes):
    with every_tenant(session, "tests"):
        return enter_order(session, actor("dora"), written(session, **changes), now=clock.now())


def approved(session, actor, row, today=None):
    with every_tenant(session, "tests"):
        approve_order(session, actor("adi"), row, today=today or clock.today(), now=clock.now())


def add_schools(session, number):
    essex, southend, thurrock = (
        session.scalars(select(AuthorityRow).where(AuthorityRow.key == key)).one()
        for key in ("essex", "southend", "thurrock")
    )
    districts = sorted(code for code in district_names(session) if "E07000066" <= code <= "E07000077")
    schools = [
        Tenant(
            slug=f"school-{index}", name=f"School {index}", kind=TenantKind.SCHOOL, status=TenantStatus.LIVE,
            law=SchoolLaw.MAINTAINED, languages=["en"], created_at=clock.now(),
        )
        for index in range(number)
    ]  # fmt: skip
    session.add_all(schools)
    session.flush()
    for index, school in enumerate(schools):
        authority = [essex, essex, essex, southend, thurrock][index % 5]
        district = districts[index % 12] if authority is essex else ""
        session.add(SchoolAuthority(school_id=school.id, authority_id=authority.id, district=district))
    session.flush()
    return schools


def test_six_hundred_schools_resolve_before_on_and_after_the_day(session, actor):
    schools = add_schools(session, 600)
    row = entered(session, actor)
    plan = plan_entered(session, row).plan
    assert not plan.problems
    assert not [one for one in plan.undecided if one.school.startswith("school-")]
    assert len(plan.moves) >= 600
    approved(session, actor, row)
    book = read_book(session)
    for day, after in ((EVE, False), (ON, True), (ON + timedelta(days=400), True)):
        found = {school.id: council_lines(session, school.id, day, book=book)[0] for school in schools[:60]}
        assert all(line.is_own for line in found.values())
        keys = {line.key for line in found.values()}
        new = {"north-east-essex", "mid-essex", "south-essex"}
        assert keys == (new if after else {"essex", "southend", "thurrock"})


def test_what_resolves_is_the_same_before_and_after_the_order_is_applied(session, actor):
    schools = add_schools(session, 60)
    row = entered(session, actor)
    approved(session, actor, row)
    days = (EVE, ON, ON + timedelta(days=1))
    before = {(school.id, day): council_of(session, school.id, day).council.key for school in schools for day in days}
    with every_tenant(session, "tests"):
        moved = apply_order(session, actor("adi"), row, now=clock.now())
        assert apply_order(session, actor("adi"), row, now=clock.now()) == 0
    assert moved >= 60
    after = {(school.id, day): council_of(session, school.id, day).council.key for school in schools for day in days}
    assert after == before
    north = [one for one in schools if council_of(session, one.id, ON).council.key == "north-east-essex"]
    held = select(SchoolAuthority).where(SchoolAuthority.school_id == north[0].id).order_by(SchoolAuthority.id)
    old, new = session.scalars(held)
    assert (old.valid_to, new.valid_from, new.district in NORTH) == (ON, ON, True)


def test_the_worker_applies_an_order_when_its_day_has_come(database, settings):
    with database.transaction() as session, every_tenant(session, "tests"):
        essex, surrey = (
            session.scalars(select(AuthorityRow.id).where(AuthorityRow.key == key)).one() for key in ("essex", "kent")
        )
        row = SuccessionRow(on=clock.today(), title="Today", status=SuccessionStatus.MADE)
        session.add(row)
        session.flush()
        row.moves = []
        assert essex != surrey
    apply_by_the_clock(settings, database)
    with database.session() as session:
        made = session.scalars(select(SuccessionRow).where(SuccessionRow.status == SuccessionStatus.MADE)).all()
        assert all(one.applied_at is not None for one in made if one.on <= clock.today())


def test_publications_of_the_past_keep_their_hashes(database, actor, session):
    session.rollback()
    work = NoticeWork(database, size=500)
    while work.step(now=clock.now()):
        pass

    def hashes():
        with database.session() as reading, every_tenant(reading, "tests"):
            rows = reading.execute(select(Publication.id, Publication.sha256))
            return {row.id: row.sha256 for row in rows}

    before = hashes()
    with database.transaction() as writing, every_tenant(writing, "tests"):
        row = enter_order(writing, actor("dora"), written(writing, on=clock.today()), now=clock.now())
        approve_order(writing, actor("adi"), row, today=clock.today(), now=clock.now())
        assert row.applied_at is not None
    while work.step(now=clock.now() + timedelta(minutes=1)):
        pass
    after = hashes()
    assert before
    assert {key: after[key] for key in before} == before


def test_a_draft_changes_nothing(session, actor, school):
    entered(session, actor)
    assert council_of(session, school("alder-primary").id, ON).council.key == "essex"


def test_a_second_person_approves(session, actor):
    row = entered(session, actor)
    with pytest.raises(Forbidden, match="Somebody else"), every_tenant(session, "tests"):
        approve_order(session, actor("dora"), row, today=clock.today(), now=clock.now())
    approved(session, actor, row)
    with pytest.raises(Conflict):
        approved(session, actor, row)


def test_nobody_else_enters_or_approves_an_order(session, actor):
    order = written(session)
    for name in ("asha", "cal", "tom"):
        with pytest.raises(Forbidden):
            enter_order(session, actor(name), order, now=clock.now())


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Essex > North Essex: Braintree, Colchester", "given to no council"),
        ("Essex > A Council: Braintree\nEssex > B Council: Braintree", "given to two councils"),
        ("Essex > A Council\nEssex > B Council: Braintree", "whole"),
        ("Essex > Atlantis: Sunken Vale", "no district called"),
        ("Atlantis > Essex", "no council called"),
        ("Essex to Kent", "Write: council > council"),
        ("Southend-on-Sea City Council > Essex\nEssex > Southend-on-Sea City Council", "leads back"),
    ],
)
def test_a_gap_a_cycle_and_a_slip_are_refused_with_their_reason(session, actor, text, reason):
    with pytest.raises(Invalid, match=reason):
        entered(session, actor, text=text)


def test_a_draft_with_open_districts_cannot_be_approved(session, actor):
    kent = session.scalars(select(SuccessionRow).where(SuccessionRow.title == "Kent and Medway")).one()
    with pytest.raises(Invalid, match="no new council yet"):
        approved(session, actor, kent)


def test_a_school_without_a_district_needs_a_decision(session, actor):
    school = add_schools(session, 1)[0]
    session.scalars(select(SchoolAuthority).where(SchoolAuthority.school_id == school.id)).one().district = ""
    plan = plan_entered(session, entered(session, actor)).plan
    assert "school-0" in {one.school for one in plan.undecided}


def test_toml_and_json_say_the_same(session):
    moves = [{"from": "881", "to": "East Essex", "districts": []}]
    table = {"on": "2028-04-01", "title": "One", "moves": moves}
    toml = 'on = 2028-04-01\ntitle = "One"\n[[moves]]\nfrom = "essex"\nto = "East Essex"\n'
    book, names = read_book(session), district_names(session)
    assert read_order(json.dumps(table), book, names).succession == read_order(toml, book, names).succession


@pytest.mark.parametrize(
    "text", ["", "[]", "{", "on = 2028-04-01", '{"moves": [1], "on": "2028-04-01"}', '{"moves": []}']
)
def test_a_file_that_holds_no_order_is_refused(session, text):
    with pytest.raises(Invalid):
        read_order(text, read_book(session), {})


def test_an_order_can_be_written_out_and_read_again(session):
    order = written(session)
    book = plan_written(session, order).book
    lines = "\n".join(shown(order.succession, book, district_names(session)))
    assert (
        read_lines(lines, book, district_names(session), on=ON, title=order.succession.title).succession
        == order.succession
    )


def test_a_dry_run_changes_nothing(session):
    before = session.scalar(select(func.count()).select_from(AuthorityRow))
    assert plan_written(session, written(session)).as_dict()["can_be_made"]
    assert session.scalar(select(func.count()).select_from(AuthorityRow)) == before


CODES = "North East Essex: 951, E06000901\nSouth Essex: E06000903"


def with_codes(session, codes=CODES, text=GREATER_ESSEX, title="Greater Essex, a test"):
    return read_lines(text, read_book(session), district_names(session), on=ON, title=title, codes=codes)


def test_new_councils_get_their_codes_with_the_order(session, actor):
    with every_tenant(session, "tests"):
        row = enter_order(session, actor("dora"), with_codes(session), now=clock.now())
    approved(session, actor, row)
    session.flush()
    assert council_by_code(session, "951", ON).council.key == "north-east-essex"
    assert council_by_code(session, "E06000903", ON).council.key == "south-essex"
    essex = session.scalars(select(AuthorityRow).where(AuthorityRow.key == "essex")).one()
    assert {code.valid_to for code in essex.codes} == {ON}


@pytest.mark.parametrize(
    ("codes", "reason", "line"),
    [
        ("North East Essex: 886", "The code 886 belongs to Kent County Council", None),
        ("North East Essex: bogus", "bogus is no code", 1),
        ("\nKent: 951", "makes no council called Kent", 2),
        ("951", "Write: council: code", 1),
    ],
)
def test_codes_that_cannot_be_are_refused(session, actor, codes, reason, line):
    with pytest.raises(Invalid, match=reason) as caught, every_tenant(session, "tests"):
        enter_order(session, actor("dora"), with_codes(session, codes), now=clock.now())
    assert caught.value.line == line


def test_a_new_council_may_keep_the_code_of_the_one_it_replaces(session, actor):
    order = with_codes(session, "Estuary Council: 883", "Thurrock > Estuary Council", "Estuary")
    with every_tenant(session, "tests"):
        row = enter_order(session, actor("dora"), order, now=clock.now())
        assert council_by_code(session, "883", ON).council.key == "thurrock"
    approved(session, actor, row)
    session.expire_all()
    assert council_by_code(session, "883", EVE).council.key == "thurrock"
    assert council_by_code(session, "883", ON).council.key == "estuary"


@pytest.mark.parametrize("codes", ['codes = ["951", "E06000901"]', 'dfe = "951"\ngss = "E06000901"'])
def test_codes_in_a_file_are_read(session, codes):
    text = (
        'on = 2028-04-01\ntitle = "One"\n[[moves]]\nfrom = "thurrock"\nto = "estuary"\n'
        f'[[authorities]]\nkey = "estuary"\nname = "Estuary Council"\n{codes}\n'
    )
    order = read_order(text, read_book(session), {})
    assert {one.code for one in order.new[0].codes} == {"951", "E06000901"}


@pytest.mark.parametrize("extra", ['dfe = "88"', 'gss = "bogus"', 'kind = "banana"', "codes = 5"])
def test_a_file_with_a_wrong_code_or_kind_is_refused(session, extra):
    text = (
        'on = 2028-04-01\ntitle = "One"\n[[moves]]\nfrom = "thurrock"\nto = "estuary"\n'
        f'[[authorities]]\nkey = "estuary"\nname = "Estuary Council"\n{extra}\n'
    )
    with pytest.raises(Invalid):
        read_order(text, read_book(session), {})


@pytest.mark.parametrize("undecided", ["5", '["E07000066"]', "[{districts = 5}]", "[5]"])
def test_open_districts_that_are_no_tables_are_refused(session, undecided):
    text = f'on = 2028-04-01\ntitle = "One"\nundecided = {undecided}\nmoves = []\n'
    with pytest.raises(Invalid, match="undecided"):
        read_order(text, read_book(session), {})


def test_a_draft_is_completed_moved_and_withdrawn(session, actor):
    row = session.scalars(select(SuccessionRow).where(SuccessionRow.title == "Greater Essex")).one()
    later = date(2029, 4, 1)
    with every_tenant(session, "tests"):
        change_order(session, actor("dora"), row, written(session, title="Greater Essex"), now=clock.now())
        assert (row.undecided, plan_entered(session, row).plan.problems) == ([], ())
        move_draft(session, actor("dora"), row, later)
        assert read_book(session).by_key["south-essex"].valid_from == later
        assert plan_entered(session, row).plan.problems == ()
        withdraw_order(session, actor("dora"), row, now=clock.now())
        with pytest.raises(Conflict):
            approve_order(session, actor("adi"), row, today=clock.today(), now=clock.now())
        assert "south-essex" not in {one.key for one in read_book(session).existing(later)}
        change_order(session, actor("dora"), row, written(session, title="Greater Essex", on=later), now=clock.now())
        with pytest.raises(Forbidden):
            approve_order(session, actor("dora"), row, today=clock.today(), now=clock.now())
        approve_order(session, actor("adi"), row, today=clock.today(), now=clock.now())
        with pytest.raises(Conflict):
            withdraw_order(session, actor("dora"), row, now=clock.now())


def test_a_first_day_that_is_past_needs_the_word_that_it_corrects(session, actor):
    past = clock.today() - timedelta(days=30)
    row = entered(session, actor, on=past, text="Thurrock > Estuary Council")
    with pytest.raises(Invalid, match="first day is past"):
        approved(session, actor, row)
    with every_tenant(session, "tests"):
        approve_order(session, actor("adi"), row, today=clock.today(), now=clock.now(), corrects=True)
    assert row.status is SuccessionStatus.MADE


@pytest.mark.parametrize(
    "title", ["Hampshire and the Isle of Wight", "Norfolk and Suffolk", "Sussex and Brighton", "East and West Surrey"]
)
def test_the_announced_reorganisations_are_at_hand_as_drafts(session, title):
    row = session.scalars(select(SuccessionRow).where(SuccessionRow.title == title)).one()
    assert row.status is SuccessionStatus.DRAFT
    names = district_names(session)
    own = {code.code for one in read_book(session).authorities for code in one.codes}
    moved = {district for move in row.moves for district in move.districts}
    assert {*row.undecided, *moved} <= names.keys() | own


def test_a_school_with_a_council_decided_for_later_moves_by_the_order_and_then_by_the_decision(session, actor):
    (school, *_) = add_schools(session, 1)
    kent = session.scalars(select(AuthorityRow).where(AuthorityRow.key == "kent")).one()
    later = ON + timedelta(days=100)
    assign_council(session, school, kent.id, "", first_day=later)
    row = entered(session, actor)
    approved(session, actor, row)
    with every_tenant(session, "tests"):
        apply_order(session, actor("adi"), row, now=clock.now())
    session.flush()
    found = [council_of(session, school.id, day).council.key for day in (EVE, ON, later)]
    assert found[0] == "essex"
    assert found[1] in {"north-east-essex", "mid-essex", "south-essex"}
    assert found[2] == "kent"
