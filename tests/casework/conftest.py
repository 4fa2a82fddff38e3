"""A request to work with, at the cast's schools."""

from collections.abc import Callable

import pytest

from portal.casework.intake import NewRequest, Opened, open_case
from portal.casework.letters import Sender
from portal.casework.models import CaseKind
from portal.core import clock
from portal.core.database import PortalSession
from portal.core.secrets import Keys
from portal.identity.permissions import PUBLIC
from portal.tenancy.models import Tenant
from portal.tenancy.scope import every_tenant


@pytest.fixture
def sender(keys: Keys) -> Sender:
    return Sender("http://localhost:8000", keys)


@pytest.fixture
def everywhere(session: PortalSession):
    with every_tenant(session, "tests"):
        yield session


@pytest.fixture
def ask(everywhere: PortalSession, school: Callable[[str], Tenant], sender: Sender):
    """Send a request as a parent would."""

    def send(slug: str = "alder-primary", kind: CaseKind = CaseKind.ACCESS, **facts: object) -> Opened:
        values = {
            "kind": kind,
            "received_at": clock.now(),
            "requester_name": "Priya Patel",
            "email": "priya@example.org",
            "details": "All e-mails about Anil",
            **facts,
        }
        return open_case(everywhere, PUBLIC, school(slug), NewRequest(**values), sender=sender, now=clock.now())

    return send
