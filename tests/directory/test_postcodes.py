"""Reading what a person types where a postcode is asked for."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from portal.core.errors import Invalid
from portal.directory.postcodes import (
    ELSEWHERE,
    EMPTY,
    NO_PLACE,
    PARTIAL,
    WRONG,
    Postcode,
    parse_place,
    parse_postcode,
    well_formed,
)

LETTERS = "ABDEFGHJLNPQRSTUWXYZ"
ENGLISH_OUTWARDS = ["CM1", "SS9", "RM17", "E1", "N1C", "W1A", "EC3A", "SW1A", "B33", "NG2", "M1", "SY7", "TD15", "NP16"]

SENTENCES = {EMPTY, PARTIAL, WRONG, NO_PLACE, *ELSEWHERE.values()}

outwards = st.sampled_from(ENGLISH_OUTWARDS)
inwards = st.builds("{}{}{}".format, st.integers(0, 9), st.sampled_from(LETTERS), st.sampled_from(LETTERS))
gaps = st.sampled_from(["", " ", "  ", "\t", "\u00a0", " - ", "."])


@given(outwards, inwards, gaps, gaps, gaps, st.booleans())
def test_spaces_and_small_letters_do_not_matter(outward, inward, before, between, after, is_small):
    typed = f"{before}{outward}{between}{inward}{after}"
    found = parse_postcode(typed.lower() if is_small else typed)
    assert (found.outward, found.inward) == (outward, inward)
    assert parse_postcode(found.text) == found


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        (" ss95xx ", "SS9 5XX"),
        ("e1 6an", "E1 6AN"),
        ("EC3A5DE", "EC3A 5DE"),
        ("cm1 lAA", "CM1 1AA"),
        ("CM1 OAA", "CM1 0AA"),
        ("\uff23\uff2d\uff11 \uff11\uff21\uff21", "CM1 1AA"),
        ("B.33 8TH", "B33 8TH"),
    ],
)
def test_common_ways_of_typing_are_understood(typed, text):
    assert parse_postcode(typed).text == text


@given(st.text(max_size=60))
def test_whatever_is_typed_is_a_postcode_or_one_of_the_fixed_sentences_which_repeat_nothing(typed):
    found, refused = _read(typed)
    if refused:
        assert refused.message in SENTENCES
        assert refused.field == "postcode"
    else:
        assert well_formed(found.text) == found


@given(outwards, inwards)
def test_a_postcode_does_not_show_itself_in_a_log(outward, inward):
    found = parse_postcode(outward + inward)
    assert repr(found) == "Postcode()"


@pytest.mark.parametrize("typed", ["CM1", "cm", "CM1 1", "CM1 1A", "SW1A 1", "SS", "RM17 6"])
def test_part_of_a_postcode_is_called_that(typed):
    with pytest.raises(Invalid) as refused:
        parse_postcode(typed)
    assert refused.value.message == PARTIAL


@pytest.mark.parametrize(
    "typed", ["Chelmsford", "CM1 1CC", "QQ1 1AA", "12345", "CM1 1AAA", "C" * 500, "SS95XX SS95XX", "1AA CM1"]
)
def test_what_is_no_postcode_is_called_that(typed):
    with pytest.raises(Invalid) as refused:
        parse_postcode(typed)
    assert refused.value.message == WRONG


@pytest.mark.parametrize("typed", ["", "   ", "\u200b", "."])
def test_nothing_typed_asks_for_a_postcode(typed):
    with pytest.raises(Invalid, match="Type a postcode"):
        parse_postcode(typed)


@pytest.mark.parametrize(
    ("typed", "country"),
    [("BT1 5GS", "N"), ("EH99 1SP", "S"), ("G1 1AA", "S"), ("CF99 1NA", "W"), ("JE2 3AB", "L"), ("IM1 1AA", "M")],
)
def test_another_nations_postcode_says_which_nation(typed, country):
    with pytest.raises(Invalid) as refused:
        parse_postcode(typed)
    assert refused.value.message == ELSEWHERE[country]


def test_a_postcode_of_no_place_says_so():
    with pytest.raises(Invalid) as refused:
        parse_postcode("BX1 1LT")
    assert refused.value.message == NO_PLACE


@given(outwards)
def test_a_postcode_district_is_a_place_but_not_a_postcode(outward):
    assert parse_place(f" {outward.lower()} ") == Postcode(outward)
    with pytest.raises(Invalid):
        parse_postcode(outward)


def test_a_district_and_one_figure_is_not_taken_for_another_district():
    assert parse_place("CM11") == Postcode("CM11")
    with pytest.raises(Invalid) as refused:
        parse_place("CM1 1")
    assert refused.value.message == PARTIAL


@pytest.mark.parametrize(("typed", "area"), [("E1 6AN", "E"), ("EC3A 5DE", "EC"), ("CM1 1AA", "CM"), ("M1 1AE", "M")])
def test_the_area_is_the_letters_in_front(typed, area):
    assert parse_postcode(typed).area == area


@given(outwards, inwards)
def test_a_file_may_hold_any_nations_postcode(outward, inward):
    assume(outward)
    assert well_formed(f"BT1{inward}") == Postcode("BT1", inward)
    assert well_formed(f"{outward}") is None
    assert well_formed("x" * 1000) is None


def _read(typed):
    try:
        return parse_postcode(typed), None
    except Invalid as refused:
        return None, refused
