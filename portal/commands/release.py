"""`portal release`: what a release of the shared wording would do, publishing it, withdrawing it."""

from collections import Counter

import click

from portal.commands.house import current_settings, print_json, reading, writing
from portal.core import clock
from portal.core.database import Database, PortalSession
from portal.identity.permissions import SYSTEM
from portal.notices.background import NoticeWork
from portal.notices.models import Release, ReleaseStatus
from portal.notices.planning import ReleasePlan, plan_release
from portal.notices.releases import distinct_merges, publish_release, release_named, releases, withdraw_release
from portal.notices.rules import Outcome


@click.group()
def release() -> None:
    """Plan, publish and withdraw releases of the shared wording."""


@release.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_releases(*, as_json: bool) -> None:
    """List all releases, the newest first."""
    with reading("portal release list") as session:
        rows = [
            {
                "name": one.name,
                "kind": one.kind,
                "title": one.title,
                "status": one.status.value,
                "effective_from": clock.london(one.effective_at).date().isoformat(),
            }
            for one in releases(session, kind=None)
        ]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        click.echo("{name:20} {kind:12} {status:10} {effective_from}  {title}".format(**row))


@release.command("plan")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: one object for each school and changed clause.")
def plan(name: str, *, as_json: bool) -> None:
    """Say what the release NAME does in every school, changing nothing."""
    with reading("portal release plan") as session:
        found = plan_release(session, release_named(session, name), now=clock.now())
    if as_json:
        print_json([line.as_dict() for line in found.lines if not line.is_trust])
        return
    click.echo("\n".join(_summary(found)))


@release.command("publish")
@click.argument("name")
@click.option("--strict", is_flag=True, help="Publish only when somebody has read every merged text.")
def publish(name: str, *, strict: bool) -> None:
    """Let the release NAME count from its date on, or from now where that lies behind; then merge and seal.

    Merged texts that nobody has read in the portal are printed to standard error; with --strict nothing is published
    then, and the exit status is 2. Given again, it goes on with what was interrupted.
    """
    with writing("portal release publish") as session:
        found = release_named(session, name, lock=True)
        if found.status is ReleaseStatus.DRAFT:
            _print_unread(session, found)
        change = publish_release(session, SYSTEM, found, now=clock.now(), must_be_read=strict)
        at = clock.london(found.effective_at)
    if change is None:
        click.echo(f"The release {name} was published before.")
    else:
        click.echo(f"The release {name} counts from {at:%Y-%m-%d %H:%M}.")
    _finish()


@release.command("withdraw")
@click.argument("name")
def withdraw(name: str) -> None:
    """Let the release NAME count no more from now on; then merge and seal. Given again, it goes on."""
    with writing("portal release withdraw") as session:
        change = withdraw_release(session, SYSTEM, release_named(session, name, lock=True), now=clock.now())
    if change is None:
        click.echo(f"The release {name} was withdrawn before.")
    else:
        click.echo(f"The release {name} counts no more.")
    _finish()


def _print_unread(session: PortalSession, found: Release) -> None:
    merges = distinct_merges(session, plan_release(session, found, now=clock.now()))
    for line, count, is_read in merges:
        if not is_read:
            text = (line.plan.proposed or "").replace("\n", "\n  ")
            click.echo(f"Merged and not read: {line.key}, in {count} schools such as {line.slug}\n  {text}\n", err=True)


def _finish() -> None:
    """Do the background work at once; a worker that runs beside it shares it."""
    database = Database(current_settings().database_url)
    work = NoticeWork(database)
    while work.step(now=clock.now()):
        pass
    database.dispose()


def _summary(found: ReleasePlan) -> list[str]:
    lines = [f"Release {found.release.name}: {len(found.changed)} clauses change"]
    counts = found.counts
    lines += [f"  {outcome.value:10} {counts[outcome]:6} schools" for outcome in Outcome]
    for key in found.changed:
        here = Counter(line.outcome for line in found.lines if line.key == key and not line.is_trust)
        lines.append(f"  {key}: " + ", ".join(f"{number} {outcome}" for outcome, number in sorted(here.items())))
    lines += [f"  {line.slug}: {line.key} waits, because {gap.reason}." for line, gap in found.gaps]
    return lines
