"""The same faults in other words than those of the packs' own examples."""

import tomllib
from datetime import date
from pathlib import Path

import pytest

from portal.notices.lint.engine import lint
from portal.notices.lint.notice import Context, notice_of_text

FAULTS = tomllib.loads((Path(__file__).parent / "paraphrases.toml").read_text("utf-8"))["faults"]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault["rule"])
def test_the_fault_is_found(fault, library, authorities):
    around = Context(on=date(2026, 11, 22), editions=tuple(library), authorities=authorities)
    assert fault["rule"] in {finding.rule for finding in lint(notice_of_text(fault["text"]), around)}
