"""A closed case can be deleted for good: nothing anybody wrote stays, and the audit chain still verifies."""

import io

import pytest
from sqlalchemy import inspect, select

from portal.audit.queries import verify
from portal.casework.actions import add_note, close
from portal.casework.files import Filing, add_files
from portal.casework.models import CaseCount, FileRemoval
from portal.casework.purging import purge
from portal.casework.requester import requester_of, write_to_school
from portal.casework.search import find_case_ids
from portal.casework.stores import FolderStore
from portal.casework.timed import remove_by_the_clock
from portal.core import clock
from portal.core.errors import Conflict, Forbidden, NotFound
from portal.tenancy.scope import every_tenant, tenant_models

NOW = clock.now()
CANARY = "xylophonequartz"


@pytest.fixture
def filing(tmp_path, keys):
    return Filing(FolderStore(tmp_path / "files"), keys, has_scanner=False)


@pytest.fixture
def closed(everywhere, ask, actor, sender, filing):
    """A case with everything a case can have, every text of it marked."""
    opened = ask(requester_name=f"Priya {CANARY}", details=f"All about {CANARY}", email=f"{CANARY}@example.org")
    case, ben = opened.case, actor("ben")
    file = io.BytesIO(f"plain text about {CANARY}".encode())
    add_files(everywhere, ben, case, [(f"{CANARY}.txt", file)], key="k" * 20, filing=filing, now=NOW)
    add_note(
        everywhere, ben, case, f"Note on {CANARY}", hands_over=True, key="n" * 20, sender=sender, now=NOW
    )  # fmt: skip
    write_to_school(
        everywhere, requester_of(case), case, f"More about {CANARY}", key="m" * 20, sender=sender, now=NOW
    )  # fmt: skip
    close(
        everywhere, ben, case, "met", f"The answer to {CANARY}", seen=case.last_sequence, key="c" * 20, sender=sender,
        now=NOW,
    )  # fmt: skip
    everywhere.flush()
    return case


def everything(session):
    """Each table with each row's text."""
    for table, model in tenant_models().items():
        for row in session.scalars(select(model)):
            names = [column.key for column in inspect(model).columns]
            yield table.name, " ".join(str(getattr(row, name, "")) for name in names)


def test_nothing_that_was_written_stays(everywhere, closed, actor):
    assert any(CANARY in text for _, text in everything(everywhere))
    tenant_id, number = closed.tenant_id, closed.id
    purge(everywhere, actor("asha"), closed, now=NOW)
    everywhere.expunge_all()
    assert [(table, text) for table, text in everything(everywhere) if CANARY in text] == []
    assert number not in find_case_ids(everywhere, CANARY)
    if everywhere.get_bind().dialect.name == "sqlite":
        kept = b"".join(row[0] for row in everywhere.run_text("SELECT block FROM case_words_data") if row[0])
        assert CANARY.encode() not in kept, "the index itself has forgotten the word"
    assert not verify(everywhere, tenant_id).reason


def test_the_file_leaves_the_store_once_it_is_committed(
    database, settings, everywhere, closed, actor, filing, monkeypatch
):
    stored = everywhere.scalars(select(tenant_models_of("attachment"))).one().storage_name
    purge(everywhere, actor("asha"), closed, now=NOW)
    assert everywhere.scalars(select(FileRemoval.storage_name)).all() == [stored]
    assert b"".join(filing.store.get(stored)), "the store is emptied only after the commit"
    everywhere.commit()
    monkeypatch.setattr("portal.casework.timed.store_of", lambda _settings: filing.store)
    remove_by_the_clock(settings, database)
    with pytest.raises(NotFound):
        next(filing.store.get(stored))
    with database.session() as session, every_tenant(session, "tests"):
        assert session.scalars(select(FileRemoval)).all() == []


def test_counters_go_down_with_it(everywhere, closed, actor):
    def closed_ones():
        rows = everywhere.scalars(select(CaseCount).where(CaseCount.state == "closed"))
        return sum(row.number for row in rows)

    before = closed_ones()
    purge(everywhere, actor("asha"), closed, now=NOW)
    everywhere.expire_all()
    assert closed_ones() == before - 1


def test_an_open_case_and_the_wrong_person_are_refused(ask, everywhere, closed, actor):
    with pytest.raises(Conflict):
        purge(everywhere, actor("asha"), ask(requester_name="Somebody Else").case, now=NOW)
    for name in ("ben", "devi", "bea"):
        with pytest.raises(Forbidden):
            purge(everywhere, actor(name), closed, now=NOW)


def tenant_models_of(name):
    return next(model for table, model in tenant_models().items() if table.name == name)
