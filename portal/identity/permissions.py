"""The one permission table: action x role x relation. Deny is the default; what is not here nobody may do.

The relation is the actor's to the tenant acted on: a member of it (`own`), of its trust (`trust`), or of the
central service (`service`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from portal.core.errors import Forbidden
from portal.core.i18n import N_


class Role(StrEnum):
    HEAD = "head"
    LEAD = "lead"
    OFFICE = "office"
    EDITOR = "editor"
    GOVERNOR = "governor"
    CHAIR = "chair"
    DPO_OFFICER = "dpo-officer"
    CLAUSE_EDITOR = "clause-editor"
    DIRECTORY_EDITOR = "directory-editor"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"


class Relation(StrEnum):
    OWN = "own"
    TRUST = "trust"
    SERVICE = "service"


class Action(StrEnum):
    """Everything a signed-in person may be allowed to do."""

    SEE_TODAY = "today.see"
    LIST_CASES = "cases.list"
    READ_CASE = "case.read"
    OPEN_CASE = "case.open"
    BRING_CASES = "cases.bring"
    WORK_CASE = "case.work"
    ADVISE_CASE = "case.advise"
    ANSWER_QUESTION = "case.answer-question"
    ASSIGN_CASE = "case.assign"
    LIMIT_CASE = "case.limit"
    PURGE_CASE = "case.purge"
    EXPORT_CASES = "cases.export"
    ASK_DPO = "dpo.ask"
    READ_NOTICE = "notice.read"
    EDIT_OVERRIDE = "override.edit"
    PUBLISH_OVERRIDE = "override.publish"
    REVIEW_OVERRIDE = "override.review"
    IMPORT_NOTICE = "notice.import"
    WAIVE_FINDING = "finding.waive"
    EDIT_RELEASE = "release.edit"
    PUBLISH_RELEASE = "release.publish"
    READ_OVERVIEW = "overview.read"
    READ_DIRECTORY = "directory.read"
    EDIT_DIRECTORY = "directory.edit"
    APPROVE_DIRECTORY = "directory.approve"
    EDIT_HOLIDAYS = "holidays.edit"
    LIST_TENANTS = "tenants.list"
    ADD_TENANT = "tenant.add"
    CHANGE_TENANT = "tenant.change"
    CLOSE_TENANT = "tenant.close"
    EXPORT_TENANT = "tenant.export"
    EDIT_FACTS = "facts.edit"
    SEE_PEOPLE = "people.see"
    MANAGE_PEOPLE = "people.manage"
    REVIEW_ACCESS = "access.review"
    READ_AUDIT = "audit.read"
    VERIFY_AUDIT = "audit.verify"
    OPERATE = "portal.operate"


@dataclass(frozen=True, slots=True)
class Permission:
    """One row of the table."""

    action: Action
    label: str
    own: frozenset[Role] = frozenset()
    trust: frozenset[Role] = frozenset()
    service: frozenset[Role] = frozenset()

    def roles(self, relation: Relation) -> frozenset[Role]:
        return {Relation.OWN: self.own, Relation.TRUST: self.trust, Relation.SERVICE: self.service}[relation]


_LEADERS = frozenset({Role.HEAD, Role.LEAD})
_WORKERS = _LEADERS | {Role.OFFICE}
_WRITERS = _LEADERS | {Role.EDITOR}
_STAFF = _WORKERS | {Role.EDITOR}
_MEMBERS = _STAFF | {Role.GOVERNOR, Role.CHAIR}
_READERS = _WORKERS | {Role.CHAIR}
"""The chair of governors sees only requests limited to her by name; `casework.queries` holds her to that."""
_DPO = frozenset({Role.DPO_OFFICER})
_CLAUSES = frozenset({Role.CLAUSE_EDITOR, Role.DPO_OFFICER})
_DIRECTORY = frozenset({Role.DIRECTORY_EDITOR, Role.ADMINISTRATOR})
_ADMIN = frozenset({Role.ADMINISTRATOR})
_AUDIT = frozenset({Role.AUDITOR})
_CENTRAL = frozenset({Role.DPO_OFFICER, Role.CLAUSE_EDITOR, Role.DIRECTORY_EDITOR, Role.ADMINISTRATOR, Role.AUDITOR})
_NOT_AUDIT = _CENTRAL - _AUDIT

_ROWS = (
    Permission(
        Action.SEE_TODAY, N_("See what there is to do today"), own=_MEMBERS | _CENTRAL, trust=_LEADERS, service=_CENTRAL
    ),
    Permission(Action.LIST_CASES, N_("See the inbox"), own=_READERS | _DPO, trust=_LEADERS, service=_DPO),
    Permission(Action.READ_CASE, N_("Open a request"), own=_READERS | _DPO, trust=_LEADERS, service=_DPO),
    Permission(
        Action.OPEN_CASE,
        N_("Record a request made by phone, letter or in person"),
        own=_WORKERS | _DPO,
        trust=_LEADERS,
        service=_DPO,
    ),
    Permission(
        Action.BRING_CASES,
        N_("Bring open requests over from a list"),
        own=_LEADERS | _DPO,
        trust=_LEADERS,
        service=_DPO,
    ),
    Permission(
        Action.ANSWER_QUESTION,
        N_("Answer what the DPO team was asked"),
        own=_READERS | _DPO,
        trust=_LEADERS,
        service=_DPO,
    ),
    Permission(Action.WORK_CASE, N_("Answer, extend and close a request"), own=_READERS | _DPO, trust=_LEADERS),
    Permission(
        Action.ADVISE_CASE,
        N_("Write notes between school and DPO team"),
        own=_READERS | _DPO,
        trust=_LEADERS,
        service=_DPO,
    ),
    Permission(Action.ASSIGN_CASE, N_("Say who works on a request"), own=_WORKERS | _DPO, trust=_LEADERS, service=_DPO),
    Permission(
        Action.LIMIT_CASE, N_("Limit a request to named people"), own=_LEADERS | _DPO, trust=_LEADERS, service=_DPO
    ),
    Permission(Action.PURGE_CASE, N_("Delete a closed request for good"), own=_LEADERS | _DPO, trust=_LEADERS),
    Permission(Action.EXPORT_CASES, N_("Export the inbox"), own=_LEADERS | _DPO, trust=_LEADERS, service=_DPO),
    Permission(Action.ASK_DPO, N_("Ask the DPO team"), own=_STAFF, trust=_LEADERS),
    Permission(
        Action.READ_NOTICE, N_("See the notice and its drafts"), own=_MEMBERS | _CENTRAL, trust=_STAFF, service=_CENTRAL
    ),
    Permission(Action.EDIT_OVERRIDE, N_("Write the school’s own wording"), own=_WRITERS, trust=_LEADERS),
    Permission(Action.PUBLISH_OVERRIDE, N_("Publish the school’s own wording"), own=_WRITERS, trust=_LEADERS),
    Permission(Action.REVIEW_OVERRIDE, N_("Approve or return a school’s wording"), service=_DPO),
    Permission(Action.IMPORT_NOTICE, N_("Import a notice"), own=_WRITERS, trust=_LEADERS, service=_CLAUSES | _ADMIN),
    Permission(
        Action.WAIVE_FINDING, N_("Waive a finding of the check"), own=_LEADERS, trust=_LEADERS, service=_CLAUSES
    ),
    Permission(Action.EDIT_RELEASE, N_("Write shared wording"), own=_CLAUSES),
    Permission(Action.PUBLISH_RELEASE, N_("Publish or withdraw shared wording"), own=_CLAUSES),
    Permission(Action.READ_OVERVIEW, N_("See figures over all schools"), own=_CENTRAL),
    Permission(Action.READ_DIRECTORY, N_("See the councils"), own=_CENTRAL),
    Permission(Action.EDIT_DIRECTORY, N_("Change councils and their links"), own=_DIRECTORY),
    Permission(Action.APPROVE_DIRECTORY, N_("Approve a change of councils"), own=_DIRECTORY | _DPO),
    Permission(Action.EDIT_HOLIDAYS, N_("Change the bank holidays"), own=_DPO | _ADMIN),
    Permission(Action.LIST_TENANTS, N_("See all schools and trusts"), own=_CENTRAL),
    Permission(Action.ADD_TENANT, N_("Add a school or trust"), own=_ADMIN | _DPO),
    Permission(Action.CHANGE_TENANT, N_("Change a school’s or trust’s record"), service=_ADMIN | _DPO),
    Permission(Action.CLOSE_TENANT, N_("Close a school or trust"), service=_ADMIN),
    Permission(Action.EXPORT_TENANT, N_("Export everything of a school"), own=_LEADERS, trust=_LEADERS, service=_ADMIN),
    Permission(
        Action.EDIT_FACTS,
        N_("Change contacts and other facts"),
        own=_WRITERS | {Role.OFFICE},
        trust=_LEADERS,
        service=_ADMIN | _DPO,
    ),
    Permission(
        Action.SEE_PEOPLE,
        N_("See who has access"),
        own=_MEMBERS | _ADMIN | _AUDIT,
        trust=_LEADERS,
        service=_ADMIN | _DPO | _AUDIT,
    ),
    Permission(
        Action.MANAGE_PEOPLE,
        N_("Invite people, change roles, end access"),
        own=_LEADERS | _ADMIN,
        trust=_LEADERS,
        service=_ADMIN,
    ),
    Permission(Action.REVIEW_ACCESS, N_("Confirm the yearly access review"), own=_LEADERS | _ADMIN, trust=_LEADERS),
    Permission(Action.READ_AUDIT, N_("Read the audit trail"), own=_LEADERS | _AUDIT, trust=_LEADERS, service=_AUDIT),
    Permission(Action.VERIFY_AUDIT, N_("Verify that the audit trail is whole"), own=_AUDIT, service=_AUDIT),
    Permission(Action.OPERATE, N_("See failed sign-ins, limits, letters and work"), own=_ADMIN | _AUDIT),
)

TABLE: dict[Action, Permission] = {row.action: row for row in _ROWS}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: the id of a person with her roles by tenant, or nobody (a requester, the public, the system)."""

    person_id: int | None = None
    name: str = ""
    roles: tuple[tuple[int, Role], ...] = ()
    origin: str = ""
    kind: str = "person"


