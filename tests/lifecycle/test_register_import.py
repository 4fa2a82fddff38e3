"""Two extracts a year apart: what a school becomes, and that nothing is done twice or by half."""

from datetime import date

import pytest
from sqlalchemy import func, select

from portal.audit.queries import verify
from portal.core import clock
from portal.core.errors import Invalid
from portal.directory.models import (
    AuthorityCodeRow,
    AuthorityRow,
    FormerUrn,
    RegisterSchool,
    SchoolAuthority,
    SchoolClosure,
)
from portal.directory.queries import council_of, find_in_register
from portal.directory.rules import CodeScheme
from portal.identity.permissions import SYSTEM
from portal.lifecycle.closures import Outcome, answer_question, open_questions
from portal.lifecycle.leaving import bring_back, close_tenant
from portal.lifecycle.register_apply import assign_council
from portal.lifecycle.register_import import Order, import_register
from portal.notices.councils import councils_of, load_councils
from portal.tenancy.actions import record_facts
from portal.tenancy.models import SchoolLaw, Tenant, TenantStatus
from portal.tenancy.queries import facts_at, present_slug
from portal.tenancy.scope import every_tenant, tenant_scope
from tests.directory.builders import REGISTER_HEADER, register_row

NEXT_YEAR = date(2027, 9, 2)
CLOSED = {"EstablishmentStatus (name)": "Closed"}
ACADEMY = {
    "TypeOfEstablishment (name)": "Academy converter",
    "EstablishmentTypeGroup (name)": "Academies",
    "Trusts (code)": "5143",
    "Trusts (name)": "Lime Trust",
    "OpenDate": "01-09-2027",
    "ReasonEstablishmentOpened (name)": "Academy Converter",
}
OAK = register_row(190001, "Oak Hill Primary School")
ELM = register_row(190002, "Elm Infant School", EstablishmentNumber="2002", Postcode="CM1 1AB")
ASH = register_row(190003, "Ash Junior School", EstablishmentNumber="2003", Postcode="CM1 1AD")
YEW = register_row(190004, "Yew Tree Primary School", EstablishmentNumber="2004", Postcode="CM1 1AE")


def of_urn(session, urn):
    return session.scalars(select(Tenant).where(Tenant.urn == urn)).one()


def facts(session, school):
    with tenant_scope(session, school.id):
        return facts_at(session, school.id, clock.now())


def counts(report):
    return report.created, report.updated, report.converted, report.closed


def test_schools_are_created_with_council_law_and_facts(session, imported):
    assert counts(imported(OAK, ELM)) == (2, 0, 0, 0)
    oak = of_urn(session, "190001")
    assert (oak.slug, oak.law, oak.town) == ("oak-hill-primary-school", SchoolLaw.MAINTAINED, "Mapleford")
    assert council_of(session, oak.id, date(2026, 9, 1)).council.key == "essex"
    assert facts(session, oak)["controller.name"] == "the governing body of Oak Hill Primary School"


def test_new_schools_wait_to_be_prepared_unless_told_otherwise(session, imported):
    imported(OAK, live=False)
    assert of_urn(session, "190001").status is TenantStatus.PREPARING


def test_run_twice_it_changes_nothing(session, imported):
    imported(OAK, ELM, ASH)
    before = session.scalar(select(func.count()).select_from(RegisterSchool))
    again = imported(OAK, ELM, ASH)
    assert again.changes_nothing
    assert session.scalar(select(func.count()).select_from(RegisterSchool)) == before


def test_a_dry_run_says_the_same_and_changes_nothing(session, imported):
    report = imported(OAK, ELM, dry_run=True)
    assert counts(report) == (2, 0, 0, 0)
    assert report.is_dry_run
    assert session.scalar(select(func.count()).select_from(RegisterSchool)) == 0
    assert not session.scalars(select(Tenant).where(Tenant.urn == "190001")).all()


