"""The trail is one line, whoever writes at once, and every kind of tampering shows."""

import json
import os
import threading
import time
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from portal.audit.actions import SYSTEM, Witness, record
from portal.audit.models import AuditEntry, AuditHead, SealedHead
from portal.audit.queries import verify
from portal.audit.rules import GENESIS, LABELS, AuditKind, canonical, chain_hash
from portal.audit.sealing import check_heads, seal_heads
from portal.cli import main
from portal.core import clock
from portal.core.database import Database
from portal.core.errors import Invalid
from portal.tenancy.models import Tenant
from portal.tenancy.scope import every_tenant, tenant_scope

LINES = 20
LONG = 1_000_000 if os.environ.get("DRILL") else 4_000
VECTOR = "0cd3dce903b016ff9b1c1b338791e79945ca112ac8622dbb7624c098b0d72969"


def tenant_id(database, slug="alder-primary"):
    with database.session() as session:
        return session.scalars(select(Tenant.id).where(Tenant.slug == slug)).one()


def write(database, tenant, number=LINES, person=1):
    for _ in range(number):
        with database.transaction() as session, tenant_scope(session, tenant):
            record(
                session, Witness("person", person), AuditKind.CASE_READ, tenant_id=tenant, subject=("case", 7),
                now=clock.now(),
            )  # fmt: skip


def report(database, tenant):
    with database.session() as session, tenant_scope(session, tenant):
        return verify(session, tenant)


@pytest.fixture
def chain(database):
    """The id of a tenant with a chain of at least twenty lines."""
    found = tenant_id(database)
    write(database, found)
    return found


@pytest.fixture
def tamper(settings, backend):
    """Runs statements past the scope and the walls, as somebody would who took over the owner's role."""

    def run(*statements):
        owner = Database(settings.database_owner_url or settings.database_url)
        with owner.engine.execution_options(portal_writes=True).begin() as connection:
            for table in ("audit_entry", "audit_head", "sealed_head"):
                if backend == "postgresql":
                    connection.exec_driver_sql(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
                    connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER USER")
                else:
                    for deed in ("update", "delete"):
                        connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {table}_no_{deed}")
            for statement in statements:
                connection.execute(statement)
        owner.dispose()

    return run


def test_an_untouched_chain_is_whole(database, chain):
    found = report(database, chain)
    assert found.broken_at is None
    assert found.entries >= LINES


def test_eight_writers_at_once_make_one_line(database):
    tenant = tenant_id(database)
    threads = [threading.Thread(target=write, args=(database, tenant, 25, person)) for person in range(1, 9)]
    before = report(database, tenant).entries
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = report(database, tenant)
    assert (found.broken_at, found.entries) == (None, before + 200)
    with database.session() as session, tenant_scope(session, tenant):
        sequences = session.scalars(select(AuditEntry.sequence).order_by(AuditEntry.sequence)).all()
    assert sequences == list(range(1, len(sequences) + 1))


def row(tenant, sequence):
    return (AuditEntry.tenant_id == tenant, AuditEntry.sequence == sequence)


def test_an_edited_entry_is_found(database, chain, tamper):
    tamper(update(AuditEntry).where(*row(chain, 5)).values(actor_id=999))
    assert report(database, chain).broken_at == 5


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "case.closed"}, {"subject_id": "8"}, {"subject_kind": "file"}, {"origin": "203.0.113.9"},
        {"details": {"role": "head"}}, {"at": datetime(2020, 1, 1, tzinfo=UTC)},
        {"actor_kind": "system"}, {"hash": "f" * 64},
    ],
)  # fmt: skip
def test_an_edit_of_any_column_is_found(database, chain, tamper, change):
    tamper(update(AuditEntry).where(*row(chain, 6)).values(**change))
    assert report(database, chain).broken_at == 6


def test_a_deleted_entry_is_found(database, chain, tamper):
    tamper(delete(AuditEntry).where(*row(chain, 9)))
    found = report(database, chain)
    assert (found.broken_at, found.reason) == (9, "entry 9 is missing")


def test_swapped_entries_are_found(database, chain, tamper):
    tamper(
        update(AuditEntry).where(*row(chain, 3)).values(sequence=1003),
        update(AuditEntry).where(*row(chain, 4)).values(sequence=3),
        update(AuditEntry).where(*row(chain, 1003)).values(sequence=4),
    )
    assert report(database, chain).broken_at == 3


