"""`portal release publish` with merged texts that nobody has read, as it is typed."""

import json

import pytest

from tests.notices.conftest import Press

HELD = "information.held"


@pytest.fixture
def merging(database):
    press = Press(database)
    press.settle()
    press.adapt("alder-primary", HELD, lambda text: f"Something before.\n\n{text}")
    press.release("2027-01", {HELD: lambda text: f"{text}\n\nA shared last line."}, publishes=False)
    return press


def test_merged_texts_that_nobody_read_are_printed_beside_the_answer(portal, merging):
    done = portal("release", "publish", "2027-01")
    assert done.exit_code == 0
    assert "Something before." in done.stderr
    assert "A shared last line." in done.stderr
    assert "Something before." not in done.stdout
    assert "A shared last line." in merging.text("alder-primary")


def test_strictly_nothing_is_published_that_nobody_read(portal, merging):
    done = portal("release", "publish", "2027-01", "--strict")
    assert done.exit_code == 2
    assert "Read the merged texts first" in done.stderr
    assert "A shared last line." not in merging.text("birch-academy")


def test_the_plan_tells_what_is_missing_where(portal, merging):
    merging.release("2027-02", {"limits.sale": lambda text: f"{text}\n\nAsk {{{{ trust.name }}}}."}, publishes=False)
    lines = json.loads(portal("release", "plan", "2027-02", "--json").stdout)
    missing = {line["school"]: [one["fact"] for one in line["missing"]] for line in lines}
    assert missing["alder-primary"] == ["trust.name"]
    assert missing["birch-academy"] == []
    told = portal("release", "plan", "2027-02").stdout
    assert "alder-primary: limits.sale waits, because the name of the trust" in told
