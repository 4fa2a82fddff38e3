"""`portal release publish` with merged texts that nobody has read, as it is typed."""

import json

import pytest
from sqlalchemy import func, select

from portal.core import clock
from portal.identity.permissions import SYSTEM
from portal.notices.models import ChangeStage, NoticeChange
from portal.notices.releases import publish_release, release_named, withdraw_release
from portal.tenancy.scope import every_tenant
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


@pytest.mark.parametrize("command", ["publish", "withdraw"])
def test_a_second_time_goes_on_with_what_was_interrupted(portal, merging, command):
    """The process was killed after it had published or withdrawn, and no worker runs."""
    act = {"publish": publish_release, "withdraw": withdraw_release}
    with merging.database.transaction() as session, every_tenant(session, "tests"):
        for name in ("publish", "withdraw")[: 1 + (command == "withdraw")]:
            act[name](session, SYSTEM, release_named(session, "2027-01"), now=clock.now())
    done = portal("release", command, "2027-01")
    assert done.exit_code == 0
    assert "before" in done.stdout
    with merging.database.session() as session:
        assert session.scalar(select(func.count()).where(NoticeChange.stage != ChangeStage.DONE)) == 0