def test_only_the_councils_asked_for_are_touched(session, imported):
    other = register_row(190009, "Fir School", **{"LA (code)": "886"})
    assert imported(OAK, other, authorities=["881"]).created == 1
    assert imported(OAK, authorities=["886"]).missing == 0


def test_a_rename_keeps_the_old_address_alive(session, imported):
    imported(OAK)
    assert imported({**OAK, "EstablishmentName": "Oak Hill School"}, today=NEXT_YEAR).updated == 1
    assert of_urn(session, "190001").slug == "oak-hill-school"
    assert present_slug(session, "oak-hill-primary-school") == "oak-hill-school"


def test_a_conversion_keeps_the_tenant_and_changes_the_law(session, imported):
    imported(OAK)
    before = of_urn(session, "190001").id
    closed = {**OAK, **CLOSED, "CloseDate": "31-08-2027", "ReasonEstablishmentClosed (name)": "Academy Converter"}
    report = imported(closed, register_row(190101, "Oak Hill Academy", **ACADEMY), today=NEXT_YEAR)
    assert counts(report) == (0, 0, 1, 0)
    oak = of_urn(session, "190101")
    assert (oak.id, oak.law, oak.status) == (before, SchoolLaw.ACADEMY, TenantStatus.LIVE)
    assert session.get(Tenant, oak.trust_id).name == "Lime Trust"
    assert facts(session, oak)["controller.name"] == "Lime Trust"
    assert session.get(FormerUrn, "190001").tenant_id == before
    assert present_slug(session, "oak-hill-primary-school") == oak.slug
    again = imported(closed, register_row(190101, "Oak Hill Academy", **ACADEMY), today=NEXT_YEAR)
    assert again.changes_nothing


def test_a_closure_says_where_the_records_went(session, imported):
    imported(OAK, ELM)
    closed = {**OAK, **CLOSED, "CloseDate": "31-08-2027", "ReasonEstablishmentClosed (name)": "Closure"}
    assert counts(imported(closed, ELM, today=NEXT_YEAR)) == (0, 0, 0, 1)
    oak = of_urn(session, "190001")
    assert (oak.status, oak.closed_on) == (TenantStatus.CLOSED, date(2027, 8, 31))
    closure = session.scalars(select(SchoolClosure).where(SchoolClosure.school_id == oak.id)).one()
    assert closure.records == "The records of Oak Hill Primary School are with Essex County Council."


def test_a_closure_announced_ahead_happens_on_its_day(session, imported):
    imported(OAK)
    announced = {**OAK, **CLOSED, "CloseDate": "31-08-2027", "ReasonEstablishmentClosed (name)": "Closure"}
    assert counts(imported(announced, today=date(2027, 6, 1))) == (0, 1, 0, 0)
    assert of_urn(session, "190001").status is TenantStatus.LIVE
    assert counts(imported(announced, today=NEXT_YEAR)) == (0, 0, 0, 1)


def test_schools_merge_into_a_new_one(session, imported):
    imported(ELM, ASH)
    gone = {**CLOSED, "CloseDate": "31-08-2027", "ReasonEstablishmentClosed (name)": "Result of Amalgamation/Merger"}
    new = register_row(190200, "Elm and Ash Primary School", EstablishmentNumber="2050", OpenDate="01-09-2027")
    links = [("190002", "190200", "Successor - merged"), ("190003", "190200", "Successor - merged")]
    report = imported({**ELM, **gone}, {**ASH, **gone}, new, links=links, today=NEXT_YEAR)
    assert counts(report) == (1, 0, 0, 2)
    successor = of_urn(session, "190200").id
    closures = session.scalars(select(SchoolClosure)).all()
    assert {closure.successor_id for closure in closures} == {successor}
    assert imported({**ELM, **gone}, {**ASH, **gone}, new, links=links, today=NEXT_YEAR).changes_nothing


