"""`portal bench inbox`: each view of the inbox over many cases."""

import sys
from dataclasses import asdict, dataclass
from http import HTTPStatus

import click
from sqlalchemy import event

from portal.app import create_app
from portal.casework.bench import Timing, fill, measure, milliseconds
from portal.commands.bench import bench
from portal.commands.house import current_settings, print_json
from portal.core import clock
from portal.core.database import Database
from portal.core.secrets import digest, new_token
from portal.identity.actions import add_person, grant
from portal.identity.models import WebSession
from portal.identity.permissions import Role
from portal.lifecycle.schema import migrate
from portal.settings import Settings
from portal.tenancy.queries import service
from portal.tenancy.scope import every_tenant
from portal.web.session import ServerSessions

__all__ = ["bench"]


@bench.command("inbox")
@click.option("--cases", default=100_000, show_default=True, type=click.IntRange(10, 5_000_000))
@click.option("--schools", default=3_200, show_default=True, type=click.IntRange(1, 100_000))
@click.option(
    "--runs", default=100, show_default=True, type=click.IntRange(20, 10_000), help="How often each is asked."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def bench_inbox(*, cases: int, schools: int, runs: int, as_json: bool) -> None:
    """Fill the configured database, which must be empty, and time every view beside a hand-written statement."""
    settings = current_settings()
    migrate(settings)
    database = Database(settings.database_url)
    with (
        click.progressbar(length=cases, label="Filling", file=sys.stderr) as bar,
        database.transaction() as session,
        every_tenant(session, "portal bench inbox"),
    ):
        if database.is_sqlite:
            session.run_text("PRAGMA cache_size = -1000000")  # 1 GB: its indexes are written in no order
        fill(session, cases=cases, schools=schools, now=clock.now(), tick=bar.update)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE" if database.is_sqlite else "VACUUM ANALYZE")  # as a night later
    with database.session() as session:
        found = list(measure(session, now=clock.now(), runs=runs))
    whole = _whole_page(settings, database, runs)
    database.dispose()
    if as_json:
        print_json({
            "cases": cases, "schools": schools, "views": [asdict(each) for each in found], "whole_page": asdict(whole)
        })  # fmt: skip
        return
    click.echo(f"{'':8}{'milliseconds':14}{'p50':>8}{'p95':>8}{'by hand p50':>14}{'p95':>8}")
    for each in found:
        click.echo(_line(each))
    click.echo(f"{'dpo':8}{'whole page':14}{whole.p50:>8.2f}{whole.p95:>8.2f}   with {whole.statements} statements")


@dataclass(frozen=True, slots=True)
class WholePage:
    """Milliseconds of the DPO team's inbox from request to HTML in this process, and the statements that it takes."""

    p50: float
    p95: float
    statements: int


def _whole_page(settings: Settings, database: Database, runs: int) -> WholePage:
    app = create_app(settings, database=database)
    client = app.test_client()
    client.set_cookie(ServerSessions().cookie_name(app), _enter(database))
    asked: list[str] = []

    def count(*arguments: object) -> None:
        statement = str(arguments[2])
        if not statement.startswith("BEGIN"):
            asked.append(statement)

    def look() -> None:
        if client.get("/central/cases").status_code != HTTPStatus.OK:
            msg = "the inbox does not answer"
            raise RuntimeError(msg)

    look()
    event.listen(database.engine, "before_cursor_execute", count)
    look()
    event.remove(database.engine, "before_cursor_execute", count)
    return WholePage(*milliseconds(look, runs), len(asked))


def _enter(database: Database) -> str:
    """The session cookie of a new DPO officer who has just proved herself."""
    now, token = clock.now(), new_token()
    with database.transaction() as session, every_tenant(session, "portal bench inbox"):
        officer = add_person(session, email="bench@localhost", name="Bench", password=None, now=now)
        grant(session, officer, service(session).id, Role.DPO_OFFICER, now=now, granted_by=None)
        session.add(
            WebSession(
                token_digest=digest(token, purpose="web-session"), person_id=officer.id, created_at=now, seen_at=now,
                data={"_user_id": str(officer.id), "_fresh": True, "proved_at": now.timestamp()},
            )
        )  # fmt: skip
    return token


def _line(each: Timing) -> str:
    own = f"{each.p50:>8.2f}{each.p95:>8.2f}"
    return f"{each.reader:8}{each.view:14}{own}{each.by_hand_p50:>14.2f}{each.by_hand_p95:>8.2f}"
