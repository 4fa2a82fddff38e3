"""`docs/security.md` names each requirement that applies, and tests that are there."""

import ast
import re

from portal.settings import ROOT

PAPER = (ROOT / "docs/security.md").read_text()
REQUIRED = [
    "1.2.1",
    "1.2.2",
    "1.2.3",
    "1.2.4",
    "1.2.5",
    "1.2.9",
    "1.3.1",
    "1.3.6",
    "1.3.7",
    "1.3.11",
    "1.5.1",
    "1.5.2",
    "2.2.1",
    "2.2.2",
    "2.3.1",
    "2.3.2",
    "2.3.3",
    "2.3.4",
    "2.4.1",
    "3.2.1",
    "3.3.1",
    "3.3.2",
    "3.3.3",
    "3.3.4",
    "3.4.1",
    "3.4.2",
    "3.4.3",
    "3.4.4",
    "3.4.5",
    "3.4.6",
    "3.5.1",
    "3.5.3",
    "3.7.2",
    "4.1.1",
    "4.1.3",
    "4.2.1",
    "5.1.1",
    "5.2.1",
    "5.2.2",
    "5.2.3",
    "5.3.2",
    "5.4.1",
    "5.4.2",
    "5.4.3",
    "6.1.2",
    "6.2.1",
    "6.2.4",
    "6.2.5",
    "6.2.7",
    "6.2.8",
    "6.2.9",
    "6.2.10",
    "6.2.11",
    "6.2.12",
    "6.3.1",
    "6.3.2",
    "6.3.3",
    "6.3.4",
    "6.4.1",
    "6.4.2",
    "6.4.3",
    "6.5.1",
    "6.5.2",
    "6.5.3",
    "6.5.4",
    "6.5.5",
    "6.6.2",
    "6.6.3",
    "6.8.1",
    "7.2.3",
    "7.2.4",
    "7.3.1",
    "7.3.2",
    "7.4.1",
    "7.4.2",
    "7.4.3",
    "7.4.5",
    "7.5.1",
    "7.5.2",
    "7.6.2",
    "8.1.1",
    "8.1.2",
    "8.2.1",
    "8.2.2",
    "8.2.3",
    "8.4.1",
    "9.1.1",
    "9.2.3",
    "11.2.2",
    "11.3.3",
    "11.4.2",
    "11.5.1",
    "12.2.1",
    "12.3.1",
    "13.2.2",
    "13.3.1",
    "13.4.1",
    "13.4.2",
    "13.4.3",
    "13.4.4",
    "13.4.5",
    "14.2.1",
    "14.3.1",
    "14.3.2",
    "15.1.2",
    "15.3.1",
    "15.3.3",
    "15.3.4",
    "15.3.7",
    "16.2.1",
    "16.2.2",
    "16.2.5",
    "16.3.1",
    "16.3.2",
    "16.4.1",
    "16.4.2",
    "16.4.3",
    "16.5.1",
    "16.5.2",
    "16.5.3",
]


def rows():
    """(ids, tests) of each line of the list of requirements."""
    for line in PAPER.partition("## ASVS 5.0")[2].splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) == 4 and cells[1].startswith("V"):
            yield re.findall(r"\bV(\d+\.\d+\.\d+)", cells[1]), re.findall(r"`(tests/[^`]+)`", cells[2])


def test_every_requirement_of_the_plan_is_named():
    named = {number for numbers, _tests in rows() for number in numbers}
    assert set(REQUIRED) - named == set()
    assert named - set(REQUIRED) == set()


def test_every_requirement_is_shown_by_a_test():
    assert not [numbers for numbers, tests in rows() if not any("::test_" in test for test in tests)]


def test_every_test_that_is_named_is_there():
    missing = []
    for named in re.findall(r"`(tests/[^`]+)`", PAPER):
        path, _mark, test = named.partition("::")
        if not (ROOT / path).exists():
            missing.append(named)
        elif test:
            functions = {node.name for node in ast.walk(ast.parse((ROOT / path).read_text())) if hasattr(node, "name")}
            missing += [] if test in functions else [named]
    assert missing == []
