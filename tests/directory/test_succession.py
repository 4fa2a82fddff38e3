"""What an order of succession would do, and which orders are refused."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from portal.directory.rules import (
    Authority,
    AuthorityKind,
    CodeScheme,
    DatedCode,
    DatedName,
    Doubt,
    Link,
    LinkKind,
    SuccessionStatus,
    authority_for_school,
    holder_of,
)
from portal.directory.succession import (
    MissingLink,
    PlacedSchool,
    SchoolMove,
    Undecided,
    check_authorities,
    check_succession,
    plan_succession,
)
from tests.directory.builders import (
    ESSEX_DISTRICTS,
    MIDDLE,
    NORTH,
    REORGANISATION,
    SOUTH,
    assigned,
    council,
    greater_essex,
    greater_essex_order,
    order,
)


def test_six_hundred_schools_resolve_before_on_and_after_the_day():
    schools = [
        PlacedSchool(f"school-{number:03}", ESSEX_DISTRICTS[number % 12], (assigned("essex"),)) for number in range(450)
    ]
    schools += [PlacedSchool(f"southend-{number}", "E06000033", (assigned("southend-on-sea"),)) for number in range(80)]
    schools += [PlacedSchool(f"thurrock-{number}", "E06000034", (assigned("thurrock"),)) for number in range(70)]
    draft = greater_essex_order(SuccessionStatus.DRAFT)
    plan = plan_succession(draft, schools, greater_essex())
    assert plan.problems == ()
    assert plan.undecided == ()
    assert len(plan.moves) == 600

    targets = {move.school: move.target for move in plan.moves}
    made = [replace(draft, status=SuccessionStatus.MADE)]
    for school in schools:
        days = [REORGANISATION + timedelta(days=shift) for shift in (-1, 0, 1)]
        keys = [authority_for_school(school.assignments, made, school.district, on).authority for on in days]
        assert keys == [school.assignments[0].authority, targets[school.key], targets[school.key]]


def test_schools_that_nobody_can_place_wait_for_a_decision():
    schools = [
        PlacedSchool("alder", None, (assigned("essex"),)),
        PlacedSchool("beech", "E07000999", (assigned("essex"),)),
        PlacedSchool("cedar", None, (assigned("essex"), assigned("mid-essex", begins=REORGANISATION))),
    ]
    plan = plan_succession(greater_essex_order(), schools, greater_essex())
    candidates = ("mid-essex", "north-essex", "south-essex")
    assert plan.undecided == (
        Undecided("alder", "essex", candidates, Doubt.NO_DISTRICT),
        Undecided("beech", "essex", candidates, Doubt.DISTRICT_NOT_NAMED),
    )
    assert plan.moves == (SchoolMove("cedar", "essex", "mid-essex"),)


def test_schools_of_other_councils_are_not_in_the_plan():
    plan = plan_succession(greater_essex_order(), [PlacedSchool("oak", None, (assigned("kent"),))], greater_essex())
    assert (plan.moves, plan.staying, plan.undecided) == ((), (), ())


def test_schools_of_a_council_that_only_gives_away_a_district_stay():
    dorset = council("dorset", "E10000009", kind=AuthorityKind.COUNTY, districts={"E07000048", "E07000049"})
    boundary = order(date(2019, 4, 1), ("dorset", "dorset", {"E07000049"}), ("dorset", "bcp", {"E07000048"}))
    schools = [
        PlacedSchool("oak", "E07000049", (assigned("dorset"),)),
        PlacedSchool("elm", "E07000048", (assigned("dorset"),)),
    ]
    plan = plan_succession(boundary, schools, [dorset, council("bcp")])
    assert plan.problems == ()
    assert plan.staying == ("oak",)
    assert plan.moves == (SchoolMove("elm", "dorset", "bcp"),)


def test_the_plan_lists_links_that_end_and_kinds_of_link_the_successors_lack():
    links = [
        Link("essex", LinkKind.PUPIL, "https://essex.example/pupils"),
        Link("essex", LinkKind.MAIN, "https://essex.example/main"),
        Link("south-essex", LinkKind.MAIN, "https://south.example/main"),
        Link("kent", LinkKind.MAIN, "https://kent.example/main"),
    ]
    plan = plan_succession(greater_essex_order(), [], greater_essex(), (), links)
    assert plan.ending_links == (links[0], links[1])
    assert MissingLink("south-essex", LinkKind.PUPIL) in plan.missing_links
    assert MissingLink("south-essex", LinkKind.MAIN) not in plan.missing_links
    assert MissingLink("north-essex", LinkKind.MAIN) in plan.missing_links


def test_a_sound_order_has_no_problems():
    assert check_succession(greater_essex_order(), greater_essex()) == ()


def test_a_district_given_to_nobody_is_refused_by_name():
    moves = [
        ("essex", "north-essex", NORTH),
        ("essex", "mid-essex", MIDDLE),
        ("essex", "south-essex", sorted(SOUTH)[1:]),
    ]
    reasons = _reasons(order(REORGANISATION, *moves))
    assert reasons == [f"District {min(SOUTH)} of Essex Council is given to no council."]


def test_a_district_given_to_two_councils_is_refused_by_name():
    moves = [
        ("essex", "north-essex", NORTH | {min(SOUTH)}),
        ("essex", "mid-essex", MIDDLE),
        ("essex", "south-essex", SOUTH),
    ]
    reasons = _reasons(order(REORGANISATION, *moves))
    assert reasons == [f"District {min(SOUTH)} of Essex Council is given to two councils."]


def test_a_district_of_another_council_is_refused():
    moves = [
        ("essex", "north-essex", NORTH | {"E07000999"}),
        ("essex", "mid-essex", MIDDLE),
        ("essex", "south-essex", SOUTH),
    ]
    assert _reasons(order(REORGANISATION, *moves)) == ["District E07000999 is not one of Essex Council."]


def test_a_council_given_whole_and_in_part_is_refused():
    reasons = _reasons(order(REORGANISATION, ("essex", "north-essex"), ("essex", "mid-essex", MIDDLE)))
    assert reasons == ["Essex Council is given to one council whole and to another by district."]


def test_two_councils_that_replace_each_other_are_refused():
    authorities = [council("a"), council("b")]
    reasons = _reasons(order(REORGANISATION, ("a", "b"), ("b", "a")), authorities)
    assert "Following the orders from A Council leads back to it." in reasons


def test_a_cycle_through_several_orders_is_refused():
    authorities = [council("a"), council("b"), council("c")]
    earlier = [order(date(2027, 4, 1), ("a", "b")), order(date(2028, 4, 1), ("b", "c"))]
    reasons = _reasons(order(date(2029, 4, 1), ("c", "a")), authorities, earlier)
    assert "Following the orders from C Council leads back to it." in reasons


def test_two_councils_that_exchange_districts_are_not_a_cycle():
    authorities = [council("a", districts={"E07000001", "E07000002"}), council("b", districts={"E07000003"})]
    first = order(date(2027, 4, 1), ("a", "a", {"E07000001"}), ("a", "b", {"E07000002"}))
    second = order(date(2028, 4, 1), ("b", "b", {"E07000003"}), ("b", "a", {"E07000002"}))
    grown = [authorities[0], replace(authorities[1], districts=frozenset({"E07000002", "E07000003"}))]
    assert check_succession(first, authorities) == ()
    assert check_succession(second, grown, [first]) == ()


def test_a_council_may_end_in_one_that_once_gave_it_a_district():
    authorities = [council("a", districts={"E07000001", "E07000002"}), council("b")]
    first = order(date(2027, 4, 1), ("a", "a", {"E07000001"}), ("a", "b", {"E07000002"}))
    assert check_succession(order(date(2030, 4, 1), ("b", "a")), authorities, [first]) == ()


def test_an_order_before_its_council_began_is_refused():
    young = council("young", begins=date(2024, 4, 1))
    reasons = _reasons(order(date(2024, 4, 1), ("young", "next")), [young, council("next")])
    assert reasons == ["Young Council begins on 1 April 2024, so it cannot be replaced on or before that day."]


def test_a_council_that_does_not_exist_on_the_day_cannot_take_over():
    reasons = _reasons(order(date(2027, 4, 1), ("a", "north-essex")), [council("a"), *greater_essex()])
    assert reasons == ["North Essex Council does not exist on 1 April 2027, so it cannot take over."]


def test_a_council_is_replaced_once():
    authorities = [council("a"), council("b"), council("c")]
    reasons = _reasons(order(date(2029, 4, 1), ("a", "c")), authorities, [order(date(2028, 4, 1), ("a", "b"))])
    assert reasons == ["A Council is already replaced by the order of 1 April 2028."]


def test_a_council_replaced_the_same_day_cannot_take_over():
    authorities = [council("a"), council("b"), council("c")]
    reasons = _reasons(order(REORGANISATION, ("a", "b")), authorities, [order(REORGANISATION, ("b", "c"))])
    assert reasons == ["B Council is itself replaced on 1 April 2028, so it cannot take over."]


def test_drafts_do_not_stand_in_each_others_way():
    rival = order(REORGANISATION, ("essex", "north-essex"), status=SuccessionStatus.DRAFT)
    assert check_succession(greater_essex_order(SuccessionStatus.DRAFT), greater_essex(), [rival]) == ()


def test_an_end_date_that_differs_from_the_order_is_refused():
    reasons = _reasons(order(REORGANISATION, ("a", "b")), [council("a", ends=date(2028, 5, 1)), council("b")])
    assert reasons == ["A Council ends on 1 May 2028, which is not the day of this order."]


@pytest.mark.parametrize("moves", [(), (("essex", "atlantis"),)])
def test_an_order_about_nothing_known_is_refused(moves):
    assert _reasons(order(REORGANISATION, *moves))


def test_a_sound_directory_has_no_problems():
    assert check_authorities(greater_essex()) == ()


def test_overlapping_names_and_codes_are_refused():
    names = (
        DatedName("A Borough Council", "A", None, date(2022, 3, 2)),
        DatedName("A City Council", "A", date(2022, 3, 1)),
    )
    codes = (DatedCode(CodeScheme.GSS, "E06000001"), DatedCode(CodeScheme.GSS, "E06000002"))
    overlapping = Authority("a", AuthorityKind.UNITARY, "EE", names, codes)
    assert [str(one) for one in check_authorities([overlapping])] == [
        "Two names of a hold on the same day.",
        "Two codes of a hold on the same day.",
    ]


def test_one_code_in_two_hands_on_one_day_is_refused_but_handing_it_on_is_not():
    change = date(2020, 4, 1)
    old, new = council("old", dfe="825", ends=change), council("new", dfe="825", begins=change)
    assert check_authorities([old, new]) == ()
    reasons = [str(one) for one in check_authorities([council("old", dfe="825"), new])]
    assert reasons == ["The code 825 belongs to two councils on the same day."]


def test_a_span_that_ends_before_it_begins_and_a_repeated_key_are_refused():
    backwards = council("a", begins=date(2024, 1, 1), ends=date(2023, 1, 1))
    reasons = {str(one) for one in check_authorities([backwards, council("a")])}
    assert reasons == {"A span of a ends before it begins.", "Two councils have the key a."}


def test_a_council_without_a_name_is_refused():
    nameless = Authority("a", AuthorityKind.UNITARY, "EE", ())
    assert [str(one) for one in check_authorities([nameless])] == ["a has no name."]


def _reasons(succession, authorities=None, others=()):
    return [str(problem) for problem in check_succession(succession, authorities or greater_essex(), others)]


NORFOLK = council("norfolk", "E10000020", "926", kind=AuthorityKind.COUNTY)
EAST, WEST = council("east-norfolk", begins=REORGANISATION), council("west-norfolk", begins=REORGANISATION)


@pytest.mark.parametrize(
    "moves",
    [
        [("norfolk", "east-norfolk", {"E07000143"}), ("norfolk", "west-norfolk", {"E07000146"})],
        [("norfolk", "east-norfolk", {"E07000143"})],
    ],
)
def test_a_split_of_a_council_whose_districts_are_not_recorded_is_refused(moves):
    (reason,) = _reasons(order(REORGANISATION, *moves), [NORFOLK, EAST, WEST])
    assert reason.startswith("The districts of Norfolk Council are not recorded")


def test_a_district_recorded_for_another_council_is_refused_naming_it():
    moves = [("norfolk", "east-norfolk", {"E07000066"}), ("norfolk", "west-norfolk", {"E07000146"})]
    reasons = _reasons(order(REORGANISATION, *moves), [NORFOLK, EAST, WEST, *greater_essex()])
    assert "District E07000066 belongs to Essex Council, not to Norfolk Council." in reasons


def test_a_part_of_a_council_given_away_alone_leaves_a_gap():
    reasons = _reasons(order(REORGANISATION, ("essex", "north-essex", NORTH)))
    assert len(reasons) == len(MIDDLE | SOUTH)
    assert all("is given to no council" in reason for reason in reasons)


def test_a_council_in_one_tier_may_be_named_by_its_own_district():
    moves = [("essex", "north-essex"), ("thurrock", "south-essex", {"E06000034"})]
    assert _reasons(order(REORGANISATION, *moves)) == []
    wrong = order(REORGANISATION, ("essex", "north-essex"), ("thurrock", "south-essex", {"E06000033"}))
    reasons = _reasons(wrong)
    assert "District E06000034 of Thurrock Council is given to no council." in reasons
    assert "District E06000033 belongs to Southend On Sea Council, not to Thurrock Council." in reasons


def test_a_code_that_another_council_has_on_the_day_is_refused():
    taken = [*greater_essex()[:3], council("north-essex", "E10000020", "926", begins=REORGANISATION), NORFOLK]
    reasons = _reasons(order(REORGANISATION, ("essex", "north-essex")), taken)
    assert reasons == [
        "The code E10000020 belongs to Norfolk Council on the same day.",
        "The code 926 belongs to Norfolk Council on the same day.",
    ]


def test_a_council_may_take_over_the_code_of_the_one_it_replaces():
    following = council("north-essex", "E06000901", "881", begins=REORGANISATION)
    old = council("essex", "E10000012", "881", kind=AuthorityKind.COUNTY)
    assert _reasons(order(REORGANISATION, ("essex", "north-essex")), [old, following]) == []


def test_a_draft_takes_no_code_from_the_council_that_has_it():
    following = council("north-essex", "E06000901", "881", begins=REORGANISATION)
    old = council("essex", "E10000012", "881", kind=AuthorityKind.COUNTY)
    draft = order(REORGANISATION, ("essex", "north-essex"), status=SuccessionStatus.DRAFT)
    found = holder_of(CodeScheme.DFE, "881", [following, old], [draft], REORGANISATION + timedelta(days=9))
    assert found == old
