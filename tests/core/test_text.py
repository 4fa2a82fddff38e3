"""Text from outside: kept in one form, refused where it deceives, harmless in a spreadsheet."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core.errors import Invalid
from portal.core.text import BIDI_CONTROLS, INVISIBLE, clean, clean_name, neutral_cell, slugify


@pytest.mark.parametrize("name", ["Ŵyn Ŷ", "O’Neil", "Nguyễn Thị", "প্রিয়া", "عائشہ", "李", "X", "👩‍👩‍👧‍👦 Family"])
def test_honest_names_keep_their_letters(name):
    assert clean_name(unicodedata.normalize("NFD", name)) == unicodedata.normalize("NFC", name)


@pytest.mark.parametrize("mark", sorted(BIDI_CONTROLS | INVISIBLE | {"\0", "\x1b", "\ud800"}))
def test_a_name_with_marks_that_hide_or_turn_letters_is_refused(mark):
    with pytest.raises(Invalid):
        clean_name(f"Alder{mark}Primary")


@given(st.text())
def test_cleaning_twice_is_cleaning_once(text):
    try:
        once = clean(text, multiline=True)
    except Invalid:
        return
    assert clean(once, multiline=True) == once
    assert unicodedata.is_normalized("NFC", once)


@given(st.text())
def test_an_address_part_is_plain(text):
    assert all(each.isascii() and (each.isalnum() or each == "-") for each in slugify(text))


@pytest.mark.parametrize(
    "start", ["=", "+", "-", "@", "\t", "\r", "\n", "|", "\uff1d", "\uff0b", "\uff0d", "\uff20", " =", '"=', "'="]
)
def test_no_cell_is_a_formula(start):
    assert neutral_cell(f"{start}1+1").startswith("'")


@pytest.mark.parametrize("plain", ["Priya", "12 March", "a=b", "https://x.example/?a=b"])
def test_other_cells_stay_as_they_are(plain):
    assert neutral_cell(plain) == plain


@pytest.mark.parametrize("nothing", ["", None])
def test_an_empty_cell_stays_empty(nothing):
    assert not neutral_cell(nothing)