def test_a_school_reopens_as_it_was(session, imported):
    imported(OAK)
    imported({**OAK, **CLOSED, "CloseDate": "31-08-2027"}, today=NEXT_YEAR)
    assert counts(imported(OAK, today=date(2028, 1, 5))) == (0, 1, 0, 0)
    oak = of_urn(session, "190001")
    assert (oak.status, oak.closed_on) == (TenantStatus.LIVE, None)
    assert not session.scalars(select(SchoolClosure)).all()


def test_a_school_that_a_person_brought_back_stays_public_when_the_register_reopens_it(session, actor, imported):
    imported(OAK, live=True)
    imported({**OAK, **CLOSED, "CloseDate": "31-08-2027"}, today=NEXT_YEAR)
    with every_tenant(session, "tests"):
        bring_back(session, actor("adi"), of_urn(session, "190001"), now=clock.now())
    assert of_urn(session, "190001").status is TenantStatus.LIVE
    assert imported({**OAK, **CLOSED, "CloseDate": "31-08-2027"}, today=NEXT_YEAR).changes_nothing
    imported(OAK, today=NEXT_YEAR)
    assert of_urn(session, "190001").status is TenantStatus.LIVE


def test_open_but_proposed_to_close_stays_open(session, imported):
    imported(OAK)
    report = imported({**OAK, "EstablishmentStatus (name)": "Open, but proposed to close"}, today=NEXT_YEAR)
    assert counts(report) == (0, 1, 0, 0)
    assert of_urn(session, "190001").status is TenantStatus.LIVE
    assert session.get(RegisterSchool, "190001").status == "closing"


def test_a_school_moves_to_another_trust(session, imported):
    first = register_row(190300, "Beech Academy", **{**ACADEMY, "OpenDate": "01-09-2020"})
    imported(first)
    assert imported({**first, "Trusts (code)": "9", "Trusts (name)": "Larch Trust"}, today=NEXT_YEAR).updated == 1
    beech = of_urn(session, "190300")
    assert session.get(Tenant, beech.trust_id).name == "Larch Trust"
    assert facts(session, beech)["controller.name"] == "Larch Trust"


def test_a_school_moves_to_another_council_from_that_day_on(session, imported):
    imported(OAK)
    imported({**OAK, "LA (code)": "882"}, today=NEXT_YEAR)
    oak = of_urn(session, "190001").id
    assert council_of(session, oak, date(2027, 9, 1)).council.key == "essex"
    assert council_of(session, oak, NEXT_YEAR).council.key == "southend"


def test_a_reorganisation_that_the_register_replays_leaves_no_day_without_a_council(session, imported):
    before = {LA: "909", "DistrictAdministrative (code)": "E07000026"}
    after = {LA: "942", "DistrictAdministrative (code)": "E06000063"}
    imported(register_row(190030, "Fell School", **before))
    imported(register_row(190030, "Fell School", **after), today=NEXT_YEAR)
    fell = of_urn(session, "190030")
    days = (date(2023, 3, 31), date(2023, 4, 1), date(2027, 9, 1), NEXT_YEAR)
    found = [council_of(session, fell.id, on).council for on in days]
    assert [one.key for one in found] == ["cumbria", "cumberland", "cumberland", "cumberland"]
    councils = councils_of(session, [fell.id])[fell.id]
    assert {load_councils(session).name(councils, on) for on in days[1:]} == {"Cumberland Council"}


@pytest.mark.parametrize(
    ("previous", "before"), [("837", "bournemouth"), ("836", "poole"), ("835", "dorset-county"), ("881", None)]
)
def test_the_register_says_which_of_several_joined_councils_a_school_had(session, imported, previous, before):
    cells = {LA: "839", "DistrictAdministrative (code)": "E06000058", "PreviousLA (code)": previous}
    imported(register_row(190031, "Quay School", **cells))
    quay = of_urn(session, "190031")
    assert council_of(session, quay.id, NEXT_YEAR).council.key == "bournemouth-christchurch-and-poole"
    found = council_of(session, quay.id, date(2019, 3, 31))
    assert (found.council.key if found.council else None) == before
    assert imported(register_row(190031, "Quay School", **cells), today=NEXT_YEAR).changes_nothing