SYSTEM = Actor(kind="system")
PUBLIC = Actor(kind="public")


@dataclass(frozen=True, slots=True)
class Place:
    """The tenant acted on, with its trust and the service it belongs to."""

    tenant_id: int
    trust_id: int | None
    service_id: int


def relations(actor: Actor, place: Place) -> Iterable[tuple[Relation, Role]]:
    """Every way in which the actor stands to the place."""
    for tenant_id, role in actor.roles:
        if tenant_id == place.tenant_id:
            yield Relation.OWN, role
        if place.trust_id is not None and tenant_id == place.trust_id:
            yield Relation.TRUST, role
        if tenant_id == place.service_id and place.tenant_id != place.service_id:
            yield Relation.SERVICE, role


def may(actor: Actor, action: Action, place: Place) -> bool:
    """Whether the table lets the actor do this there."""
    row = TABLE[action]
    return any(role in row.roles(relation) for relation, role in relations(actor, place))


def may_know(actor: Actor, place: Place) -> bool:
    """Whether the actor stands in any relation to the place; to anybody else it does not exist (404, not 403)."""
    return any(True for _ in relations(actor, place))


def require(actor: Actor, action: Action, place: Place) -> None:
    """Raises `Forbidden`. The system itself may do everything; its work is named in the audit trail."""
    if actor.kind != "system" and not may(actor, action, place):
        raise Forbidden("Your role does not include this.")
