"""`portal bench fanout`: a release over many schools in a throw-away database, beside its lower bound."""

import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click
from sqlalchemy import event, func, insert, select

from portal.commands.house import print_json
from portal.core import clock
from portal.core.database import Base, Database
from portal.identity.permissions import SYSTEM
from portal.lifecycle.packs.load import load_packs
from portal.lifecycle.schema import migrate
from portal.notices import queries
from portal.notices.actions import keep_text
from portal.notices.background import NoticeWork
from portal.notices.fragments import fragment
from portal.notices.gathering import KnownTexts, fill_shelf, texts
from portal.notices.merge import merge
from portal.notices.models import ChangeStage, MergeResult, Override, OverrideMode, Publication, TextPart
from portal.notices.queries import release_in_force
from portal.notices.reading import text_hash
from portal.notices.releases import ClauseWords, new_draft, publish_release, release_named, save_clause
from portal.notices.sealing import BATCH, due_change, packed, unpacked
from portal.settings import Settings, load
from portal.tenancy.models import Fact, SchoolLaw, Tenant, TenantKind, TenantStatus
from portal.tenancy.scope import every_tenant

_CLAUSE = "limits.minimise"
_SENTENCE = "This sentence measures how fast a change spreads."
_OWN = "Our school number {} adds this sentence of its own."
_ROWS = 500
_SAMPLES = 200


