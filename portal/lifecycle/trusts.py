"""Trusts as the register names them: told apart by their number, renamed with their old address kept."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from portal.audit.actions import record as audit
from portal.audit.rules import AuditKind
from portal.casework.models import Case
from portal.core.database import PortalSession
from portal.core.text import slugify
from portal.directory.gias import SchoolRecord
from portal.identity.actions import witness
from portal.identity.permissions import Actor
from portal.tenancy.actions import add_tenant, rename
from portal.tenancy.models import Tenant, TenantKind, TenantStatus


@dataclass(slots=True)
class Trusts:
    """The trusts at hand. `names`: what the file calls most schools' trust of a number, where its rows disagree."""

    session: PortalSession
    actor: Actor
    now: datetime
    names: dict[str, str]
    by_code: dict[str, Tenant]
    by_name: dict[str, list[Tenant]]

    def of(self, record: SchoolRecord, present: int | None = None) -> Tenant | None:
        """The trust of a school, made where it is absent. `present` is the school's trust until now.

        A trust that was entered by hand has no number: the first number that its name comes with becomes its own.
        """
        code, name = record.trust_code, self.names.get(record.trust_code, record.trust_name)
        if not name:
            return self.by_code.get(code)
        if code and (found := self.by_code.get(code)):
            self._name(found, name)
            return found
        alike = [one for one in self.by_name.get(name.casefold(), ()) if not code or one.group_code is None]
        found = next((one for one in alike if one.id == present), alike[0] if alike else None)
        if found is None:
            found = self._make(name)
        if code:
            found.group_code = code
            self.by_code[code] = found
        return found

    def _make(self, name: str) -> Tenant:
        made = add_tenant(
            self.session, kind=TenantKind.TRUST, name=name, slug="" if slugify(name) else "trust", now=self.now,
            status=TenantStatus.PREPARING,
        )  # fmt: skip
        self.by_name.setdefault(name.casefold(), []).append(made)
        self._audit(made, AuditKind.TENANT_ADDED)
        return made

    def _name(self, trust: Tenant, name: str) -> None:
        if trust.name == name:
            return
        self.by_name[trust.name.casefold()].remove(trust)
        rename(self.session, trust, name=name, now=self.now)
        self.by_name.setdefault(name.casefold(), []).append(trust)
        self._audit(trust, AuditKind.TENANT_CHANGED)

    def _audit(self, trust: Tenant, kind: AuditKind) -> None:
        audit(
            self.session, witness(self.actor), kind, tenant_id=trust.id, subject=("tenant", trust.id), now=self.now,
            source="register",
        )  # fmt: skip


def put_under(session: PortalSession, school: Tenant, trust: Tenant | None) -> None:
    """The school belongs to this trust, or to none; its requests go with it, and the trust it leaves sees no more."""
    chosen = trust.id if trust else None
    if school.trust_id == chosen:
        return
    school.trust_id = chosen
    if school.id is not None:  # one that is only being made has none
        session.execute(
            update(Case)
            .where(Case.tenant_id == school.id)
            .values(trust_id=chosen)
            .execution_options(synchronize_session=False)
        )


def trusts_at_hand(session: PortalSession, actor: Actor, records: Iterable[SchoolRecord], *, now: datetime) -> Trusts:
    """Every trust, and how these records name those with a number."""
    counts: dict[str, Counter[str]] = {}
    for record in records:
        if record.trust_code and record.trust_name:
            counts.setdefault(record.trust_code, Counter())[record.trust_name] += 1
    names = {code: min(found, key=lambda name: (-found[name], name)) for code, found in counts.items()}
    by_name: dict[str, list[Tenant]] = {}
    by_code: dict[str, Tenant] = {}
    for trust in session.scalars(select(Tenant).where(Tenant.kind == TenantKind.TRUST).order_by(Tenant.id)):
        by_name.setdefault(trust.name.casefold(), []).append(trust)
        if trust.group_code:
            by_code[trust.group_code] = trust
    return Trusts(session, actor, now, names, by_code, by_name)
