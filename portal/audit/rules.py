"""What an audit line is made of: canonical bytes, hash, salted digests; and the one list of kinds."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum

from portal.core.i18n import N_

GENESIS = "0" * 64


class AuditKind(StrEnum):
    """Everything that leaves a line, as `noun.verb`."""

    SIGN_IN_DONE = "sign-in.done"
    SIGN_IN_FAILED = "sign-in.failed"
    SIGN_OUT_DONE = "sign-out.done"
    SIGN_IN_CHANGED = "sign-in.changed"
    SESSION_ENDED = "session.ended"
    PERSON_INVITED = "person.invited"
    MEMBERSHIP_CHANGED = "membership.changed"
    ACCESS_REVIEWED = "access.reviewed"
    TENANT_ADDED = "tenant.added"
    TENANT_CHANGED = "tenant.changed"
    TENANT_CLOSED = "tenant.closed"
    FACT_RECORDED = "fact.recorded"
    SETTING_CHANGED = "setting.changed"
    PACK_LOADED = "pack.loaded"
    CROSS_TENANT_READ = "cross-tenant.read"
    EXPORT_MADE = "export.made"
    AUDIT_READ = "audit.read"
    AUTHORITY_CHANGED = "authority.changed"
    LINK_CHANGED = "link.changed"
    SUCCESSION_CHANGED = "succession.changed"
    SCHOOLS_IMPORTED = "schools.imported"
    RELEASE_CHANGED = "release.changed"
    RELEASE_PUBLISHED = "release.published"
    RELEASE_WITHDRAWN = "release.withdrawn"
    OVERRIDE_SAVED = "override.saved"
    OVERRIDE_PUBLISHED = "override.published"
    OVERRIDE_REVIEWED = "override.reviewed"
    OVERRIDE_ENDED = "override.ended"
    CHOICE_RECORDED = "choice.recorded"
    NOTICE_SEALED = "notice.sealed"
    NOTICE_IMPORTED = "notice.imported"
    WAIVER_RECORDED = "waiver.recorded"
    SUBSCRIPTION_CHANGED = "subscription.changed"
    CASE_OPENED = "case.opened"
    CASE_READ = "case.read"
    CASE_CHANGED = "case.changed"
    CASE_ASSIGNED = "case.assigned"
    CASE_CLOSED = "case.closed"
    CASE_REOPENED = "case.reopened"
    CASE_LIMITED = "case.limited"
    CASE_WITHDRAWN = "case.withdrawn"
    CASE_PURGED = "case.purged"
    CODE_POSTED = "code.posted"
    MESSAGE_SENT = "message.sent"
    MESSAGE_RECEIVED = "message.received"
    MESSAGE_READ = "message.read"
    NOTE_ADDED = "note.added"
    FILE_ADDED = "file.added"
    FILE_READ = "file.read"
    REQUESTER_ADMITTED = "requester.admitted"
    LETTER_RETRIED = "letter.retried"


LABELS: dict[AuditKind, str] = {
    AuditKind.SIGN_IN_DONE: N_("Signed in"),
    AuditKind.SIGN_IN_FAILED: N_("Failed to sign in"),
    AuditKind.SIGN_OUT_DONE: N_("Signed out"),
    AuditKind.SIGN_IN_CHANGED: N_("Changed how somebody signs in"),
    AuditKind.SESSION_ENDED: N_("Ended a session"),
    AuditKind.PERSON_INVITED: N_("Invited a person"),
    AuditKind.MEMBERSHIP_CHANGED: N_("Changed somebody’s role"),
    AuditKind.ACCESS_REVIEWED: N_("Confirmed who has access"),
    AuditKind.TENANT_ADDED: N_("Added a school or trust"),
    AuditKind.TENANT_CHANGED: N_("Changed a school or trust"),
    AuditKind.TENANT_CLOSED: N_("Closed a school or trust"),
    AuditKind.FACT_RECORDED: N_("Recorded a fact"),
    AuditKind.SETTING_CHANGED: N_("Changed a setting"),
    AuditKind.PACK_LOADED: N_("Loaded a tenant pack"),
    AuditKind.CROSS_TENANT_READ: N_("Looked across schools"),
    AuditKind.EXPORT_MADE: N_("Exported data"),
    AuditKind.AUDIT_READ: N_("Read the audit trail"),
    AuditKind.AUTHORITY_CHANGED: N_("Changed a council"),
    AuditKind.LINK_CHANGED: N_("Changed a council’s link"),
    AuditKind.SUCCESSION_CHANGED: N_("Changed a succession of councils"),
    AuditKind.SCHOOLS_IMPORTED: N_("Imported schools"),
    AuditKind.RELEASE_CHANGED: N_("Changed a draft of shared wording"),
    AuditKind.RELEASE_PUBLISHED: N_("Published shared wording"),
    AuditKind.RELEASE_WITHDRAWN: N_("Withdrew shared wording"),
    AuditKind.OVERRIDE_SAVED: N_("Saved a draft of the school’s wording"),
    AuditKind.OVERRIDE_PUBLISHED: N_("Published the school’s wording"),
    AuditKind.OVERRIDE_REVIEWED: N_("Reviewed the school’s wording"),
    AuditKind.OVERRIDE_ENDED: N_("Went back to the shared wording"),
    AuditKind.CHOICE_RECORDED: N_("Recorded a choice about a change"),
    AuditKind.NOTICE_SEALED: N_("Sealed a version of the notice"),
    AuditKind.NOTICE_IMPORTED: N_("Imported a notice"),
    AuditKind.WAIVER_RECORDED: N_("Waived a finding"),
    AuditKind.SUBSCRIPTION_CHANGED: N_("Changed a subscription"),
    AuditKind.CASE_OPENED: N_("Opened a request"),
    AuditKind.CASE_READ: N_("Read a request"),
    AuditKind.CASE_CHANGED: N_("Changed a request"),
    AuditKind.CASE_ASSIGNED: N_("Assigned a request"),
    AuditKind.CASE_CLOSED: N_("Closed a request"),
    AuditKind.CASE_REOPENED: N_("Reopened a request"),
    AuditKind.CASE_LIMITED: N_("Limited a request to named people"),
    AuditKind.CASE_WITHDRAWN: N_("Withdrew a request"),
    AuditKind.CASE_PURGED: N_("Deleted a request for good"),
    AuditKind.CODE_POSTED: N_("Made a code to send by post"),
    AuditKind.MESSAGE_SENT: N_("Wrote to the requester"),
    AuditKind.MESSAGE_RECEIVED: N_("Received a message"),
    AuditKind.MESSAGE_READ: N_("Read a message"),
    AuditKind.NOTE_ADDED: N_("Added a note"),
    AuditKind.FILE_ADDED: N_("Added a file"),
    AuditKind.FILE_READ: N_("Opened a file"),
    AuditKind.REQUESTER_ADMITTED: N_("Let the requester in"),
    AuditKind.LETTER_RETRIED: N_("Tried a letter again"),
}


def canonical(  # noqa: PLR0913 -- a line of the chain has this many parts
    *,
    tenant_id: int,
    sequence: int,
    previous_hash: str,
    at: datetime,
    kind: str,
    actor_kind: str,
    actor_id: int | None,
    subject_kind: str,
    subject_id: str,
    origin: str,
    details: Mapping[str, object],
) -> bytes:
    """The bytes that are hashed: compact JSON with sorted keys, `at` to the microsecond in UTC."""
    line = {
        "actor": [actor_kind, actor_id],
        "at": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "details": dict(details),
        "kind": kind,
        "origin": origin,
        "previous": previous_hash,
        "sequence": sequence,
        "subject": [subject_kind, subject_id],
        "tenant": tenant_id,
    }
    return json.dumps(line, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def chain_hash(line: bytes) -> str:
    """Hex SHA-256 of a canonical line, which holds its predecessor's hash."""
    return hashlib.sha256(line).hexdigest()


def salted_digest(salt: str, content: str) -> str:
    """A digest that proves what a content was to somebody who has it, and tells nothing to others."""
    return hashlib.sha256(f"{salt}\0{content}".encode()).hexdigest()[:32]
