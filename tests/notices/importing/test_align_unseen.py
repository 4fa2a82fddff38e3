"""Notices written by hand, apart from the made ones that the thresholds were chosen on."""

from pathlib import Path

import pytest

from portal.notices.importing.align import align
from portal.notices.importing.blocks import read_blocks

UNSEEN = sorted((Path(__file__).parent / "unseen").glob("*.txt"))


def _annotated(path):
    for line in path.read_text("utf-8").splitlines():
        if not line.startswith("#"):
            answer, _, text = line.partition(" | ")
            yield [None if part == "-" else part for part in answer.split()], text


@pytest.mark.parametrize("path", UNSEEN, ids=lambda path: path.stem)
def test_a_hand_written_notice_is_classed_as_a_person_would(path, library, authorities):
    expected = list(_annotated(path))
    document = "\n\n".join(text for _, text in expected)
    report = align(read_blocks(document), library, authorities)
    found = [([entry.kind.value, entry.clause, entry.authority], entry.block.text) for entry in report.entries]
    wrong = [
        (want, got, text)
        for (want, text), (got, _) in zip(expected, found, strict=True)
        if want[0] != got[0] or (want[1] and want[1] != got[1]) or want[2] != got[2]
    ]
    assert wrong == []
