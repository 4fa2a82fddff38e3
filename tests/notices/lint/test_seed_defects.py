"""Every defect that is known of the two published notices. Their sentences are read from where they lie."""

import csv
from datetime import date
from pathlib import Path

import pytest

from portal.notices.importing.blocks import read_blocks
from portal.notices.importing.template import split_template
from portal.notices.lint.engine import lint
from portal.notices.lint.notice import Context, notice_of_text

TODAY = date(2026, 11, 22)
EIGHT = frozenset(["881", "882", "883", "886", "317", "311", "891", "871"])
TEMPLATE = "000_52385221c419b91d.txt"
DEFECTS = Path(__file__).parents[3].parent / "shared" / "domain" / "seed-defects.csv"


def defects():
    if not DEFECTS.is_file():
        return [
            pytest.param({}, marks=pytest.mark.skip(reason="the seed notices are not beside this copy of the project"))
        ]
    with DEFECTS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [
        pytest.param(row, id=f"{row['seed'][:3]}-{number}-{row['rule']}") for number, row in enumerate(rows, start=2)
    ]


@pytest.fixture(scope="module")
def findings(shared, library, authorities):
    """For each seed what is found with the template among the editions, and with our own library alone."""
    seeds = shared / "seeds"
    template = split_template(
        read_blocks((seeds / TEMPLATE).read_text("utf-8")), library[0], authorities, name="igs-template"
    ).edition
    found = {}
    for path in seeds.glob("00*.txt"):
        notice = notice_of_text(path.read_text("utf-8"), path.name)
        for name, editions in (("with template", (*library, template)), ("library alone", tuple(library))):
            around = Context(on=TODAY, editions=editions, authorities=authorities, listed=EIGHT)
            found[path.name, name] = lint(notice, around)
    return found


@pytest.mark.parametrize("compared", ["with template", "library alone"])
@pytest.mark.parametrize("row", defects())
def test_the_linter_finds_the_defect(findings, row, compared):
    text = row["text (empty: something is absent)"]
    same_rule = [finding for finding in findings[row["seed"], compared] if finding.rule == row["rule"]]
    assert [f for f in same_rule if text in f.text and f.severity.value == row["severity"]], same_rule


def test_each_council_link_that_was_lost_is_told(findings):
    found = findings[TEMPLATE, "with template"]
    assert sum(f.rule == "link.here" and f.clause == "sharing.authorities" for f in found) == 8


def test_each_empty_link_is_told(findings):
    copy = next(name for name, _ in findings if name != TEMPLATE)
    assert sum(f.rule == "link.empty" for f in findings[copy, "with template"]) == 7