def test_what_a_school_changed_itself_is_not_overwritten(session, imported):
    imported({**OAK, "TelephoneNum": "01632960001"})
    oak = of_urn(session, "190001")
    with tenant_scope(session, oak.id):
        record_facts(session, oak, {"school.telephone": "01632 960555"}, now=clock.now(), recorded_by=None)
    imported({**OAK, "TelephoneNum": "01632960002", "SchoolWebsite": "oak.example"}, today=NEXT_YEAR)
    assert facts(session, oak)["school.telephone"] == "01632 960555"
    assert facts(session, oak)["school.website"] == "https://oak.example"


def test_a_school_absent_from_the_file_is_left_alone(session, imported):
    imported(OAK, ELM)
    report = imported(ELM, today=NEXT_YEAR)
    assert report.changes_nothing
    assert report.missing >= 1
    assert of_urn(session, "190001").status is TenantStatus.LIVE


def test_bad_lines_are_reported_and_the_rest_is_kept(imported):
    report = imported(OAK, OAK | {"LA (code)": "882"}, ELM, register_row("x1", "No number"))
    assert report.created == 1
    assert sorted(skipped["line"] for skipped in report.skipped) == [2, 3, 5]
    assert all(skipped["reason"] for skipped in report.skipped)


def test_an_empty_file_or_another_file_changes_nothing(session, tmp_path, imported):
    with pytest.raises(Invalid):
        imported_file(session, tmp_path, b"")
    with pytest.raises(Invalid, match="missing"):
        imported_file(session, tmp_path, b"a,b\r\n1,2\r\n")


def imported_file(session, tmp_path, content):
    path = tmp_path / "file.csv"
    path.write_bytes(content)
    with every_tenant(session, "tests"):
        import_register(session, SYSTEM, Order(path), today=NEXT_YEAR, now=clock.now())


def test_a_known_school_of_the_packs_is_updated_not_made_again(session, imported, school):
    urn = school("st-thomas-of-canterbury").urn
    row = register_row(urn, school("st-thomas-of-canterbury").name)
    report = imported(row)
    assert report.created == 0
    assert imported(row).changes_nothing
    assert (
        len(
            session.scalars(
                select(SchoolAuthority).join(Tenant, Tenant.id == SchoolAuthority.school_id).where(Tenant.urn == urn)
            ).all()
        )
        >= 1
    )


def test_the_register_is_at_hand_for_whoever_adds_a_school(session, imported):
    imported(OAK, YEW)
    assert [one.urn for one in find_in_register(session, "yew primary")] == ["190004"]
    assert [one.name for one in find_in_register(session, "190001")] == ["Oak Hill Primary School"]
    assert find_in_register(session, "%") == []


LA = "LA (code)"
FILLED = {
    "Trusts (code)": "5143",
    "Trusts (name)": "Lime Trust",
    "TelephoneNum": "01632960001",
    "Street": "1 High Street",
}


def without(*columns):
    return [column for column in REGISTER_HEADER if column not in columns]


def test_a_school_of_ours_moves_into_the_council_asked_for(session, imported):
    imported(register_row(190001, "Oak Hill Primary School", **{LA: "882", "DistrictAdministrative (code)": ""}))
    report = imported(OAK, today=NEXT_YEAR, authorities=["881"])
    assert counts(report) == (0, 1, 0, 0)
    oak = of_urn(session, "190001")
    assert council_of(session, oak.id, NEXT_YEAR).council.key == "essex"
    assert council_of(session, oak.id, date(2027, 9, 1)).council.key == "southend"
    assert imported(OAK, today=NEXT_YEAR, authorities=["881"]).changes_nothing


