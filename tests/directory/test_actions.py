"""Changing the directory: who may, what is kept of the past, and the line that it leaves."""

from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from portal.audit.models import AuditEntry
from portal.core import clock
from portal.core.errors import Forbidden, Invalid
from portal.directory.actions import (
    NewName,
    change_contacts,
    load_postcodes,
    propose_link,
    rename_authority,
    web_address,
)
from portal.directory.models import LinkProposal, PostcodeBlock, PostcodeEdition, PostcodeKind
from portal.directory.postcode_file import read_postcode_file
from portal.directory.queries import authority_row, council_at, council_by_key
from portal.directory.rules import LinkKind
from portal.identity.permissions import SYSTEM
from portal.tenancy.scope import every_tenant
from tests.directory.builders import postcode_file, postcode_row

NOW = clock.now()
TODAY = clock.today()


def table(*pairs):
    rows = [postcode_row(pcds, "E07000070", cty="E10000012") for pcds in pairs]
    return read_postcode_file(postcode_file(rows)).table


def load(session, actor, *pairs):
    with every_tenant(session, "tests"):
        load_postcodes(session, actor, table(*pairs), kind=PostcodeKind.REAL, name="test", count=len(pairs), now=NOW)


def test_loading_again_replaces_every_postcode(session):
    load(session, SYSTEM, "CM1 1AA", "CM2 1AA")
    load(session, SYSTEM, "CM1 1AB")
    assert session.scalars(select(PostcodeBlock.outward)).all() == ["CM1"]
    assert session.scalars(select(PostcodeEdition.postcodes)).all() == [1]
    assert council_at(session, "CM1 1AB", TODAY).council.key == "essex"
    with pytest.raises(Invalid, match="could not find"):
        council_at(session, "CM1 1AA", TODAY)


@pytest.mark.parametrize("name", ["asha", "devi", "cal"])
def test_only_the_directorys_editors_change_it(session, actor, name):
    essex = authority_row(session, "essex")
    with pytest.raises(Forbidden):
        load(session, actor(name), "CM1 1AA")
    with pytest.raises(Forbidden):
        propose_link(session, actor(name), essex, kind=LinkKind.MAIN, url="https://www.essex.gov.uk/x", now=NOW)


def test_the_same_proposal_is_made_once_and_leaves_a_line(session, actor):
    essex = authority_row(session, "essex")
    with every_tenant(session, "tests"):
        before = session.scalar(select(func.count()).select_from(AuditEntry))
        for _ in range(2):
            propose_link(session, actor("dora"), essex, kind=LinkKind.MAIN, url="https://www.essex.gov.uk/x", now=NOW)
        assert session.scalar(select(func.count()).select_from(AuditEntry)) == before + 1
    assert len(session.scalars(select(LinkProposal)).all()) == 1


def test_former_contacts_and_names_hold_on_their_days(session, actor):
    essex = authority_row(session, "essex")
    soon = TODAY + timedelta(days=30)
    with every_tenant(session, "tests"):
        change_contacts(session, actor("dora"), essex, {"email": "new@essex.example"}, today=TODAY, now=NOW)
        rename_authority(session, actor("dora"), essex, NewName("Essex Council", "Essex", soon), today=TODAY, now=NOW)
    session.flush()
    old = council_by_key(session, "essex", TODAY - timedelta(days=1))
    new = council_by_key(session, "essex", soon)
    assert "dpo@essex.gov.uk" in {one.value for one in old.contacts}
    assert {one.value for one in new.contacts if one.kind == "email"} == {"new@essex.example"}
    assert (old.name, new.name) == ("Essex County Council", "Essex Council")


def test_a_name_cannot_begin_before_the_present_one(session, actor):
    southend = authority_row(session, "southend")
    with pytest.raises(Invalid, match="begin after"), every_tenant(session, "tests"):
        rename_authority(
            session, actor("dora"), southend, NewName("X", "X", date(2020, 1, 1)), today=date(2019, 1, 1), now=NOW
        )


@pytest.mark.parametrize(
    "url", ["", "essex.gov.uk", "javascript:x", "https://u:p@x.example/", "https://x/", "https://x.example/a b"]
)
def test_what_is_no_web_address_is_refused(url):
    with pytest.raises(Invalid):
        web_address(url)
