"""Reading the school register, whatever somebody did to the file on the way."""

import io
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core.errors import Invalid
from portal.directory.extracts import Encoding, Skipped
from portal.directory.gias import SchoolStatus, law_of, read_date, read_register, read_telephone, read_website
from portal.directory.gias_links import RegisterLink, read_links, successors_by_urn
from portal.tenancy.models import SchoolLaw
from tests.directory.builders import REGISTER_HEADER, academy, links_file, register_file, register_row, school

OAK = register_row(100001, "Oak Primary School")
ELM = register_row(100002, "Elm Primary School", EstablishmentNumber="2002")


def test_a_row_is_read_by_the_names_of_its_columns():
    row = register_row(
        100001,
        "Oak Primary School",
        **{
            "EstablishmentNumber": "0201",
            "OpenDate": "01-09-1974",
            "Trusts (code)": "0042",
            "Trusts (name)": "Rowan Trust",
            "Street": "1 High Street",
            "SchoolWebsite": "www.oak.example",
            "TelephoneNum": "1245000000",
            "PreviousLA (code)": "882",
            "PreviousEstablishmentNumber": "2001",
            "HeadFirstName": "Secret",
        },
    )
    (record,) = read_register(register_file([row])).records
    assert (record.urn, record.name, record.la_code, record.establishment_number) == (
        "100001",
        "Oak Primary School",
        "881",
        "0201",
    )
    assert (record.type_code, record.status, record.phase) == ("01", SchoolStatus.OPEN, "Primary")
    assert (record.open_date, record.close_date) == (date(1974, 9, 1), None)
    assert (record.trust_code, record.trust_name) == ("0042", "Rowan Trust")
    assert (record.website, record.telephone) == ("https://www.oak.example", "01245000000")
    assert (record.previous_la_code, record.previous_establishment_number) == ("882", "2001")
    assert record.address == "1 High Street, Mapleford, CM1 1AA"
    assert record.district_code == "E07000070"
    assert record.law is SchoolLaw.MAINTAINED
    assert "Secret" not in repr(record)


def test_the_order_of_columns_and_unknown_columns_do_not_matter():
    header = ["Brand new column", *reversed(REGISTER_HEADER)]
    assert read_register(register_file([OAK], header=header)).records == read_register(register_file([OAK])).records


def test_missing_columns_are_named():
    header = [name for name in REGISTER_HEADER if name not in {"URN", "EstablishmentStatus (name)"}]
    with pytest.raises(Invalid, match=r"line 1: These columns are missing: URN, EstablishmentStatus \(name\)\."):
        read_register(register_file([OAK], header=header))


def test_windows_text_keeps_its_apostrophes_and_accents():
    extract = read_register(register_file([register_row(100001, "St John\u2019s Caf\u00e9 School")]))
    assert extract.records[0].name == "St John\u2019s Caf\u00e9 School"
    assert extract.encoding is Encoding.WINDOWS


@pytest.mark.parametrize(("encoding", "is_marked"), [("utf-8", False), ("utf-8-sig", True)])
def test_a_file_saved_as_utf_8_is_read_and_said_to_be_that(encoding, is_marked):
    extract = read_register(register_file([register_row(100001, "St John\u2019s School")], encoding=encoding))
    assert extract.records[0].name == "St John\u2019s School"
    assert (extract.encoding, extract.has_byte_order_mark) == (Encoding.UTF8, is_marked)


def test_a_file_of_both_encodings_is_read_line_by_line():
    first = register_file([register_row(100001, "St John\u2019s School")]).getvalue()
    second = register_file([register_row(100002, "St Mary\u2019s School")], encoding="utf-8").getvalue()
    extract = read_register(io.BytesIO(first + second.split(b"\r\n", 1)[1]))
    assert [record.name for record in extract.records] == ["St John\u2019s School", "St Mary\u2019s School"]
    assert extract.encoding is Encoding.MIXED


