"""The central team's first person is invited from the command line, by the same letter and link as everybody else."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from portal.audit.models import AuditEntry
from portal.audit.rules import AuditKind
from portal.core import clock
from portal.identity.invitations import invitation_by_token
from portal.identity.models import Invitation
from portal.identity.permissions import Role
from portal.lifecycle.demo import CastMember
from portal.outbox.models import Letter
from portal.tenancy.models import Tenant, TenantKind
from portal.tenancy.scope import every_tenant
from portal.worker import deliver


def letters(database):
    with database.session() as session, every_tenant(session, "tests"):
        return list(session.scalars(select(Letter).where(Letter.kind == "invitation")))


def test_without_a_mail_server_the_command_says_where_the_letter_lies(portal, database):
    done = portal("person", "invite", "Ada.Kaur@igs.example", "--role", "administrator")
    assert done.exit_code == 0, done.output
    path = Path(re.search(r"The letter: (\S+)", done.stdout)[1])
    assert "To: ada.kaur@igs.example" in path.read_text()
    (letter,) = letters(database)
    token = re.search(r"/invitations/(\S+)", letter.body)[1]
    with database.session() as session:
        offer = invitation_by_token(session, token, now=clock.now())
        centre = session.scalars(select(Tenant).where(Tenant.kind == TenantKind.SERVICE)).one()
    assert (offer.role, offer.tenant_id, offer.name) == (Role.ADMINISTRATOR, centre.id, "Ada Kaur")
    assert f"{centre.name} has invited you" in letter.body


def test_with_a_mail_server_the_worker_sends_it(portal, monkeypatch, database, settings):
    monkeypatch.setenv("PORTAL_SMTP_URL", "smtp://127.0.0.1:1")
    done = portal("person", "invite", "ada@igs.example", "--role", "administrator", "--name", "Ada Kaur")
    assert "The worker sends it." in done.stdout
    sent = []

    class Mailer:
        def send(self, message, recipient):
            sent.append(recipient)

    deliver(replace(settings, smtp_url="smtp://127.0.0.1:1"), database, Mailer())
    assert sent == ["ada@igs.example"]


def test_the_audit_trail_says_that_the_system_invited(portal, database):
    portal("person", "invite", "ada@igs.example", "--role", "administrator")
    with database.session() as session, every_tenant(session, "tests"):
        statement = select(AuditEntry).where(AuditEntry.kind == AuditKind.PERSON_INVITED)
        assert [line.actor_kind for line in session.scalars(statement)] == ["system"]


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("ada@igs.example", "--role", "head"), "no role 'head'. Its roles: dpo-officer, "),
        (("ada@igs.example", "--role", "nonsense"), "no role 'nonsense'"),
        (("ada", "--role", "administrator"), "'ada' is not an e-mail address"),
        (("a@b.example\nBcc: c@d.example", "--role", "administrator"), "is not an e-mail address"),
        (("ada@igs.example", "--role", "auditor", "--name", "\u202eada"), "invisible character"),
        (("ada@igs.example", "--role", "auditor", "--name", "x" * 5000), "--name: use"),
    ],
)
def test_what_cannot_be_invited_is_refused_in_one_line(portal, database, backend, words, says):
    done = portal("person", "invite", *words)
    assert done.exit_code == 2
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1
    with database.session() as session:
        assert session.scalars(select(Invitation)).all() == []


@pytest.mark.parametrize("backend", ["sqlite"])
def test_the_list_shows_the_central_team_and_who_was_invited(portal, cast, backend):
    portal("person", "invite", "ada@igs.example", "--role", "auditor", "--name", "Ada Kaur")
    listed = json.loads(portal("person", "list", "--json").stdout)
    devi: CastMember = cast["devi"]
    assert {"name": devi.name, "email": devi.email, "role": "dpo-officer", "is_invited": False} in listed
    assert {"name": "Ada Kaur", "email": "ada@igs.example", "role": "auditor", "is_invited": True} in listed
    assert cast["asha"].email not in {row["email"] for row in listed}
