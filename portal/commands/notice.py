"""`portal notice`: what a school's notice says or said, its versions, and whether every seal holds."""

import sys
from datetime import date, datetime
from html import escape

import click

from portal.commands.errors import LoadingGroup
from portal.commands.house import named_school, print_json, reading
from portal.core import clock
from portal.core.database import PortalSession
from portal.core.errors import Invalid
from portal.notices import queries
from portal.notices.compose import Clause, Section
from portal.notices.gathering import GENERAL
from portal.notices.languages import ENGLISH
from portal.notices.reading import Notice
from portal.notices.verifying import verify as check
from portal.tenancy.models import Tenant


@click.group(cls=LoadingGroup, places={"import": "bring:import_notice", "lint": "lint:lint_notice"})
def notice() -> None:
    """Read notices and check their seals."""


@notice.command("show")
@click.argument("slug")
@click.option("--on", "day", help="A past day, such as 2026-03-01: what it said at the end of that day in London.")
@click.option("--language", default=ENGLISH, show_default=True, help="The language to print.")
@click.option("--kind", default=GENERAL, show_default=True, help="Which of the school's notices, such as photographs.")
@click.option("--format", "form", type=click.Choice(["text", "json", "html"]), default="text", show_default=True)
def show(slug: str, day: str | None, language: str, kind: str, form: str) -> None:
    """Print a notice of the school SLUG."""
    with reading("portal notice show") as session:
        school = named_school(session, slug)
        at = instant_on(day, now=clock.now())
        _check(session, school, kind, language)
        found = queries.notice_at(session, school, at, language, kind=kind)
    if form == "json":
        print_json(found.as_dict())
    else:
        click.echo(found.text if form == "text" else _html(found), nl=form == "html")


@notice.command("versions")
@click.argument("slug")
@click.option("--kind", default=GENERAL, show_default=True, help="Which of the school's notices, such as photographs.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def versions(slug: str, kind: str, *, as_json: bool) -> None:
    """List the sealed versions of a notice of the school SLUG in every language, newest first."""
    with reading("portal notice versions") as session:
        school = named_school(session, slug)
        _check(session, school, kind, ENGLISH)
        found = queries.versions(session, school, kind=kind)
    rows = [
        {
            "kind": kind,
            "number": one.number,
            "language": one.language,
            "published_at": one.published_at.isoformat(),
            "effective_from": one.effective_on.isoformat(),
            "sha256": one.sha256,
        }
        for one in found
    ]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        click.echo("{number:>4}  {language:3} {effective_from}  {sha256}".format(**row))


@notice.command("verify")
@click.argument("slug", required=False)
@click.option("--all", "everything", is_flag=True, help="Check the notices of every school.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def verify(slug: str | None, *, everything: bool, as_json: bool) -> None:
    """Check sealed versions: none is gone, each text has its hash and comes out of its parts. Exit 1 if one fails."""
    if bool(slug) == everything:
        raise Invalid("Name one school, or give --all.")
    with reading("portal notice verify") as session:
        checked = check(session, school=named_school(session, slug) if slug else None)
    if as_json:
        print_json({"versions": checked.versions, "findings": [one.as_dict() for one in checked.findings]})
    else:
        for one in checked.findings:
            words = "{school} {kind} {number} {language}: {fault} (sealed by {composer}, read by {composer_now})"
            click.echo(words.format(**one.as_dict()))
        click.echo(f"{checked.versions} versions checked, {len(checked.findings)} do not hold.")
    if checked.findings:
        sys.exit(1)


def _check(session: PortalSession, school: Tenant, kind: str, language: str) -> None:
    """Raises `Invalid` for a language or kind that this school never had its notice in, naming those it has."""
    kinds, languages = queries.notices_of(session, school, clock.now())
    if language not in languages:
        raise Invalid(f"{school.name} has no notice in {language!r}. Its languages: {', '.join(languages)}.")
    if kind not in kinds:
        raise Invalid(f"{school.name} has no notice {kind!r}. Its notices: {', '.join(kinds)}.")


def instant_on(day: str | None, *, now: datetime) -> datetime:
    """The end of a day in London, or now. Raises `Invalid` for a day that is none or lies ahead."""
    if day is None:
        return now
    try:
        wanted = date.fromisoformat(day)
    except ValueError as error:
        raise Invalid(f"{day!r} is not a date: write it like 2026-03-01.") from error
    if wanted > clock.london(now).date():
        raise Invalid("What a notice will say on a later day is not known yet.")
    return min(clock.end_of_day(wanted), now)


def _html(found: Notice) -> str:
    """Clauses are HTML already; names and titles are not."""
    title = f"{found.name}: {found.title}" if found.title else found.name
    parts = [f"<h1>{escape(title)}</h1>", *(f"<p>{escape(line)}</p>" for line in found.preamble)]
    for section in found.composed.sections:
        spoken = _spoken(found, section)
        parts.append(f'<h2 id="{section.anchor}"{spoken}>{section.number}. {escape(section.title)}</h2>')
        for one in section.clauses:
            clause = f'<h3 id="{one.anchor}">{escape(one.title)}</h3>\n{one.html}'
            parts.append(f"<div{_spoken(found, one)}>\n{clause}\n</div>" if _spoken(found, one) else clause)
    return "\n".join(parts)


def _spoken(found: Notice, one: Section | Clause) -> str:
    return "" if one.language == found.language else f' lang="{one.language}" dir="ltr"'