@pytest.mark.parametrize("content", [b"", b"\r\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_refused(content):
    with pytest.raises(Invalid, match=r"empty|columns are missing"):
        read_register(io.BytesIO(content))


@pytest.mark.parametrize("content", [b"PK\x03\x04\0\0", "URN,LA (code)".encode("utf-16"), b"\0" * 100])
def test_what_is_no_csv_text_is_refused(content):
    with pytest.raises(Invalid, match="not a CSV file"):
        read_register(io.BytesIO(content))


def test_a_file_cut_short_keeps_the_whole_lines_and_says_so():
    whole = register_file([OAK, ELM]).getvalue()
    extract = read_register(io.BytesIO(whole[:-60]))
    assert [record.urn for record in extract.records] == ["100001"]
    assert extract.is_cut_short
    assert extract.skipped == (Skipped(3, "The file stops in the middle of this line."),)


def test_a_file_without_a_last_line_end_is_whole():
    extract = read_register(io.BytesIO(register_file([OAK, ELM]).getvalue().rstrip(b"\r\n")))
    assert len(extract.records) == 2
    assert not extract.is_cut_short


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"URN": "INVALID"}, "URN is not a number"),
        ({"EstablishmentName": " "}, "has no name"),
        ({"EstablishmentName": "Oak" * 100}, "far too long"),
        ({"EstablishmentName": "Oak \u202eloohcS"}, "invisible character"),
        ({"LA (code)": "Essex"}, "local authority"),
        ({"EstablishmentStatus (name)": "Haunted"}, "status"),
        ({"OpenDate": "31-02-2020"}, "date"),
        ({"CloseDate": "next year"}, "date"),
    ],
)
def test_a_bad_row_is_skipped_with_its_line_and_reason_and_the_rest_is_kept(cells, reason):
    extract = read_register(register_file([OAK, {**ELM, **cells}, register_row(100003, "Ash")], encoding="utf-8"))
    assert [record.urn for record in extract.records] == ["100001", "100003"]
    ((line, why),) = [(one.line, one.reason) for one in extract.skipped]
    assert line == 3
    assert reason in why


def test_a_row_of_too_few_or_too_many_cells_is_skipped():
    lines = register_file([OAK, ELM]).getvalue().splitlines(keepends=True)
    extract = read_register(io.BytesIO(lines[0] + b"100009,too few\r\n" + lines[1] + lines[2].rstrip() + b",,\r\n"))
    assert [record.urn for record in extract.records] == ["100001"]
    assert [one.line for one in extract.skipped] == [2, 4]
    assert extract.skipped[0].reason == "This line has 2 cells, but the header has 140."


def test_a_stray_quotation_mark_spoils_only_its_own_line():
    lines = register_file([OAK, ELM, register_row(100003, "Ash")]).getvalue().splitlines(keepends=True)
    lines[1] = lines[1].replace(b"Oak", b'"Oak')
    extract = read_register(io.BytesIO(b"".join(lines)))
    assert [record.urn for record in extract.records] == ["100002", "100003"]
    assert [one.line for one in extract.skipped] == [2]


def test_two_stray_quotation_marks_spoil_only_their_own_lines():
    rows = [register_row(100000 + number, f"School {number}") for number in range(6)]
    lines = register_file(rows).getvalue().splitlines(keepends=True)
    for place in (2, 4):
        lines[place] = lines[place].replace(b"School", b'"School', 1)
    extract = read_register(io.BytesIO(b"".join(lines)))
    assert [record.urn for record in extract.records] == ["100000", "100002", "100004", "100005"]
    assert [one.line for one in extract.skipped] == [3, 5]


def test_commas_quotation_marks_and_line_breaks_inside_a_cell_are_kept_together():
    row = register_row(100001, 'Oak "Hill", Infants', Street="1 High Street\r\nBehind the church")
    extract = read_register(register_file([row, ELM]))
    assert extract.records[0].name == 'Oak "Hill", Infants'
    assert extract.records[0].street == "1 High Street Behind the church"
    assert [record.urn for record in extract.records] == ["100001", "100002"]


def test_a_very_long_line_is_skipped_and_the_rest_is_kept():
    lines = register_file([OAK, ELM]).getvalue().splitlines(keepends=True)
    extract = read_register(io.BytesIO(lines[0] + lines[1] + b"x" * 3_000_000 + b"\r\n" + lines[2]))
    assert [record.urn for record in extract.records] == ["100001", "100002"]
    assert extract.skipped == (Skipped(3, "This line is far too long."),)


def test_bytes_that_are_no_text_are_skipped():
    lines = register_file([OAK, ELM]).getvalue().splitlines(keepends=True)
    broken = lines[1].replace(b"Oak", b"O\x81k")
    extract = read_register(io.BytesIO(lines[0] + broken + lines[2] + lines[1].replace(b"Oak", b"O\0k")))
    assert [record.urn for record in extract.records] == ["100002"]
    assert [one.line for one in extract.skipped] == [2, 4]


def test_a_row_repeated_word_for_word_is_used_once():
    extract = read_register(register_file([OAK, ELM, OAK]))
    assert [record.urn for record in extract.records] == ["100001", "100002"]
    assert extract.skipped == (Skipped(4, "URN 100001 stands on an earlier line, word for word."),)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0)])