@click.command()
@click.option("--schools", default=32_000, show_default=True, type=click.IntRange(1, 100_000))
@click.option(
    "--overriding", type=click.IntRange(0), help="Schools with words of their own in the clause; default: one in ten."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def fanout(schools: int, overriding: int | None, *, as_json: bool) -> None:
    """Publish a release to many schools: rows written, merges and renders done, time until served and until sealed."""
    with tempfile.TemporaryDirectory() as folder:
        settings = load(
            {"PORTAL_DATA_DIR": folder, "PORTAL_SECRET_KEY": "a key that is used for measuring and for nothing else"}
        )
        migrate(settings)
        found = _measure(settings, schools, min(schools - 1, schools // 10 if overriding is None else overriding))
    if as_json:
        print_json(found)
        return
    for name, value in found.items():
        click.echo(f"{name.replace('_', ' '):48} {value}")


def _measure(settings: Settings, schools: int, overriding: int) -> dict[str, float | int]:
    database = Database(settings.database_url)
    _people(database, settings.tenants_dir, schools)
    _override(database, schools, overriding)
    first = _work(database, size=500)
    name = _draft(database)
    counted = _Counted(database)
    started = time.perf_counter()
    with database.transaction() as session, every_tenant(session, "bench"):
        publish_release(session, SYSTEM, release_named(session, name), now=clock.now())
    written = time.perf_counter() - started
    published = counted.since_last()
    served = _until_served(database)
    bound = _one_commit(database)
    counted.since_last()
    work = _work(database)
    behind = counted.since_last()
    pairs, merge_bound, seal_bound = _lower_bounds(database)
    database.dispose()
    versions = behind.inserted["publication"]
    return {
        "schools": schools,
        "overriding_schools": overriding,
        "rows_written_by_publishing": published.rows,
        "seconds_until_written": round(written, 4),
        "lower_bound_one_commit_seconds": round(bound, 4),
        "seconds_until_served_besides_1_s_of_page_cache": round(served, 4),
        "merges": behind.inserted["override"],
        "distinct_merges": pairs,
        "seconds_merging": round(work.merging, 3),
        "lower_bound_distinct_merges_alone_seconds": round(merge_bound, 4),
        "renders_of_markdown": published.renders + behind.renders,
        "versions_sealed": versions,
        "seconds_sealing": round(work.sealing, 2),
        "lower_bound_compress_and_hash_seconds": round(seal_bound * versions, 2),
        "seconds_until_sealed": round(work.merging + work.sealing, 2),
        "seconds_to_seal_first_versions": round(first.sealing, 2),
        "milliseconds_a_version": round(1000 * work.sealing / max(versions, 1), 3),
        "rows_written_in_the_background": behind.rows,
        "rows_changed_in_the_background": behind.updated,
        **_spread(work.writing),
    }


@dataclass(slots=True)
class _Worked:
    """Seconds of background work by what it was, and of each of its transactions that write."""

    merging: float = 0.0
    sealing: float = 0.0
    writing: list[float] = field(default_factory=list)


def _work(database: Database, *, size: int = BATCH) -> _Worked:
    work, found = NoticeWork(database, size=size), _Worked()
    while True:
        with database.session() as session:
            change = due_change(session, now=clock.now())
        if change is None:
            return found
        started = time.perf_counter()
        work.step(now=clock.now())
        seconds = time.perf_counter() - started
        if change.stage is ChangeStage.SEALING:
            found.sealing += seconds
        else:
            found.merging += seconds
        found.writing.append(work.seconds_writing)


def _spread(seconds: list[float]) -> dict[str, float]:
    """How long other writers wait for one of the background's transactions: the middle, 99 in 100, and the longest."""
    found = sorted(seconds) or [0.0]
    return {
        "writer_milliseconds_p50": round(found[len(found) // 2] * 1000, 1),
        "writer_milliseconds_p99": round(found[len(found) * 99 // 100] * 1000, 1),
        "longest_writer_milliseconds": round(found[-1] * 1000, 1),
    }


@dataclass(frozen=True, slots=True)
class _Count:
    """Rows that were put in, by table, rows that were changed, and texts that were rendered."""

    inserted: Counter[str]
    updated: int
    renders: int

    @property
    def rows(self) -> int:
        return self.inserted.total() + self.updated


class _Counted:
    """Counts what is written from one look to the next."""

    def __init__(self, database: Database) -> None:
        self.database, self.updated = database, 0
        event.listen(database.engine, "after_cursor_execute", self._after)
        self.present, self.renders = _counts(database), fragment.cache_info().misses

    def since_last(self) -> _Count:
        present, renders, updated = _counts(self.database), fragment.cache_info().misses, self.updated
        found = _Count(present - self.present, updated, renders - self.renders)
        self.present, self.renders, self.updated = present, renders, 0
        return found

    def _after(self, _connection: object, cursor: Any, statement: str, *_rest: object) -> None:  # noqa: ANN401 - DB-API
        if statement.startswith("UPDATE"):
            self.updated += max(cursor.rowcount, 0)


def _override(database: Database, schools: int, overriding: int) -> None:
    """The last schools have words of their own in the clause; every second one pasted its neighbour's."""
    now = clock.now()
    with database.transaction() as session, every_tenant(session, "bench"):
        release = release_in_force(session, now)
        assert release is not None
        row = next(one for one in release.clauses if one.key == _CLAUSE)
        text = texts(session, [row.part_hash])[row.part_hash]
        slugs = [f"bench-{number}" for number in range(schools - overriding, schools)]
        ids = dict(session.execute(select(Tenant.slug, Tenant.id).where(Tenant.slug.like("bench-%"))).all())
        for number, slug in enumerate(slugs):
            digest = keep_text(session, f"{_OWN.format(number // 2)}\n\n{text}")
            session.add(
                Override(
                    tenant_id=ids[slug], key=_CLAUSE, clause_key=_CLAUSE, mode=OverrideMode.ADAPT, part_hash=digest,
                    base_hash=row.part_hash, base_release=release.name, effective_at=now,
                )
            )  # fmt: skip


def _lower_bounds(database: Database) -> tuple[int, float, float]:
    """(distinct merges, seconds for these merges alone, seconds to compress and hash one version)."""
    with database.session() as session, every_tenant(session, "bench"):
        rows = session.scalars(select(MergeResult)).all()
        wanted = {digest for row in rows for digest in (row.base_hash, row.shared_hash, row.local_hash)}
        words = KnownTexts()
        ordered = sorted(wanted)
        for start in range(0, len(ordered), _ROWS):
            words.fetch(session, ordered[start : start + _ROWS])
        row = session.scalars(select(Publication).order_by(Publication.id.desc()).limit(1)).one()
        dictionary = texts(session, [row.dictionary])[row.dictionary]
        text = unpacked(row.body, dictionary)
    started = time.perf_counter()
    for one in rows:
        merge(words[one.base_hash], words[one.shared_hash], words[one.local_hash])
    merging = time.perf_counter() - started
    started = time.perf_counter()
    for _ in range(_SAMPLES):
        packed(text, dictionary)
        text_hash(text)
    return len(rows), merging, (time.perf_counter() - started) / _SAMPLES


def _people(database: Database, tenants: Path, schools: int) -> None:
    """Schools with what a notice needs, none with words of its own."""
    now = clock.now() - timedelta(days=1)
    with database.transaction() as session, every_tenant(session, "bench"):
        load_packs(session, tenants, now=now)
        for start in range(0, schools, _ROWS):
            numbers = range(start, min(start + _ROWS, schools))
            session.execute(insert(Tenant), [_school(number, now) for number in numbers])
        ids = list(session.execute(select(Tenant.id, Tenant.slug).where(Tenant.slug.like("bench-%"))))
        for start in range(0, len(ids), _ROWS):
            rows = [row for tenant_id, slug in ids[start : start + _ROWS] for row in _facts(tenant_id, slug, now)]
            session.execute(insert(Fact), rows)


def _school(number: int, now: datetime) -> dict[str, object]:
    return {
        "slug": f"bench-{number}", "kind": TenantKind.SCHOOL, "name": f"Bench School {number}",
        "status": TenantStatus.LIVE, "law": SchoolLaw.MAINTAINED, "languages": ["en"], "created_at": now, "version": 1,
    }  # fmt: skip


def _facts(tenant_id: int, slug: str, now: datetime) -> list[dict[str, object]]:
    values = {
        "school.email": f"office@{slug}.example",
        "school.telephone": "01632 960000",
        "school.website": f"https://{slug}.example/",
        "controller.name": f"the governing body of {slug}",
    }
    return [{"tenant_id": tenant_id, "key": key, "value": value, "effective_at": now} for key, value in values.items()]


def _draft(database: Database) -> str:
    now = clock.now()
    with database.transaction() as session, every_tenant(session, "bench"):
        draft = new_draft(session, SYSTEM, name="bench", title="Bench", effective_at=now, now=now)
        row = next(one for one in draft.clauses if one.key == _CLAUSE)
        text = texts(session, [row.part_hash])[row.part_hash]
        words = ClauseWords(_CLAUSE, row.title, f"{text}\n\n{_SENTENCE}", "To measure.", draft.version)
        save_clause(session, SYSTEM, draft, words, now=now)
        return draft.name


def _until_served(database: Database) -> float:
    started = time.perf_counter()
    with database.session() as session:
        school = session.scalars(select(Tenant).where(Tenant.slug == "bench-0")).one()
        shown = queries.notice_at(session, school, clock.now(), shelf=fill_shelf(session))
    assert _SENTENCE in shown.text
    return time.perf_counter() - started


def _one_commit(database: Database) -> float:
    """The least that publishing can cost: one row in one durable commit."""
    best = 1.0
    for number in range(5):
        started = time.perf_counter()
        with database.transaction() as session:
            session.add(TextPart(hash=f"bench-{number}", text="x"))
        best = min(best, time.perf_counter() - started)
    return best


def _counts(database: Database) -> Counter[str]:
    with database.session() as session, every_tenant(session, "bench"):
        models = (mapper.class_ for mapper in Base.registry.mappers)
        return Counter(
            {one.__tablename__: session.scalar(select(func.count()).select_from(one)) or 0 for one in models}
        )