def test_a_cut_tail_is_found(database, chain, tamper):
    last = report(database, chain).entries
    tamper(delete(AuditEntry).where(AuditEntry.tenant_id == chain, AuditEntry.sequence > last - 3))
    found = report(database, chain)
    assert (found.broken_at, found.reason) == (last - 2, "the newest entries are missing")


def test_an_inserted_entry_is_found(database, chain, tamper):
    values = {
        "tenant_id": chain, "previous_hash": "e" * 64, "at": clock.now(), "kind": "case.read", "actor_kind": "person",
        "actor_id": 1, "subject_kind": "case", "subject_id": "7", "origin": "", "details": {},
    }  # fmt: skip
    last = report(database, chain).entries
    moves = [update(AuditEntry).where(*row(chain, number)).values(sequence=number + 1) for number in range(last, 9, -1)]
    tamper(*moves, insert(AuditEntry).values(**values, sequence=10, hash="d" * 64))
    assert report(database, chain).broken_at == 10


def test_a_chain_written_afresh_is_found_by_a_head_that_left_the_house(database, chain, tamper, keys, settings):
    with database.transaction() as session, every_tenant(session, "test"):
        document = seal_heads(session, keys, now=clock.now())
    with database.session() as session, every_tenant(session, "test"):
        lines = session.scalars(
            select(AuditEntry).where(AuditEntry.tenant_id == chain).order_by(AuditEntry.sequence)
        ).all()
    previous, changes = GENESIS, []
    for line in lines:
        fields = {
            name: getattr(line, name)
            for name in (
                "tenant_id",
                "sequence",
                "kind",
                "actor_kind",
                "subject_kind",
                "subject_id",
                "origin",
                "details",
                "at",
            )
        }
        fields |= {"actor_id": 42, "previous_hash": previous}
        previous = chain_hash(canonical(**fields))
        changes.append(
            update(AuditEntry)
            .where(AuditEntry.id == line.id)
            .values(actor_id=42, previous_hash=fields["previous_hash"], hash=previous)
        )
    tamper(
        *changes,
        update(AuditHead).where(AuditHead.tenant_id == chain).values(hash=previous),
        delete(SealedHead).where(SealedHead.tenant_id == chain),
    )
    with database.session() as session, every_tenant(session, "test"):
        assert verify(session, chain).broken_at is None
        assert [fault.slug for fault in check_heads(session, document, keys)] == ["alder-primary"]


def test_a_document_of_heads_that_was_changed_is_refused(database, chain, keys):
    with database.transaction() as session, every_tenant(session, "test"):
        document = seal_heads(session, keys, now=clock.now())
        assert check_heads(session, document, keys) == []
        changed = json.loads(document)
        changed["heads"][0]["sequence"] += 1
        with pytest.raises(Invalid):
            check_heads(session, json.dumps(changed), keys)


def test_the_bytes_that_are_hashed_are_fixed():
    """A test vector: a chain of today must verify in ten years."""
    line = canonical(
        tenant_id=1, sequence=1, previous_hash=GENESIS, at=datetime(2026, 11, 22, 9, 30, 0, 250, tzinfo=UTC),
        kind="case.read", actor_kind="person", actor_id=7, subject_kind="case", subject_id="3", origin="192.0.2.1",
        details={"b": 1, "a": "ŵ"},
    )  # fmt: skip
    assert line == (
        b'{"actor":["person",7],"at":"2026-11-22T09:30:00.000250Z","details":{"a":"\\u0175","b":1},"kind":"case.read",'
        b'"origin":"192.0.2.1","previous":"' + b"0" * 64 + b'","sequence":1,"subject":["case","3"],"tenant":1}'
    )
    assert chain_hash(line) == VECTOR


CHANGES = [
    update(AuditEntry).values(actor_id=1),
    delete(AuditEntry),
    update(SealedHead).values(sequence=1),
    delete(SealedHead),
]


@pytest.mark.parametrize("statement", CHANGES)
def test_the_application_can_neither_change_nor_delete(database, chain, keys, statement):
    with database.transaction() as session, every_tenant(session, "test"):
        seal_heads(session, keys, now=clock.now())
    with pytest.raises(DBAPIError), database.transaction() as session, every_tenant(session, "test"):
        session.execute(statement, execution_options={"synchronize_session": False})


