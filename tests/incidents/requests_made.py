"""Requests and files to work with, as the portal itself makes them."""

import io
import re

from sqlalchemy import select

from portal.casework.files import Filing, add_files
from portal.casework.intake import NewRequest, Opened, open_case
from portal.casework.letters import Sender
from portal.casework.models import Case, CaseKind
from portal.casework.requester import requester_of
from portal.casework.stores import store_of
from portal.core import clock
from portal.core.secrets import Keys
from portal.identity.permissions import PUBLIC
from portal.tenancy.models import Tenant
from portal.tenancy.scope import every_tenant

ALDER = "/school/alder-primary"
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def ask(database, settings, slug="alder-primary", **facts) -> Opened:
    """A request as a parent sends it."""
    now = clock.now()
    values = {"requester_name": "Priya Patel", "email": "priya@example.org", "details": "E-mails about Anil", **facts}
    request = NewRequest(**{"kind": CaseKind.ACCESS, "received_at": now, **values})
    with database.transaction() as session, every_tenant(session, "tests"):
        school = session.scalars(select(Tenant).where(Tenant.slug == slug)).one()
        return open_case(session, PUBLIC, school, request, sender=sender(settings), now=now)


def attach(database, settings, reference, name="letter.pdf", content=PDF) -> int:
    """A file of the requester's; returns its number."""
    filing = Filing(store_of(settings), Keys(settings.secret_keys), has_scanner=False)
    with database.transaction() as session, every_tenant(session, "tests"):
        case = session.scalars(select(Case).where(Case.reference == reference)).one()
        uploads = [(name, io.BytesIO(content))]
        made = add_files(
            session, requester_of(case), case, uploads, key="k" * 20 + name, filing=filing, now=clock.now()
        )
        return made[0].id


def sender(settings) -> Sender:
    return Sender(settings.base_url, Keys(settings.secret_keys))


def hidden(page: str, name: str) -> str:
    return re.search(rf'name="{name}" value="([^"]*)"', page).group(1)


def token(client, page="/account") -> str:
    return hidden(client.get(page).get_data(as_text=True), "csrf_token")


def case_addresses(app, reference, number, base=ALDER) -> list[tuple[str, str]]:
    """(method, path) of every route of the school door that names this case."""
    found = []
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/school/<slug>") and "reference" in rule.arguments:
            path = rule.rule.replace("/school/<slug>", base).replace("<reference>", reference)
            path = re.sub(r"<any\(([^,)]+)[^>]*>", r"\1", path)
            path = re.sub(r"<int:\w+>", str(number), path)
            found += [(method, path) for method in sorted(rule.methods - {"HEAD", "OPTIONS"})]
    return found