def test_a_school_of_ours_moves_out_of_the_council_asked_for(session, imported):
    imported(OAK)
    moved = register_row(190001, "Oak Hill Primary School", **{LA: "886"})
    assert imported(moved, today=NEXT_YEAR, authorities=["881"]).updated == 1
    assert council_of(session, of_urn(session, "190001").id, NEXT_YEAR).council.key == "kent"


def test_schools_of_other_councils_stay_as_they_are(session, imported):
    fir = register_row(190009, "Fir School", **{LA: "886"})
    imported(OAK, fir)
    report = imported(OAK, {**fir, "EstablishmentName": "Pine School"}, today=NEXT_YEAR, authorities=["881"])
    assert report.changes_nothing
    assert of_urn(session, "190009").name == "Fir School"


def test_every_school_of_the_file_is_at_hand_for_searching_whatever_the_council(session, imported):
    fir = register_row(190009, "Fir School", **{LA: "886"})
    assert imported(OAK, fir, authorities=["881"]).created == 1
    (found,) = find_in_register(session, "fir school")
    assert (found.urn, found.tenant_id) == ("190009", None)


def test_a_code_that_no_council_has_is_reported_with_its_line(session, imported):
    mistyped = register_row(190009, "Fir School", **{LA: "899"})
    welsh = {"TypeOfEstablishment (name)": "Welsh establishment", "EstablishmentTypeGroup (name)": "Welsh schools"}
    abroad = register_row(190010, "Cwm School", **{LA: "681", **welsh})
    report = imported(OAK, abroad, mistyped)
    assert report.created == 1
    assert report.skipped == ({"line": 4, "reason": "The directory has no council with the code 899."},)


def test_asking_for_a_council_that_there_is_not_changes_nothing(session, imported):
    with pytest.raises(Invalid, match="no council with the code 899"):
        imported(OAK, authorities=["899"])
    assert not session.scalars(select(Tenant).where(Tenant.urn == "190001")).all()


@pytest.mark.parametrize("typed", ["st john's", "St John\u2019s", "Saint Johns", "st. john"])
def test_a_school_of_the_register_is_found_however_its_name_is_typed(session, imported, typed):
    imported(register_row(190020, "St John\u2019s School", **{LA: "886"}), OAK, authorities=["881"])
    assert [one.urn for one in find_in_register(session, typed)] == ["190020"]


def test_refreshing_the_register_makes_and_changes_no_school(session, imported, refreshed):
    imported(OAK)
    report = refreshed({**OAK, "EstablishmentName": "Oak Hill School"}, ELM)
    assert report.schools == 2
    assert of_urn(session, "190001").name == "Oak Hill Primary School"
    assert not session.scalars(select(Tenant).where(Tenant.urn == "190002")).all()
    assert find_in_register(session, "elm")[0].tenant_id is None
    assert imported({**OAK, "EstablishmentName": "Oak Hill School"}, ELM, today=NEXT_YEAR).updated == 1
    assert refreshed(OAK, ELM).changed == 0


@pytest.mark.parametrize(
    ("column", "held"),
    [
        ("Town", "Mapleford"),
        ("PhaseOfEducation (name)", "Primary"),
        ("TelephoneNum", "01632960001"),
        ("DistrictAdministrative (code)", "E07000070"),
    ],
)
def test_a_column_that_is_missing_wipes_nothing(session, imported, column, held):
    oak = {**OAK, **ACADEMY, **FILLED, "OpenDate": ""}
    imported(oak)
    header = without(column, "Trusts (code)", "Trusts (name)", "Street")
    report = imported({**oak, "EstablishmentName": "Oak Hill School"}, today=NEXT_YEAR, header=header)
    assert report.updated == 1
    school = of_urn(session, "190001")
    (assignment,) = session.scalars(select(SchoolAuthority).where(SchoolAuthority.school_id == school.id))
    known = {school.town, school.phase, assignment.district, facts(session, school)["school.telephone"]}
    assert held in known
    assert session.get(Tenant, school.trust_id).name == "Lime Trust"
    assert facts(session, school)["school.address"].startswith("1 High Street, ")
    (line,) = [one for one in report.skipped if one["line"] == 1]
    assert column in line["reason"]
    assert "Trusts (name)" in line["reason"]