@pytest.mark.parametrize("statement", CHANGES)
def test_not_even_the_owner_changes_the_trail_by_mistake(database, settings, chain, keys, statement):
    with database.transaction() as session, every_tenant(session, "test"):
        seal_heads(session, keys, now=clock.now())
    owner = Database(settings.database_owner_url or settings.database_url)
    with owner.engine.execution_options(portal_writes=True).connect() as connection:
        if not owner.is_sqlite:
            for table in ("audit_entry", "sealed_head"):
                connection.exec_driver_sql(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        with pytest.raises(DBAPIError, match="append-only"):
            connection.execute(statement)
        connection.rollback()
    owner.dispose()


def seal(database, keys):
    with database.transaction() as session, every_tenant(session, "test"):
        return seal_heads(session, keys, now=clock.now())


def test_a_tail_that_was_cut_together_with_its_head_is_found_by_what_was_sealed(database, chain, tamper, keys):
    seal(database, keys)
    last = report(database, chain).entries
    with database.session() as session, tenant_scope(session, chain):
        left = session.scalars(select(AuditEntry.hash).where(*row(chain, last - 3))).one()
    tamper(
        delete(AuditEntry).where(AuditEntry.tenant_id == chain, AuditEntry.sequence > last - 3),
        update(AuditHead).where(AuditHead.tenant_id == chain).values(sequence=last - 3, hash=left),
    )
    found = report(database, chain)
    assert (found.broken_at, found.reason) == (last - 2, "entries that were sealed are missing")


def test_a_chain_that_is_gone_with_its_head_is_found_and_named_every_night(database, chain, tamper, keys):
    seal(database, keys)
    tamper(
        delete(AuditEntry).where(AuditEntry.tenant_id == chain), delete(AuditHead).where(AuditHead.tenant_id == chain)
    )
    assert report(database, chain).broken_at == 1
    for _night in range(2):
        heads = {one["tenant"]: one for one in json.loads(seal(database, keys))["heads"]}
        assert heads["alder-primary"]["whole"] is False


def test_a_chain_that_goes_on_after_it_was_sealed_is_whole(database, chain, keys):
    seal(database, keys)
    write(database, chain, 3)
    seal(database, keys)
    assert report(database, chain).broken_at is None


@pytest.mark.parametrize(
    ("column", "nonsense"),
    [("details", "{not json"), ("details", "[1, 2]"), ("details", "null"), ("at", "yesterday"), ("at", "")],
)
@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_line_that_cannot_be_read_is_named(database, chain, tamper, column, nonsense):
    statement = text(f"UPDATE audit_entry SET {column} = :value WHERE tenant_id = :tenant AND sequence = 4")
    tamper(statement.bindparams(value=nonsense, tenant=chain))
    found = report(database, chain)
    assert (found.broken_at, found.reason) == (4, "entry 4 cannot be read")


@pytest.mark.parametrize("backend", ["postgresql"])
def test_details_that_are_no_object_are_named_on_postgresql_too(database, chain, tamper):
    tamper(update(AuditEntry).where(*row(chain, 4)).values(details=[1, 2]))
    assert report(database, chain).broken_at == 4


def test_a_line_and_its_deed_stand_or_fall_together(database, chain):
    before = report(database, chain).entries
    with pytest.raises(RuntimeError), database.transaction() as session, tenant_scope(session, chain):
        record(session, SYSTEM, AuditKind.CASE_READ, tenant_id=chain, subject=("case", 1), now=clock.now())
        raise RuntimeError
    assert report(database, chain).entries == before


def test_contents_are_kept_as_salted_digests_only(database, chain):
    with database.transaction() as session, tenant_scope(session, chain):
        line = record(
            session, SYSTEM, AuditKind.FACT_RECORDED, tenant_id=chain, subject=("fact", "x"), now=clock.now(),
            contents={"value": "Priya Sharma"},
        )  # fmt: skip
        assert "Priya" not in json.dumps(line.details)
        other = record(
            session, SYSTEM, AuditKind.FACT_RECORDED, tenant_id=chain, subject=("fact", "x"), now=clock.now(),
            contents={"value": "Priya Sharma"},
        )  # fmt: skip
        assert other.details["value"] == line.details["value"]


def test_two_tenants_digest_the_same_words_differently(database):
    digests = set()
    for slug in ("alder-primary", "birch-academy"):
        tenant = tenant_id(database, slug)
        with database.transaction() as session, tenant_scope(session, tenant):
            line = record(
                session, SYSTEM, AuditKind.FACT_RECORDED, tenant_id=tenant, subject=("fact", "x"), now=clock.now(),
                contents={"value": "the same words"},
            )  # fmt: skip
            digests.add(line.details["value"])
    assert len(digests) == 2


def test_every_label_is_a_sentence_about_what_somebody_did():
    assert all(label[0].isupper() and not label.endswith(".") for label in LABELS.values())


def test_the_command_names_the_first_broken_link_of_each_tenant(database, chain, tamper, settings, monkeypatch):
    monkeypatch.setenv("PORTAL_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("PORTAL_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("PORTAL_SECRET_KEY", settings.secret_keys[0])
    write(database, tenant_id(database, "birch-academy"))
    assert CliRunner().invoke(main, ["audit", "verify", "--json"]).exit_code == 0
    tamper(update(AuditEntry).where(*row(chain, 5)).values(actor_id=999))
    done = CliRunner().invoke(main, ["audit", "verify", "--json"])
    assert done.exit_code == 1
    found = {line["tenant"]: line for line in json.loads(done.stdout)["tenants"]}
    assert found["alder-primary"]["broken_at"] == 5
    assert found["birch-academy"]["broken_at"] is None
    tamper(update(AuditEntry).where(*row(chain, 5)).values(details=[]))
    done = CliRunner().invoke(main, ["audit", "verify", "--json"])
    assert (done.exit_code, json.loads(done.stdout)["whole"]) == (1, False)


def test_the_command_names_a_chain_of_which_nothing_is_left(database, chain, tamper, keys, settings, monkeypatch):
    monkeypatch.setenv("PORTAL_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("PORTAL_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("PORTAL_SECRET_KEY", settings.secret_keys[0])
    seal(database, keys)
    tamper(
        delete(AuditEntry).where(AuditEntry.tenant_id == chain), delete(AuditHead).where(AuditHead.tenant_id == chain)
    )
    done = CliRunner().invoke(main, ["audit", "verify", "--json"])
    found = {line["tenant"]: line for line in json.loads(done.stdout)["tenants"]}
    assert (done.exit_code, found["alder-primary"]["broken_at"]) == (1, 1)
    assert "birch-academy" in found


def lengthen(database, tenant, lines):
    """Many lines at once, each as `record` would have made it."""
    with database.transaction() as session, every_tenant(session, "tests"):
        head = session.scalars(select(AuditHead).where(AuditHead.tenant_id == tenant)).one()
        for start in range(0, lines, 5_000):
            rows = []
            for number in range(start, min(start + 5_000, lines)):
                fields = {
                    "tenant_id": tenant, "sequence": head.sequence + 1, "previous_hash": head.hash, "at": clock.now(),
                    "kind": AuditKind.CASE_READ.value, "actor_kind": "person", "actor_id": 1, "subject_kind": "case",
                    "subject_id": str(number), "origin": "203.0.113.7", "details": {},
                }  # fmt: skip
                rows.append({**fields, "hash": chain_hash(canonical(**fields))})
                head.sequence, head.hash = rows[-1]["sequence"], rows[-1]["hash"]
            session.execute(insert(AuditEntry), rows)


def test_a_long_chain_is_walked_in_time(database, chain, backend, tamper, record_property):
    """R24: a million lines in a minute; the drill has a million and prints how long they take."""
    lengthen(database, chain, LONG)
    began = time.perf_counter()
    found = report(database, chain)
    seconds = time.perf_counter() - began
    record_property("lines", found.entries)
    record_property(f"{backend}_ms", round(seconds * 1000))
    assert (found.broken_at, found.entries) == (None, found.entries)
    assert found.entries >= LONG
    tamper(update(AuditEntry).where(*row(chain, LONG // 2)).values(actor_id=999))
    assert report(database, chain).broken_at == LONG // 2
