"""What an import would change: two extracts a year apart, replayed."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.directory.extracts import Skipped
from portal.directory.gias import SchoolStatus
from portal.directory.gias_matching import Evidence
from portal.directory.gias_plan import (
    ChangeKind,
    Difference,
    IgnoredReason,
    ImportPlan,
    KnownSchool,
    Unmatched,
    plan_import,
)
from portal.tenancy.models import SchoolLaw
from tests.directory.builders import academy, school

TODAY = date(2026, 11, 22)
CLOSED_ON = date(2026, 8, 31)
OPENED_ON = date(2026, 9, 1)

OAK = school(100001, "Oak Primary School", establishment_number="2001", postcode="CM1 1AA")
ELM = school(100002, "Elm Infant School", establishment_number="2002", postcode="CM2 1AA")
ASH = school(100003, "Ash Junior School", establishment_number="2003", postcode="CM3 1AA")


def closed(record, reason, on=CLOSED_ON):
    return replace(record, status=SchoolStatus.CLOSED, close_date=on, reason_closed=reason)


def test_open_schools_we_do_not_know_are_created_and_others_counted():
    records = [
        OAK,
        school(100010, status=SchoolStatus.CLOSING),
        school(100011, status=SchoolStatus.CLOSED),
        school(100012, status=SchoolStatus.PROPOSED),
        school(100013, type_group="Colleges", type_name="Further education"),
    ]
    plan = plan_import([], records, TODAY)
    assert [record.urn for record in plan.created] == ["100001", "100010"]
    assert dict(plan.ignored) == {IgnoredReason.CLOSED: 1, IgnoredReason.PROPOSED: 1, IgnoredReason.OTHER_KIND: 1}


def test_an_unchanged_school_is_not_in_the_plan():
    assert plan_import([KnownSchool(OAK)], [OAK], TODAY).changes_nothing


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"telephone": "01245111111"}, ChangeKind.UPDATED),
        ({"name": "Oak Community Primary School"}, ChangeKind.RENAMED),
        ({"la_code": "882"}, ChangeKind.MOVED_AUTHORITY),
        ({"trust_code": "42", "trust_name": "Rowan Trust"}, ChangeKind.MOVED_TRUST),
        ({"status": SchoolStatus.CLOSING}, ChangeKind.PROPOSED_TO_CLOSE),
        ({"status": SchoolStatus.CLOSED, "close_date": CLOSED_ON, "reason_closed": "Closure"}, ChangeKind.CLOSED),
        ({"type_group": "Special schools", "type_name": "Community special school"}, ChangeKind.LAW_CHANGED),
    ],
)
def test_each_kind_of_change_is_named(fields, kind):
    plan = plan_import([KnownSchool(OAK)], [replace(OAK, **fields)], TODAY)
    (change,) = plan.changed
    assert change.kinds == {kind}
    assert plan.of_kind(kind) == (change,)
    assert {one.field for one in change.differences} == set(fields)


def test_a_change_shows_the_old_and_the_new():
    (change,) = plan_import([KnownSchool(OAK)], [replace(OAK, name="Oak School", close_date=CLOSED_ON)], TODAY).changed
    assert change.differences == (
        Difference("name", "Oak Primary School", "Oak School"),
        Difference("close_date", "", "2026-08-31"),
    )


def test_a_closed_school_that_is_open_again_is_reopened():
    (change,) = plan_import([KnownSchool(closed(OAK, "Closure"))], [OAK], TODAY).changed
    assert ChangeKind.REOPENED in change.kinds


def test_a_closure_announced_for_later_waits_for_its_day():
    announced = closed(OAK, "Closure", on=date(2026, 12, 31))
    before = plan_import([KnownSchool(OAK)], [announced], TODAY)
    assert before.of_kind(ChangeKind.PROPOSED_TO_CLOSE)
    assert not before.of_kind(ChangeKind.CLOSED)
    after = plan_import(_apply([KnownSchool(OAK)], before), [announced], date(2026, 12, 31))
    assert after.of_kind(ChangeKind.CLOSED)


def test_a_school_that_opens_later_is_not_created_yet():
    plan = plan_import([], [school(100020, open_date=date(2027, 1, 4))], TODAY)
    assert plan.created == ()


def test_a_school_missing_from_the_file_is_reported_and_left_alone():
    plan = plan_import([KnownSchool(OAK), KnownSchool(ELM)], [OAK], TODAY)
    assert plan.missing == ("100002",)
    assert plan.changes_nothing


@pytest.mark.parametrize(
    ("fields", "evidence"),
    [
        ({"establishment_number": "2001", "postcode": "CM9 9ZZ"}, Evidence.SAME_NUMBER),
        ({"establishment_number": "4001", "postcode": "CM1 1AA"}, Evidence.SAME_SITE),
        ({"establishment_number": "4001", "postcode": "CM9 9ZZ"}, Evidence.SAME_NAME),
    ],
)
def test_a_conversion_keeps_the_school_under_its_new_urn(fields, evidence):
    new = academy(150001, "Oak Academy", open_date=OPENED_ON, **fields)
    decoy = academy(150002, "Pine Academy", open_date=OPENED_ON, establishment_number="4002", postcode="CM8 8ZZ")
    plan = plan_import([KnownSchool(OAK)], [closed(OAK, "Academy Converter"), new, decoy], TODAY)
    (conversion,) = plan.converted
    assert (conversion.old, conversion.record, conversion.evidence) == (OAK, new, evidence)
    assert (conversion.old.law, conversion.record.law) == (SchoolLaw.MAINTAINED, SchoolLaw.ACADEMY)
    assert [record.urn for record in plan.created] == ["150002"]
    assert plan.changed == ()


@pytest.mark.parametrize("previous_council", ["", "881"])
def test_a_school_that_gives_its_earlier_number_is_the_same_school(previous_council):
    new = academy(
        150001, "Riverside Academy", open_date=OPENED_ON, establishment_number="4001", postcode="CM9 9ZZ",
        previous_la_code=previous_council, previous_establishment_number="2001",
    )  # fmt: skip
    plan = plan_import([KnownSchool(OAK)], [closed(OAK, "Academy Converter"), new], TODAY)
    assert [(one.record, one.evidence) for one in plan.converted] == [(new, Evidence.SAME_NUMBER)]


def test_a_school_that_converts_on_the_day_its_council_is_replaced_is_the_same_school():
    new = academy(
        150001, "Riverside Academy", open_date=OPENED_ON, establishment_number="4001", postcode="CM9 9ZZ",
        la_code="942", previous_la_code="881", previous_establishment_number="2001",
    )  # fmt: skip
    plan = plan_import([KnownSchool(OAK)], [closed(OAK, "Academy Converter"), new], TODAY)
    assert [(one.record, one.evidence) for one in plan.converted] == [(new, Evidence.SAME_NUMBER)]
    assert plan.created == ()


def test_an_academy_with_the_number_that_opened_much_later_is_asked_about_and_not_made_meanwhile():
    new = academy(150001, "Riverside Academy", open_date=date(2026, 11, 1), postcode="CM9 9ZZ")
    early = replace(closed(OAK, "Academy Converter"), close_date=date(2026, 4, 1))
    plan = plan_import([KnownSchool(OAK)], [early, new], TODAY)
    assert [(one.record.urn, one.candidates) for one in plan.unmatched] == [("100001", ("150001",))]
    assert plan.changes_nothing


def test_the_earlier_number_of_another_council_says_nothing():
    new = academy(
        150001, "Riverside Academy", open_date=OPENED_ON, establishment_number="4001", postcode="CM9 9ZZ",
        previous_la_code="882", previous_establishment_number="2001",
    )  # fmt: skip
    plan = plan_import([KnownSchool(OAK)], [closed(OAK, "Academy Converter"), new], TODAY)
    assert plan.converted == ()


@pytest.mark.parametrize(
    ("reason", "postcode", "number"),
    [("", "CM1 1AA", "4001"), ("Not recorded", "CM9 9ZZ", "2001"), ("Closure", "CM9 9ZZ", "2001")],
)
def test_the_academy_may_be_the_one_that_says_it_converted(reason, postcode, number):
    new = academy(
        150001, "Riverside Academy", open_date=OPENED_ON, establishment_number=number, postcode=postcode,
        reason_opened="Academy Converter",
    )  # fmt: skip
    plan = plan_import([KnownSchool(OAK)], [closed(OAK, reason), new], TODAY)
    assert [one.record for one in plan.converted] == [new]
    assert plan.changes_nothing is False


def test_a_closure_is_no_conversion_for_an_academy_that_moved_onto_the_site():
    new = academy(
        150001, "Riverside Academy", open_date=OPENED_ON, establishment_number="4001", reason_opened="Academy Converter"
    )
    plan = plan_import([KnownSchool(OAK)], [closed(OAK, "Closure"), new], TODAY)
    assert plan.of_kind(ChangeKind.CLOSED)
    assert [record.urn for record in plan.created] == ["150001"]


def test_a_conversion_without_a_trace_offers_the_academies_of_the_town_that_follow_nobody():
    elsewhere = {"establishment_number": "4001", "postcode": "CM9 9ZZ", "reason_opened": "Academy Converter"}
    likely = academy(150001, "Riverside Academy", open_date=OPENED_ON, town="Mapleford", **elsewhere)
    distant = academy(150002, "Seaside Academy", open_date=OPENED_ON, town="Elmhaven", **elsewhere)
    follows_elm = academy(
        150003, "Elm Academy", open_date=OPENED_ON, town="Mapleford", **{**elsewhere, "establishment_number": "2002"}
    )
    oak, elm = (replace(one, town="Mapleford") for one in (OAK, ELM))
    records = [*(closed(one, "Academy Converter") for one in (oak, elm)), likely, distant, follows_elm]
    plan = plan_import([KnownSchool(oak), KnownSchool(elm)], records, TODAY)
    assert [one.record.urn for one in plan.converted] == ["150003"]
    assert [(one.record.urn, one.candidates) for one in plan.unmatched] == [("100001", ("150001",))]
    assert [record.urn for record in plan.created] == ["150002"]


def test_the_registers_own_link_is_the_surest_evidence():
    linked = academy(150001, "Something Else", open_date=OPENED_ON, establishment_number="4001", postcode="CM9 9ZZ")
    tempting = academy(150002, "Oak Academy", open_date=OPENED_ON)
    records = [closed(OAK, "Academy Converter"), linked, tempting]
    plan = plan_import([KnownSchool(OAK)], records, TODAY, successors={"100001": frozenset({"150001"})})
    assert [(one.record.urn, one.evidence) for one in plan.converted] == [("150001", Evidence.REGISTER_LINK)]


@pytest.mark.parametrize(
    "fields",
    [
        {"la_code": "882"},
        {"open_date": date(2025, 9, 1)},
        {"open_date": None},
        {"type_name": "Community school", "type_group": "Local authority maintained schools"},
        {"status": SchoolStatus.PROPOSED},
    ],
)
def test_a_school_of_another_place_time_or_kind_is_no_successor(fields):
    other = academy(150001, "Oak Academy", **{"open_date": OPENED_ON, **fields})
    plan = plan_import([KnownSchool(OAK)], [closed(OAK, "Academy Converter"), other], TODAY)
    assert plan.converted == ()
    assert [one.record.urn for one in plan.unmatched] == ["100001"]


def test_two_possible_successors_wait_for_a_person_and_become_no_schools_meanwhile():
    twins = [
        academy(150000 + n, f"Oak Academy {n}", open_date=OPENED_ON, establishment_number=f"400{n}") for n in (1, 2)
    ]
    plan = plan_import([KnownSchool(OAK)], [closed(OAK, "Academy Converter"), *twins], TODAY)
    assert plan.unmatched == (Unmatched(OAK, closed(OAK, "Academy Converter"), ("150001", "150002")),)
    assert plan.changes_nothing


def test_an_older_extract_does_not_bring_a_converted_school_back():
    converted = KnownSchool(academy(150001, "Oak Academy", open_date=OPENED_ON), ("100001",))
    plan = plan_import([converted], [OAK], TODAY)
    assert plan.changes_nothing
    assert plan.missing == ("150001",)


def test_a_school_that_closes_into_one_that_long_existed_is_a_merger_not_a_conversion():
    older = school(100050, "Yew Primary School", open_date=date(1974, 9, 1))
    records = [closed(ELM, "Closure"), older]
    plan = plan_import([KnownSchool(ELM)], records, TODAY, successors={"100002": frozenset({"100050"})})
    assert plan.converted == ()
    assert [one.into.urn for one in plan.merged] == ["100050"]
    assert [record.urn for record in plan.created] == ["100050"]


def test_a_plain_closure_looks_for_no_successor():
    new = academy(150001, "Oak Academy", open_date=OPENED_ON)
    plan = plan_import([KnownSchool(OAK)], [closed(OAK, "Closure"), new], TODAY)
    assert plan.of_kind(ChangeKind.CLOSED)
    assert [record.urn for record in plan.created] == ["150001"]


def test_two_schools_merge_into_a_new_one():
    infants = school(100011, "Beech Infant School", establishment_number="2011", postcode="CM4 1AA")
    juniors = school(100012, "Beech Junior School", establishment_number="2012", postcode="CM4 1AB")
    primary = school(
        150003, "Beech Primary School", establishment_number="2050", postcode="CM4 1AA", open_date=OPENED_ON
    )
    records = [closed(one, "Result of Amalgamation/Merger") for one in (infants, juniors)] + [primary]
    plan = plan_import([KnownSchool(infants), KnownSchool(juniors)], records, TODAY)
    (merger,) = plan.merged
    assert [record.urn for record in merger.closed] == ["100011", "100012"]
    assert merger.into == primary
    assert merger.evidence is Evidence.SAME_NAME
    assert plan.created == (primary,)
    assert plan.converted == ()


def test_a_name_that_the_merged_school_carries_on_is_enough_and_the_third_school_is_asked_about():
    holly, ivy, fern = (
        school(100010 + n, f"{name} School", establishment_number=f"201{n}", postcode=f"CM4 1A{letter}")
        for n, name, letter in ((1, "Holly Infant", "A"), (2, "Ivy Junior", "B"), (3, "Fern Nursery", "D"))
    )
    new = school(
        150003, "Holly and Ivy Primary School", establishment_number="2050", postcode="CM4 1AA", open_date=OPENED_ON,
        reason_opened="Result of Amalgamation",
    )  # fmt: skip
    records = [*(closed(one, "Result of Amalgamation/Merger") for one in (holly, ivy, fern)), new]
    plan = plan_import([KnownSchool(one) for one in (holly, ivy, fern)], records, TODAY)
    assert [record.urn for record in plan.merged[0].closed] == ["100011", "100012"]
    assert [(one.record.urn, one.candidates) for one in plan.unmatched] == [("100013", ("150003",))]
    assert plan.created == (new,)


def test_a_school_merges_into_one_we_know_when_the_register_says_so():
    records = [closed(ELM, "Result of Amalgamation/Merger"), replace(ASH, name="Ash Primary School")]
    plan = plan_import(
        [KnownSchool(ELM), KnownSchool(ASH)], records, TODAY, successors={"100002": frozenset({"100003"})}
    )
    (merger,) = plan.merged
    assert ([record.urn for record in merger.closed], merger.into.urn) == (["100002"], "100003")
    assert [change.record.urn for change in plan.of_kind(ChangeKind.RENAMED)] == ["100003"]
    assert plan.created == ()


def test_two_schools_that_become_one_academy_are_a_merger():
    new = academy(150001, "Oak and Elm Academy", open_date=OPENED_ON)
    records = [closed(OAK, "Academy Converter"), closed(ELM, "Academy Converter"), new]
    successors = {urn: frozenset({"150001"}) for urn in ("100001", "100002")}
    plan = plan_import([KnownSchool(OAK), KnownSchool(ELM)], records, TODAY, successors=successors)
    assert plan.converted == ()
    assert [record.urn for record in plan.merged[0].closed] == ["100001", "100002"]


def test_a_merger_without_a_trace_of_the_other_school_waits_for_a_person():
    plan = plan_import([KnownSchool(ELM)], [closed(ELM, "Result of Amalgamation/Merger"), ASH], TODAY)
    assert [(one.record.urn, one.candidates) for one in plan.unmatched] == [("100002", ())]


def test_skipped_lines_are_carried_into_the_report():
    skipped = [Skipped(9, "Later."), Skipped(3, "Earlier.")]
    assert plan_import([], [], TODAY, skipped=skipped).skipped == (Skipped(3, "Earlier."), Skipped(9, "Later."))


LAST_YEAR = [
    OAK,
    ELM,
    ASH,
    school(100004, "Yew Primary School", establishment_number="2004", postcode="CM5 1AA"),
    school(100005, "Fir Primary School", establishment_number="2005", postcode="CM6 1AA"),
    school(100006, "Hazel Infant School", establishment_number="2006", postcode="CM7 1AA"),
    school(100007, "Hazel Junior School", establishment_number="2007", postcode="CM7 1AA"),
]
THIS_YEAR = [
    closed(OAK, "Academy Converter"),
    academy(150001, "Oak Academy", establishment_number="2001", open_date=OPENED_ON, trust_code="42"),
    replace(ELM, name="Elm Primary School", trust_code="7"),
    closed(ASH, "Closure"),
    replace(LAST_YEAR[3], status=SchoolStatus.CLOSING),
    replace(LAST_YEAR[4], la_code="883"),
    closed(LAST_YEAR[5], "Result of Amalgamation/Merger"),
    closed(LAST_YEAR[6], "Result of Amalgamation/Merger"),
    school(150002, "Hazel Primary School", establishment_number="2060", postcode="CM7 1AA", open_date=OPENED_ON),
    school(150003, "Larch Free School", type_group="Free Schools", type_name="Free schools", postcode="CM8 1AA"),
]


def test_a_year_is_replayed_and_a_second_run_changes_nothing():
    before = _apply([], plan_import([], LAST_YEAR, date(2025, 11, 22)))
    assert len(before) == 7
    plan = plan_import(before, THIS_YEAR, TODAY)
    assert [one.record.urn for one in plan.converted] == ["150001"]
    assert [one.into.urn for one in plan.merged] == ["150002"]
    assert [record.urn for record in plan.created] == ["150002", "150003"]
    assert [change.record.urn for change in plan.of_kind(ChangeKind.CLOSED)] == ["100003"]
    assert [change.record.urn for change in plan.of_kind(ChangeKind.RENAMED)] == ["100002"]
    assert [change.record.urn for change in plan.of_kind(ChangeKind.MOVED_TRUST)] == ["100002"]
    assert [change.record.urn for change in plan.of_kind(ChangeKind.MOVED_AUTHORITY)] == ["100005"]
    assert [change.record.urn for change in plan.of_kind(ChangeKind.PROPOSED_TO_CLOSE)] == ["100004"]

    after = _apply(before, plan)
    again = plan_import(after, THIS_YEAR, TODAY)
    assert again == ImportPlan(ignored=again.ignored)
    oak = next(one for one in after if one.record.urn == "150001")
    assert oak.former_urns == ("100001",)


@given(st.permutations(LAST_YEAR), st.permutations(THIS_YEAR))
def test_the_order_of_either_side_decides_nothing(before, now):
    expected = plan_import([KnownSchool(record) for record in LAST_YEAR], THIS_YEAR, TODAY)
    assert plan_import([KnownSchool(record) for record in before], now, TODAY) == expected


def _apply(existing, plan):
    """What the import's action does to the tenants, without a database."""
    schools = {one.record.urn: one for one in existing}
    for record in plan.created:
        schools[record.urn] = KnownSchool(record)
    for change in plan.changed:
        schools[change.record.urn] = replace(schools[change.record.urn], record=change.record)
    for merger in plan.merged:
        for record in merger.closed:
            schools[record.urn] = replace(schools[record.urn], record=record)
    for conversion in plan.converted:
        former = (*schools.pop(conversion.old.urn).former_urns, conversion.old.urn)
        schools[conversion.record.urn] = KnownSchool(conversion.record, former)
    return list(schools.values())