def test_an_empty_cell_is_no_missing_column(session, imported):
    imported({**OAK, **ACADEMY, "OpenDate": ""})
    imported({**OAK, **ACADEMY, "OpenDate": "", "Trusts (code)": "", "Trusts (name)": ""}, today=NEXT_YEAR)
    assert of_urn(session, "190001").trust_id is None


def test_two_trusts_of_one_name_stay_two(session, imported):
    rows = [
        register_row(190010 + number, f"Lime Academy {number}", **{**ACADEMY, "OpenDate": "", "Trusts (code)": code})
        for number, code in enumerate(("7001", "7002", "7001"))
    ]
    imported(*rows)
    first, second, third = (session.get(Tenant, of_urn(session, f"19001{n}").trust_id) for n in range(3))
    assert (first.group_code, second.group_code, third.id) == ("7001", "7002", first.id)
    assert first.slug != second.slug


def test_a_trust_that_is_renamed_stays_the_same_trust(session, imported):
    academy = {**OAK, **ACADEMY, "OpenDate": ""}
    imported(academy)
    before = of_urn(session, "190001").trust_id
    imported({**academy, "Trusts (name)": "Linden Trust"}, today=NEXT_YEAR)
    trust = session.get(Tenant, of_urn(session, "190001").trust_id)
    assert (trust.id, trust.name, trust.slug) == (before, "Linden Trust", "linden-trust")
    assert present_slug(session, "lime-trust") == "linden-trust"
    assert facts(session, of_urn(session, "190001"))["controller.name"] == "Linden Trust"


def test_a_trust_entered_by_hand_takes_the_number_its_name_comes_with(session, imported):
    imported({**OAK, **ACADEMY, "OpenDate": "", "Trusts (code)": "77", "Trusts (name)": "Rowan Trust"})
    trust = session.get(Tenant, of_urn(session, "190001").trust_id)
    assert (trust.slug, trust.group_code) == ("rowan", "77")


def test_a_school_that_left_stays_closed_whatever_the_register_says(session, imported):
    imported(OAK, ELM)
    with every_tenant(session, "tests"):
        close_tenant(
            session, SYSTEM, of_urn(session, "190001"), on=date(2026, 8, 31), records="Ask us.", now=clock.now()
        )
    reports = [
        imported(row, ELM, today=NEXT_YEAR)
        for row in (OAK, {**OAK, **CLOSED, "CloseDate": "31-08-2027"}, {**OAK, "EstablishmentName": "Oak School"}, OAK)
    ]
    assert all(report.changes_nothing for report in reports)
    assert of_urn(session, "190001").status is TenantStatus.CLOSED
    assert session.scalars(select(SchoolClosure)).one().records == "Ask us."


def test_the_code_of_a_council_still_to_come_takes_no_school(session, imported):
    kent = session.scalars(select(AuthorityRow).where(AuthorityRow.key == "kent")).one()
    kent.codes.append(AuthorityCodeRow(scheme=CodeScheme.DFE, code="881", valid_from=date(2028, 4, 1)))
    imported(OAK)
    assert council_of(session, of_urn(session, "190001").id, date(2026, 9, 1)).council.key == "essex"


def test_a_district_that_changes_leaves_the_council_of_a_reorganisation(session, imported):
    imported(OAK)
    oak = of_urn(session, "190001")
    kent = session.scalars(select(AuthorityRow).where(AuthorityRow.key == "kent")).one()
    assign_council(session, oak, kent.id, "E07000105", first_day=date(2027, 4, 1))
    imported({**OAK, "DistrictAdministrative (code)": "E07000106"}, today=NEXT_YEAR)
    assert council_of(session, oak.id, NEXT_YEAR).council.key == "kent"


