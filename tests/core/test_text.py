import pytest

from portal.core.text import neutral_cell


@pytest.mark.parametrize("nothing", ["", None])
def test_an_empty_cell_stays_empty(nothing):
    assert neutral_cell(nothing) == ""


@pytest.mark.parametrize("formula", ["=1+1", " +1", "@x", "-2", "\tx", "'=x"])
def test_a_cell_that_a_spreadsheet_would_run_is_made_text(formula):
    assert neutral_cell(formula).startswith("'")
