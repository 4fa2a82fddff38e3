"""A notice that meets the law in its own words: the linter must not cry wolf."""

from datetime import date
from pathlib import Path

import pytest

from portal.notices.lint.engine import lint
from portal.notices.lint.findings import Severity
from portal.notices.lint.notice import Context, notice_of_text

SOUND = sorted((Path(__file__).parent / "sound").glob("*.txt"))


@pytest.mark.parametrize("path", SOUND, ids=lambda path: path.stem)
def test_a_sound_notice_has_neither_errors_nor_warnings(path, library, authorities):
    around = Context(on=date(2026, 11, 22), editions=tuple(library), authorities=authorities)
    found = lint(notice_of_text(path.read_text("utf-8")), around)
    assert [finding for finding in found if finding.severity is not Severity.INFO] == []