def test_a_name_without_latin_letters_does_not_stop_the_file(session, imported):
    assert imported(register_row(190020, "\u5b66\u6821"), OAK, encoding="utf-8").created == 2
    assert of_urn(session, "190020").slug == "school-190020"


def test_a_file_with_nothing_below_its_header_is_refused(imported):
    with pytest.raises(Invalid, match="nothing below it"):
        imported()


def test_many_new_schools_each_have_their_council_facts_and_a_whole_trail(session, imported):
    rows = [register_row(191000 + number, "Same Name School", Town=f"Town {number}") for number in range(600)]
    assert imported(*rows).created == 600
    schools = session.scalars(select(Tenant).where(Tenant.urn.between("191000", "191599"))).all()
    assert len({school.slug for school in schools}) == 600
    ids = [school.id for school in schools]
    held = select(func.count()).select_from(SchoolAuthority).where(SchoolAuthority.school_id.in_(ids))
    assert session.scalar(held) == 600
    with every_tenant(session, "tests"):
        assert facts(session, schools[-1])["school.address"]
        assert verify(session, schools[0].id).broken_at is None


PINE = {**CLOSED, "CloseDate": "31-08-2027", "ReasonEstablishmentClosed (name)": "Academy Converter"}
TWINS = [
    register_row(190110 + number, f"Oak Academy {number}", **{**ACADEMY, "EstablishmentNumber": f"40{number:02}"})
    for number in (1, 2)
]


def asked(imported):
    imported(OAK)
    return imported({**OAK, **PINE}, *TWINS, today=NEXT_YEAR)


def answered(session, outcome, successor=""):
    with every_tenant(session, "tests"):
        answer_question(session, SYSTEM, "190001", outcome, successor, today=NEXT_YEAR, now=clock.now())


def test_a_closure_without_a_known_successor_waits_for_a_person(session, imported):
    assert asked(imported).unmatched == 1
    (question,) = open_questions(session)
    assert (question.known.urn, question.closed.reason_closed) == ("190001", "Academy Converter")
    assert of_urn(session, "190001").status is TenantStatus.LIVE
    imported({**OAK, **PINE}, *TWINS, today=NEXT_YEAR)
    assert len(open_questions(session)) == 1


def test_a_person_says_that_the_school_goes_on_under_another_number(session, imported):
    asked(imported)
    before = of_urn(session, "190001").id
    answered(session, Outcome.CONTINUES, "190112")
    oak = of_urn(session, "190112")
    assert (oak.id, oak.law, oak.name) == (before, SchoolLaw.ACADEMY, "Oak Academy 2")
    assert not open_questions(session)
    again = imported({**OAK, **PINE}, *TWINS, today=NEXT_YEAR)
    assert counts(again) == (1, 0, 0, 0)  # the twin that was a candidate is a school of its own now


def test_a_person_says_that_the_school_became_part_of_another(session, imported):
    asked(imported)
    answered(session, Outcome.MERGED, "190111")
    oak, successor = of_urn(session, "190001"), of_urn(session, "190111")
    closure = session.scalars(select(SchoolClosure).where(SchoolClosure.school_id == oak.id)).one()
    assert (oak.status, closure.successor_id) == (TenantStatus.CLOSED, successor.id)
    assert not open_questions(session)


def test_a_person_says_that_no_school_took_over(session, imported):
    asked(imported)
    answered(session, Outcome.ENDED)
    assert of_urn(session, "190001").status is TenantStatus.CLOSED
    assert not open_questions(session)


@pytest.mark.parametrize("successor", ["", "190001", "123456"])
def test_a_successor_that_cannot_be_one_is_refused(session, imported, successor):
    asked(imported)
    with pytest.raises(Invalid):
        answered(session, Outcome.CONTINUES, successor)