def test_a_school_that_changes_authority_mid_file_is_not_used_in_either_form(order):
    rows = [OAK, ELM, {**OAK, "LA (code)": "882"}]
    extract = read_register(register_file([rows[place] for place in order]))
    assert [record.urn for record in extract.records] == ["100002"]
    assert [one.line for one in extract.skipped] == [2, 4]
    assert "disagree" in extract.skipped[0].reason


def test_only_wanted_records_are_kept():
    rows = [OAK, {**ELM, "LA (code)": "882"}]
    extract = read_register(register_file(rows), keep=lambda record: record.la_code == "882")
    assert [record.urn for record in extract.records] == ["100002"]
    assert extract.rows == 2


@given(st.permutations([OAK, ELM, register_row(100003, "Ash"), {**OAK, "Town": "Elsewhere"}, ELM]))
def test_the_order_of_the_file_decides_nothing(rows):
    extract = read_register(register_file(rows))
    assert [record.urn for record in extract.records] == ["100002", "100003"]


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused_with_a_sentence(content):
    header = register_file([]).getvalue()
    for data in (content, header + content):
        try:
            read_register(io.BytesIO(data))
        except Invalid as refused:
            message = refused.message
        else:
            message = "Read."
        assert message.endswith(".")


@pytest.mark.parametrize(
    ("group", "kind", "law"),
    [
        ("Local authority maintained schools", "Voluntary aided school", SchoolLaw.MAINTAINED),
        ("Local authority maintained schools", "Pupil referral unit", SchoolLaw.MAINTAINED),
        ("Local authority maintained schools", "Local authority nursery school", SchoolLaw.MAINTAINED),
        ("Academies", "Academy converter", SchoolLaw.ACADEMY),
        ("Academies", "Academy special converter", SchoolLaw.ACADEMY),
        ("Free Schools", "Free schools alternative provision", SchoolLaw.ACADEMY),
        ("Special schools", "Community special school", SchoolLaw.SPECIAL),
        ("Special schools", "Non-maintained special school", SchoolLaw.SPECIAL),
        ("Independent schools", "Other independent special school", SchoolLaw.INDEPENDENT),
        ("Independent schools", "City technology college", SchoolLaw.ACADEMY),
        ("Colleges", "Further education", None),
        ("Other types", "British schools overseas", None),
        ("Welsh schools", "Welsh establishment", None),
        ("Universities", "Higher education institutions", None),
    ],
)
def test_the_law_follows_the_kind_of_school(group, kind, law):
    assert law_of(group, kind) is law


@pytest.mark.parametrize("text", ["31-08-2024", "31/08/2024", "2024-08-31", "2024-08-31T00:00:00"])
def test_dates_are_read_in_each_form_the_register_has_used(text):
    assert read_date(text) == date(2024, 8, 31)


@pytest.mark.parametrize("text", ["08-31-2024", "31.08.2024", "2024", "31-08-24", "0000-00-00"])
def test_other_dates_are_refused(text):
    with pytest.raises(Invalid, match="date"):
        read_date(text)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("www.oak.example", "https://www.oak.example"),
        ("HTTP://oak.example/home", "http://oak.example/home"),
        ("//oak.example", "https://oak.example"),
        ("javascript://oak.example", ""),
        ("office@oak.example", ""),
        ("none", ""),
        ("oak example.org", ""),
        ("", ""),
    ],
)
def test_a_website_gets_its_scheme_or_is_left_out(text, address):
    assert read_website(text) == address


def test_a_telephone_number_gets_its_nought_back():
    assert read_telephone("1245000000") == "01245000000"
    assert read_telephone("01245000000") == "01245000000"
    assert read_telephone("") == ""


def test_the_file_of_links_says_who_followed_whom_in_either_direction():
    extract = read_links(
        links_file(
            ("100001", "150001", "Successor"),
            ("150002", "100002", "Predecessor - amalgamated"),
            ("100003", "100004", "Sixth Form Centre Link"),
            ("100005", "x", "Successor"),
        )
    )
    assert RegisterLink("100001", "150001", "Successor") in extract.links
    assert successors_by_urn(extract.links) == {"100001": {"150001"}, "100002": {"150002"}}
    assert [one.line for one in extract.skipped] == [5]


def test_sample_makers_agree_with_the_reader():
    (record,) = read_register(register_file([OAK])).records
    assert record.law is school(100001).law
    assert academy(100001).law is SchoolLaw.ACADEMY
