"""The postcode file, packed: what it answers, and what becomes of a bad one."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core.errors import Invalid
from portal.directory.extracts import LINE_BYTES, Encoding
from portal.directory.postcode_file import read_postcode_file
from portal.directory.postcode_pack import ENGLAND, PackedDistrict, Packer, Place, each_packed
from portal.directory.postcodes import parse_postcode
from tests.directory.builders import OLDER_POSTCODE_HEADER, POSTCODE_HEADER, postcode_file, postcode_row

ESSEX = {"cty": "E10000012", "lad": "E07000070"}
LETTERS = "ABDEFGHJLNPQRSTUWXYZ"

inwards = st.builds("{}{}{}".format, st.integers(0, 9), st.sampled_from(LETTERS), st.sampled_from(LETTERS))
places = st.builds(
    Place,
    st.just(ENGLAND),
    st.sampled_from(["E10000012", "E99999999", "E13000002"]),
    st.sampled_from(["E07000070", "E06000033", "E09000006"]),
    st.booleans(),
)


@pytest.fixture
def sample():
    return read_postcode_file(
        postcode_file(
            [
                postcode_row("CM1 1AA", **ESSEX),
                postcode_row("CM1 9ZZ", **ESSEX, doterm="201905"),
                postcode_row("SS9 5XX", "E06000033"),
                postcode_row("SS9 5XY", "E06000033"),
                postcode_row("SS9 5XZ", **ESSEX),
                postcode_row("BR8 7QP", "E09000006", cty="E13000002"),
                postcode_row("BR8 7AA", "E07000111", cty="E10000016"),
                postcode_row("BR8 7AB", "E07000111", cty="E10000016"),
                postcode_row("EH1 1AA", "S12000036", cty="S99999999", ctry="S92000003"),
                postcode_row("SY7 1AA", "E06000051"),
                postcode_row("SY7 1AB", "W06000023", cty="W99999999", ctry="W92000004"),
                postcode_row("CM2 1AA", ""),
            ]
        )
    )


def test_a_county_row_answers_with_the_county_and_a_unitary_row_with_the_district(sample):
    assert _find(sample, "CM1 1AA").education == "E10000012"
    assert _find(sample, "SS9 5XX").education == "E06000033"


def test_a_london_row_with_a_kent_post_town_answers_with_the_borough(sample):
    place = _find(sample, "BR8 7QP")
    assert (place.county, place.education) == ("E13000002", "E09000006")


def test_a_terminated_postcode_still_answers(sample):
    place = _find(sample, "CM1 9ZZ")
    assert place.is_terminated
    assert place.education == "E10000012"
    assert not _find(sample, "CM1 1AA").is_terminated


def test_a_postcode_that_does_not_exist_is_not_found(sample):
    assert _find(sample, "CM1 1AB") is None
    assert _find(sample, "CM1 2AA") is None
    assert _find(sample, "CM9 1AA") is None


def test_another_nations_postcodes_are_known_for_what_they_are(sample):
    assert _find(sample, "SY7 1AB") == Place("W92000004")
    assert sample.table.districts["EH1"].find("9ZZ") == Place("S92000003")
    assert sample.elsewhere == 2


def test_a_postcode_district_in_two_councils_offers_both_the_larger_part_first(sample):
    assert [place.education for place in sample.table.places_in_district("SS9")] == ["E06000033", "E10000012"]
    assert [place.education for place in sample.table.places_in_district("BR8")] == ["E10000016", "E09000006"]
    assert sample.table.places_in_district("CM1") == (Place(ENGLAND, "E10000012", "E07000070"),)
    assert sample.table.places_in_district("ZZ9") == ()
    assert sample.table.places_in_district("EH1") == ()


def test_a_postcode_district_long_out_of_use_still_offers_its_council():
    table = read_postcode_file(postcode_file([postcode_row("CM99 1AA", **ESSEX, doterm="199901")])).table
    assert [place.education for place in table.places_in_district("CM99")] == ["E10000012"]


def test_the_counts_say_what_was_in_the_file(sample):
    assert (sample.rows, sample.english, sample.terminated, sample.unplaced) == (12, 9, 1, 1)
    assert sample.skipped == ()
    assert sample.encoding is Encoding.ASCII


@pytest.mark.parametrize("header", [POSTCODE_HEADER, OLDER_POSTCODE_HEADER])
def test_columns_are_found_by_name_in_new_and_old_files(header):
    result = read_postcode_file(postcode_file([postcode_row("CM1 1AA", **ESSEX)], header=header))
    assert _find(result, "CM1 1AA").education == "E10000012"


@pytest.mark.parametrize("year", ["19", "25", "31"])
def test_the_year_in_a_column_name_does_not_matter(year):
    text = postcode_file([postcode_row("CM1 1AA", **ESSEX)]).getvalue().decode()
    header, rest = text.split("\r\n", 1)
    header = header.replace("cty26cd", f"cty{year}cd").replace("lad26cd", f"lad{year}cd").upper()
    result = read_postcode_file(io.BytesIO(f"{header}\r\n{rest}".encode()))
    assert _find(result, "CM1 1AA").education == "E10000012"


def test_missing_columns_are_named():
    header = [name for name in POSTCODE_HEADER if name not in {"lad26cd", "doterm"}]
    with pytest.raises(Invalid, match="line 1: These columns are missing: doterm, lad"):
        read_postcode_file(postcode_file([postcode_row("CM1 1AA", **ESSEX)], header=header))


@pytest.mark.parametrize("content", [b"", b"\n", b"   \r\n"])
def test_an_empty_file_is_refused(content):
    with pytest.raises(Invalid, match="The file is empty"):
        read_postcode_file(io.BytesIO(content))


def test_a_header_alone_is_refused():
    with pytest.raises(Invalid, match="nothing below it"):
        read_postcode_file(postcode_file([]))


def test_a_file_cut_short_is_refused_with_its_last_line():
    whole = postcode_file([postcode_row("CM1 1AA", **ESSEX), postcode_row("CM1 1AB", **ESSEX)]).getvalue()
    with pytest.raises(Invalid, match="line 3: The file stops in the middle of a line"):
        read_postcode_file(io.BytesIO(whole[:-40]))


def test_a_file_saved_as_utf_16_is_refused():
    text = postcode_file([postcode_row("CM1 1AA", **ESSEX)]).getvalue().decode()
    with pytest.raises(Invalid, match="not a CSV file saved as"):
        read_postcode_file(io.BytesIO(text.encode("utf-16")))


def test_a_byte_order_mark_does_no_harm():
    content = b"\xef\xbb\xbf" + postcode_file([postcode_row("CM1 1AA", **ESSEX)]).getvalue()
    assert _find(read_postcode_file(io.BytesIO(content)), "CM1 1AA").education == "E10000012"


def test_bad_lines_are_reported_by_number_and_the_rest_is_kept():
    rows = [
        postcode_row("CM1 1AA", **ESSEX),
        {**postcode_row("CM1 1AB", **ESSEX), "pcds": "nonsense"},
        postcode_row("CM1 1AD", **ESSEX, ctry="E9"),
        postcode_row("CM1 1AE", **ESSEX),
    ]
    result = read_postcode_file(postcode_file(rows))
    assert [one.line for one in result.skipped] == [3, 4]
    assert _find(result, "CM1 1AE") is not None
    assert _find(result, "CM1 1AD") is None


def test_a_postcode_with_two_sets_of_codes_is_reported_and_the_first_kept():
    rows = [postcode_row("CM1 1AA", **ESSEX), postcode_row("CM1 1AA", "E06000033")]
    result = read_postcode_file(postcode_file(rows))
    assert [(one.line, one.reason) for one in result.skipped] == [
        (3, "This postcode stands on an earlier line with other codes.")
    ]
    assert _find(result, "CM1 1AA").education == "E10000012"


@pytest.mark.parametrize("is_reversed", [False, True])
def test_a_postcode_in_use_again_hides_its_terminated_row(is_reversed):
    rows = [postcode_row("CM1 1AA", "E06000033", doterm="199901"), postcode_row("CM1 1AA", **ESSEX)]
    result = read_postcode_file(postcode_file(rows[::-1] if is_reversed else rows))
    assert result.skipped == ()
    assert _find(result, "CM1 1AA") == Place(ENGLAND, "E10000012", "E07000070")


def test_an_endless_line_is_skipped_in_bounded_memory():
    content = postcode_file([postcode_row("CM1 1AA", **ESSEX), postcode_row("CM1 1AB", **ESSEX)]).getvalue()
    lines = content.splitlines(keepends=True)
    stream = _Endless([lines[0], lines[1]], LINE_BYTES * 40, [b"\n", lines[2]])
    result = read_postcode_file(stream)
    assert [(one.line, one.reason) for one in result.skipped] == [(3, "This line is far too long.")]
    assert _find(result, "CM1 1AB") is not None
    assert stream.longest <= LINE_BYTES + 1


def test_a_file_of_nothing_but_bad_lines_is_refused():
    content = postcode_file([]).getvalue() + b"not,a,postcode\n" * 6000
    with pytest.raises(Invalid, match="Too many lines cannot be read"):
        read_postcode_file(io.BytesIO(content))


def test_progress_ends_with_every_byte_counted():
    content = postcode_file([postcode_row("CM1 1AA", **ESSEX)] * 12000).getvalue()
    seen = []
    read_postcode_file(io.BytesIO(content), seen.append)
    assert len(seen) > 1
    assert seen == sorted(seen)
    assert seen[-1] == len(content)


@given(st.dictionaries(inwards, places, min_size=1, max_size=40))
def test_what_is_packed_comes_back_out_of_its_bytes(postcodes):
    packer = Packer()
    for inward, place in postcodes.items():
        assert packer.add("CM1", inward, place)
    stored = dict(each_packed(packer.table()))
    district = PackedDistrict.from_bytes("CM1", stored["CM1"])
    assert {inward: district.find(inward) for inward in postcodes} == postcodes
    missing = {f"{digit}ZZ" for digit in range(10)} - postcodes.keys()
    assert all(district.find(inward) is None for inward in missing)


@pytest.mark.parametrize("damage", [b"", b"\x09\x00\x00\x00", b"\x01\x02\x00\x01short"])
def test_damaged_bytes_are_refused(damage):
    with pytest.raises(Invalid, match="stored postcodes are damaged"):
        PackedDistrict.from_bytes("CM1", damage)


def test_a_million_postcodes_take_a_few_bytes_each():
    packer = Packer()
    for first in LETTERS:
        for second in LETTERS:
            for sector in "0123456789":
                packer.add("CM1", f"{sector}{first}{second}", Place(ENGLAND, "E10000012", "E07000070"))
    (_, packed), *_ = each_packed(packer.table())
    assert len(packed) / 4000 < 1.1


def _find(result, text):
    return result.table.find(parse_postcode(text))


class _Endless:
    """A stream with one line of `length` bytes in the middle, made as it is read."""

    def __init__(self, before, length, after):
        self.lines = list(before)
        self.left = length
        self.after = list(after)
        self.longest = 0

    def readline(self, limit):
        if self.lines:
            return self.lines.pop(0)
        if self.left:
            size = min(limit, self.left)
            self.left -= size
            self.longest = max(self.longest, size)
            return b"x" * size
        return self.after.pop(0) if self.after else b""


def test_rows_without_any_code_are_counted_as_of_no_place_however_many():
    blank = [postcode_row(f"CM{2 + n // 2000} {n % 10}{a}{b}", "", cty="", ctry="") for n, (a, b) in enumerate(_PAIRS)]
    result = read_postcode_file(postcode_file([postcode_row("CM1 1AA", **ESSEX), *blank]))
    assert (result.english, result.unplaced, result.skipped) == (1, len(blank), ())


def test_bad_lines_refuse_a_file_by_their_share_not_their_number():
    good = [postcode_row(f"CM1 {n % 10}{a}{b}", **ESSEX) for n, (a, b) in enumerate(_PAIRS)] * 10
    content = postcode_file(good).getvalue()
    assert len(good) > 10 * 5500
    result = read_postcode_file(io.BytesIO(content + b"not,a,postcode\n" * 5500))
    assert len(result.skipped) == 5500
    with pytest.raises(Invalid, match="Too many lines cannot be read"):
        read_postcode_file(io.BytesIO(postcode_file(good[:9000]).getvalue() + b"not,a,postcode\n" * 5500))


_LETTERS = "ABDEFGHJLNPQRSTUWXYZ"
_PAIRS = [(a, b) for _ in range(15) for a in _LETTERS for b in _LETTERS]
