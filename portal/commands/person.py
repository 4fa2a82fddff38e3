"""`portal person`: who has access, and the central team's first person, whom nobody can invite from a page."""

from dataclasses import replace
from datetime import datetime

import click

from portal.commands.house import current_settings, open_database, print_json, reading
from portal.core import clock
from portal.core.database import Database
from portal.core.errors import Invalid
from portal.core.limits import NAME_LENGTH
from portal.core.text import clean_name, is_email_address
from portal.identity.invitations import DAYS, Guest, invite
from portal.identity.permissions import SYSTEM, Place, Role
from portal.identity.queries import invitations_of, people_in
from portal.identity.rules import normal_email, roles_for
from portal.outbox.delivery import FolderMailer
from portal.outbox.queries import newest_letter
from portal.settings import Settings
from portal.tenancy.models import TenantKind
from portal.tenancy.queries import service
from portal.tenancy.scope import every_tenant
from portal.worker import deliver, mailer_for

_ROLES = roles_for(TenantKind.SERVICE)


@click.group()
def person() -> None:
    """Invite people to the central team, and list them. Everybody else is invited from the portal's pages."""


@person.command("invite")
@click.argument("email")
@click.option("--role", required=True, help=f"One of: {', '.join(_ROLES)}.")
@click.option("--name", default="", help="What the person is called. Default: the address before its @.")
def invite_person(*, email: str, role: str, name: str) -> None:
    """Invite EMAIL to the central team, as a colleague with the role of administrator could do from a page.

    The invitation is a letter with a link; whoever opens it proves the mailbox, then chooses how to sign in.
    """
    guest = _guest(email, role, name)
    settings = current_settings()
    database = open_database(settings)
    try:
        message_id, until = _invite(settings, database, guest)
        click.echo(f"The invitation to {guest.email} is written. It works for {DAYS} days, until {until:%d.%m.%Y}.")
        mailer = mailer_for(settings)
        if isinstance(mailer, FolderMailer):
            deliver(settings, database, mailer)
            click.echo(f"PORTAL_SMTP_URL is not set, so nobody is sent mail. The letter: {mailer.path(message_id)}")
        else:
            click.echo("The worker sends it.")
    finally:
        database.dispose()


@person.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_people(*, as_json: bool) -> None:
    """List the central team: who has which role, and who was invited and has not come yet."""
    with reading("portal person list") as session:
        centre = service(session).id
        rows = [
            {"name": found.name, "email": found.email, "role": membership.role.value, "is_invited": False}
            for found, membership in people_in(session, [centre])
        ]
        rows += [
            {"name": offer.name, "email": offer.email, "role": offer.role.value, "is_invited": True}
            for offer in invitations_of(session, centre, now=clock.now())
        ]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        invited = "  (invited)" if row["is_invited"] else ""
        click.echo(f"{row['email']:40} {row['role']:18} {row['name']}{invited}")


def _guest(email: str, role: str, name: str) -> Guest:
    """Raises `Invalid` for an address that is none and for a role that the central team does not have."""
    address = normal_email(email)
    if not is_email_address(address):
        raise Invalid(f"{email!r} is not an e-mail address.")
    if role not in _ROLES:
        raise Invalid(f"--role: the central team has no role {role!r}. Its roles: {', '.join(_ROLES)}.")
    called = clean_name(name) or address.partition("@")[0].replace(".", " ").title()
    if len(called) > NAME_LENGTH:
        raise Invalid(f"--name: use {NAME_LENGTH} characters or fewer.")
    return Guest(called, address, Role(role))


def _invite(settings: Settings, database: Database, guest: Guest) -> tuple[str, datetime]:
    """The letter's Message-ID, and how long the invitation stands."""
    with database.transaction() as session, every_tenant(session, "portal person invite"):
        centre = service(session)
        actor = replace(SYSTEM, name=centre.name)
        place = Place(centre.id, None, centre.id)
        offer = invite(session, actor, centre, guest, place=place, base_url=settings.base_url, now=clock.now())
        letter = newest_letter(session, guest.email, kind="invitation")
        assert letter is not None
        return letter.message_id, offer.expires_at
