"""`portal bench fanout`: a release over many schools in a throw-away database, beside its lower bound."""

import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path

import click
from sqlalchemy import func, insert, select

from portal.commands.house import print_json
from portal.core import clock
from portal.core.database import Database
from portal.identity.permissions import SYSTEM
from portal.lifecycle.packs.load import load_packs
from portal.lifecycle.schema import migrate
from portal.notices import queries
from portal.notices.background import NoticeWork
from portal.notices.gathering import fill_shelf, texts
from portal.notices.models import Generation, NoticeChange, Override, Publication, ReleaseClause, TextPart
from portal.notices.releases import ClauseWords, new_draft, publish_release, release_named, save_clause
from portal.settings import Settings, load
from portal.tenancy.models import Fact, SchoolLaw, Tenant, TenantKind, TenantStatus
from portal.tenancy.scope import every_tenant

_CLAUSE = "limits.minimise"
_SENTENCE = "This sentence measures how fast a change spreads."
_COUNTED = (TextPart, ReleaseClause, NoticeChange, Generation, Override, Publication)
_ROWS = 1000


@click.command()
@click.option("--schools", default=32_000, show_default=True, type=click.IntRange(1, 100_000))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def fanout(schools: int, *, as_json: bool) -> None:
    """Publish a release to many schools: rows written, time until served, time until sealed."""
    with tempfile.TemporaryDirectory() as folder:
        settings = load(
            {"PORTAL_DATA_DIR": folder, "PORTAL_SECRET_KEY": "a key that is used for measuring and for nothing else"}
        )
        migrate(settings)
        found = _measure(settings, schools)
    if as_json:
        print_json(found)
        return
    for name, value in found.items():
        click.echo(f"{name.replace('_', ' '):48} {value}")


def _measure(settings: Settings, schools: int) -> dict[str, float | int]:
    database = Database(settings.database_url)
    _people(database, settings.tenants_dir, schools)
    work = NoticeWork(database, size=500)
    started = time.perf_counter()
    while work.step(now=clock.now()):
        pass
    first = time.perf_counter() - started
    name = _draft(database)
    before = _counts(database)
    started = time.perf_counter()
    with database.transaction() as session, every_tenant(session, "bench"):
        publish_release(session, SYSTEM, release_named(session, name), now=clock.now())
    written = time.perf_counter() - started
    rows = {key: value - before[key] for key, value in _counts(database).items()}
    served = _until_served(database)
    bound = _one_commit(database)
    started = time.perf_counter()
    longest = 0.0
    work = NoticeWork(database)
    while work.step(now=clock.now()):
        longest = max(longest, work.seconds_writing)
    sealed = time.perf_counter() - started
    versions = _counts(database)["publication"] - before["publication"]
    database.dispose()
    return {
        "schools": schools,
        "rows_written_by_publishing": sum(rows.values()),
        "seconds_until_written": round(written, 4),
        "lower_bound_one_commit_seconds": round(bound, 4),
        "seconds_until_served_besides_1_s_of_page_cache": round(served, 4),
        "versions_sealed": versions,
        "seconds_until_sealed": round(sealed, 2),
        "seconds_to_seal_first_versions": round(first, 2),
        "milliseconds_a_version": round(1000 * sealed / max(versions, 1), 3),
        "longest_writer_milliseconds": round(longest * 1000, 1),
    }


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


def _counts(database: Database) -> dict[str, int]:
    with database.session() as session, every_tenant(session, "bench"):
        return {model.__tablename__: session.scalar(select(func.count()).select_from(model)) or 0 for model in _COUNTED}
