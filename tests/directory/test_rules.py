"""Which council answers for a school or an address, on any date."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.directory.rules import (
    Authority,
    AuthorityKind,
    CodeScheme,
    DatedCode,
    DatedName,
    Doubt,
    Found,
    Link,
    LinkKind,
    SuccessionStatus,
    authorities_in_district,
    authority_for_codes,
    authority_for_school,
    by_code,
    code_of,
    links_on,
    name_of,
    successors,
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

EVE = REORGANISATION - timedelta(days=1)
NEXT = REORGANISATION + timedelta(days=1)
TODAY = date(2026, 11, 22)


def test_a_school_belongs_to_the_council_it_is_assigned_to():
    assert authority_for_school([assigned("essex")], [], "E07000070", TODAY) == Found("essex")


def test_an_assignment_ends_the_day_before_its_end_date():
    spans = [assigned("essex", ends=date(2026, 9, 1)), assigned("thurrock", begins=date(2026, 9, 1))]
    assert authority_for_school(spans, [], None, date(2026, 8, 31)).authority == "essex"
    assert authority_for_school(spans, [], None, date(2026, 9, 1)).authority == "thurrock"


def test_where_two_assignments_hold_the_later_one_wins():
    for earlier, later in (("essex", "thurrock"), ("thurrock", "essex")):
        spans = [assigned(later, begins=date(2026, 9, 1)), assigned(earlier)]
        assert authority_for_school(spans, [], None, TODAY).authority == later


def test_a_school_without_an_assignment_is_reported_not_guessed():
    assert authority_for_school([], [], "E07000070", TODAY) == Found(None, doubt=Doubt.UNASSIGNED)


def test_a_school_follows_its_district_on_the_day_of_the_order():
    orders = [greater_essex_order()]
    for districts, successor in ((NORTH, "north-essex"), (MIDDLE, "mid-essex"), (SOUTH, "south-essex")):
        for district in districts:
            found = [
                authority_for_school([assigned("essex")], orders, district, on) for on in (EVE, REORGANISATION, NEXT)
            ]
            assert [one.authority for one in found] == ["essex", successor, successor]


def test_a_school_of_a_council_replaced_whole_needs_no_district():
    found = authority_for_school([assigned("thurrock")], [greater_essex_order()], None, REORGANISATION)
    assert found == Found("south-essex")


def test_a_school_of_a_split_council_without_a_district_needs_a_decision():
    found = authority_for_school([assigned("essex")], [greater_essex_order()], None, REORGANISATION)
    assert found == Found(None, ("mid-essex", "north-essex", "south-essex"), Doubt.NO_DISTRICT)


def test_a_school_in_a_district_the_order_does_not_name_needs_a_decision():
    found = authority_for_school([assigned("essex")], [greater_essex_order()], "E07000999", REORGANISATION)
    assert found.doubt is Doubt.DISTRICT_NOT_NAMED
    assert found.candidates == ("mid-essex", "north-essex", "south-essex")


def test_a_decision_is_an_assignment_from_the_day_of_the_order():
    spans = [assigned("essex"), assigned("mid-essex", begins=REORGANISATION)]
    orders = [greater_essex_order()]
    assert authority_for_school(spans, orders, None, EVE).authority == "essex"
    assert authority_for_school(spans, orders, None, REORGANISATION).authority == "mid-essex"


def test_a_draft_order_changes_nothing():
    draft = greater_essex_order(SuccessionStatus.DRAFT)
    assert authority_for_school([assigned("essex")], [draft], "E07000070", NEXT).authority == "essex"
    assert successors("essex", [draft], NEXT) == ("essex",)


def test_a_council_that_gives_away_a_district_keeps_its_other_schools():
    boundary = order(date(2019, 4, 1), ("dorset", "dorset", {"E07000049"}), ("dorset", "bcp", {"E07000048"}))
    on = date(2020, 1, 1)
    assert authority_for_school([assigned("dorset")], [boundary], "E07000048", on).authority == "bcp"
    assert authority_for_school([assigned("dorset")], [boundary], "E07000049", on).authority == "dorset"


def test_orders_are_followed_one_after_another():
    orders = [order(date(2030, 4, 1), ("b", "c")), order(date(2028, 4, 1), ("a", "b"))]
    assert authority_for_school([assigned("a")], orders, None, date(2029, 1, 1)).authority == "b"
    assert authority_for_school([assigned("a")], orders, None, date(2030, 4, 1)).authority == "c"


DORSET = {
    one.key: one
    for one in (
        council("bournemouth", "E06000028", ends=date(2019, 4, 1)),
        council("dorset-county", "E10000009", kind=AuthorityKind.COUNTY, ends=date(2019, 4, 1)),
        council("bcp", "E06000058", begins=date(2019, 4, 1)),
        council("dorset", "E06000059", begins=date(2019, 4, 1)),
    )
}
DORSET_ORDER = order(
    date(2019, 4, 1),
    ("bournemouth", "bcp", {"E06000028"}),
    ("dorset-county", "bcp", {"E07000048"}),
    ("dorset-county", "dorset", {"E07000049"}),
)


@pytest.mark.parametrize(
    ("assigned_to", "district", "before"),
    [
        ("dorset", "E06000059", Found("dorset-county")),
        ("dorset", None, Found("dorset-county")),
        ("bcp", "E07000048", Found("dorset-county")),
        ("bcp", "E06000028", Found("bournemouth")),
        ("bcp", "E06000058", Found(None, ("bournemouth", "dorset-county"), Doubt.NO_DISTRICT)),
    ],
)
def test_a_school_of_a_young_council_belonged_to_the_one_before(assigned_to, district, before):
    asked = ([assigned(assigned_to)], [DORSET_ORDER], district)
    assert authority_for_school(*asked, date(2019, 3, 31), DORSET) == before
    assert authority_for_school(*asked, date(2019, 4, 1), DORSET) == Found(assigned_to)


def test_a_school_given_to_a_council_that_nothing_precedes_stays_with_it():
    young = council("young", "E06000777", begins=date(2026, 1, 1))
    found = authority_for_school([assigned("young")], [DORSET_ORDER], None, date(2018, 1, 1), {"young": young})
    assert found == Found("young")


@given(st.sampled_from(ESSEX_DISTRICTS), st.dates(date(2020, 1, 1), date(2035, 1, 1)))
def test_every_essex_school_has_one_council_on_every_date(district, on):
    found = authority_for_school([assigned("essex")], [greater_essex_order()], district, on)
    alive = {
        one.key
        for one in greater_essex()
        if (one.valid_from or on) <= on and (one.valid_to is None or on < one.valid_to)
    }
    assert found.authority in alive


def test_successors_name_every_council_that_took_part_of_the_work():
    orders = [greater_essex_order()]
    assert successors("essex", orders, EVE) == ("essex",)
    assert successors("essex", orders, REORGANISATION) == ("mid-essex", "north-essex", "south-essex")
    assert successors("thurrock", orders, REORGANISATION) == ("south-essex",)


def test_a_county_answers_for_its_districts_and_a_unitary_for_itself():
    assert _by_codes("E10000012", "E07000070", TODAY) == Found("essex")
    assert _by_codes("E99999999", "E06000033", TODAY) == Found("southend-on-sea")


def test_london_and_metropolitan_rows_answer_by_borough_not_by_their_e13_or_e11_code():
    borough = council("bromley", "E09000006", "305", kind=AuthorityKind.LONDON)
    assert authority_for_codes("E13000002", "E09000006", [borough], [], TODAY) == Found("bromley")
    sheffield = council("sheffield", "E08000019", kind=AuthorityKind.METROPOLITAN)
    assert authority_for_codes("E11000003", "E08000019", [sheffield], [], TODAY) == Found("sheffield")


def test_a_unitary_inside_a_countys_shape_never_gets_the_county():
    kent = council("kent", "E10000016", "886", kind=AuthorityKind.COUNTY)
    medway = council("medway", "E06000035", "887")
    nottinghamshire = council("nottinghamshire", "E10000024", "891", kind=AuthorityKind.COUNTY)
    nottingham = council("nottingham", "E06000018", "892")
    directory = [kent, nottinghamshire, medway, nottingham]
    assert authority_for_codes("E99999999", "E06000035", directory, [], TODAY) == Found("medway")
    assert authority_for_codes("E99999999", "E06000018", directory, [], TODAY) == Found("nottingham")
    assert by_code(directory, CodeScheme.DFE, "887", TODAY) == medway
    link = Link("kent", LinkKind.PUPIL, "https://kent.example/pupils")
    assert links_on([link], "medway", TODAY) == {}


def test_todays_postcode_file_answers_after_the_order_too():
    assert _by_codes("E10000012", min(SOUTH), REORGANISATION) == Found("south-essex")
    assert _by_codes("E99999999", "E06000034", NEXT) == Found("south-essex")


def test_a_later_postcode_file_answers_for_a_date_before_the_order_where_it_can():
    assert _by_codes("E99999999", "E06000901", EVE) == Found("essex")
    found = _by_codes("E99999999", "E06000903", EVE)
    assert found == Found(None, ("essex", "southend-on-sea", "thurrock"), Doubt.NO_DISTRICT)


def test_a_postcode_district_in_two_councils_offers_both_once_each_the_fullest_first():
    places = [("E99999999", "E06000033"), ("E10000012", min(NORTH)), ("E10000012", min(SOUTH))]
    directory, orders = greater_essex(), [greater_essex_order()]
    assert authorities_in_district(places, directory, orders, EVE) == ("southend-on-sea", "essex")
    assert authorities_in_district(places, directory, orders, NEXT) == ("south-essex", "north-essex")


def test_a_council_that_later_takes_over_others_is_itself_before():
    directory = [council("bcp", "E06000058"), council("poole"), council("bournemouth")]
    merging = order(date(2030, 4, 1), ("poole", "bcp"), ("bournemouth", "bcp"))
    assert authority_for_codes("E99999999", "E06000058", directory, [merging], TODAY) == Found("bcp")


def test_a_code_of_no_council_is_reported():
    assert _by_codes("E99999999", "E06009999", TODAY) == Found(None, doubt=Doubt.UNKNOWN_CODE)


def test_a_date_before_a_council_existed_is_reported():
    young = council("young", "E06000910", begins=date(2024, 4, 1))
    found = authority_for_codes("E99999999", "E06000910", [young], [], date(2020, 1, 1))
    assert found == Found(None, ("young",), Doubt.BEFORE_RECORDS)


def test_a_changed_code_keeps_the_council():
    change = date(2025, 4, 1)
    codes = (DatedCode(CodeScheme.GSS, "E08000019", None, change), DatedCode(CodeScheme.GSS, "E08000039", change))
    sheffield = Authority(
        "sheffield", AuthorityKind.METROPOLITAN, "YH", (DatedName("Sheffield City Council", "Sheffield"),), codes
    )
    for code in ("E08000019", "E08000039"):
        for on in (date(2020, 1, 1), TODAY):
            assert authority_for_codes("E11000003", code, [sheffield], [], on) == Found("sheffield")
    assert code_of(sheffield, CodeScheme.GSS, date(2025, 3, 31)) == "E08000019"
    assert code_of(sheffield, CodeScheme.GSS, change) == "E08000039"
    assert by_code([sheffield], CodeScheme.GSS, "E08000019", TODAY) is None


def test_one_code_may_pass_from_a_council_to_its_successor():
    change = date(2020, 4, 1)
    old = council("buckinghamshire-county", "E10000002", "825", kind=AuthorityKind.COUNTY, ends=change)
    new = council("buckinghamshire", "E06000060", "825", begins=change)
    assert by_code([old, new], CodeScheme.DFE, "825", date(2020, 3, 31)) == old
    assert by_code([new, old], CodeScheme.DFE, "825", change) == new


def test_a_council_is_called_what_it_was_called_that_day():
    city = date(2022, 3, 1)
    names = (
        DatedName("Southend-on-Sea Borough Council", "Southend-on-Sea", date(1998, 4, 1), city),
        DatedName("Southend-on-Sea City Council", "Southend-on-Sea", city, REORGANISATION),
    )
    southend = Authority("southend-on-sea", AuthorityKind.UNITARY, "EE", names)
    assert name_of(southend, date(2022, 2, 28)).name == "Southend-on-Sea Borough Council"
    assert name_of(southend, city).name == "Southend-on-Sea City Council"
    assert name_of(southend, NEXT).name == "Southend-on-Sea City Council"
    assert name_of(southend, date(1990, 1, 1)).name == "Southend-on-Sea Borough Council"


def test_links_are_those_of_the_day_and_of_the_readers_language_where_there_is_one():
    change = date(2027, 1, 1)
    links = [
        Link("essex", LinkKind.PUPIL, "https://essex.example/old", valid_to=change),
        Link("essex", LinkKind.PUPIL, "https://essex.example/new", valid_from=change),
        Link("essex", LinkKind.MAIN, "https://essex.example/main"),
        Link("essex", LinkKind.MAIN, "https://essex.example/main-pl", language="pl"),
        Link("essex", LinkKind.CHILD, "https://essex.example/child-ro", language="ro"),
    ]
    before = links_on(links, "essex", TODAY)
    assert {kind: link.url for kind, link in before.items()} == {
        LinkKind.PUPIL: "https://essex.example/old",
        LinkKind.MAIN: "https://essex.example/main",
    }
    assert links_on(links, "essex", change)[LinkKind.PUPIL].url == "https://essex.example/new"
    assert links_on(reversed(links), "essex", TODAY, "pl")[LinkKind.MAIN].url == "https://essex.example/main-pl"


def _by_codes(county, district, on):
    return authority_for_codes(county, district, greater_essex(), [greater_essex_order()], on)
