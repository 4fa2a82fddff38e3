"""Heads of all chains in one signed document that leaves the house: against it, a chain written afresh shows."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import select

from portal.audit.models import AuditEntry, SealedHead
from portal.audit.queries import chains, heads, last_sealed, verify
from portal.audit.rules import GENESIS
from portal.core.database import PortalSession
from portal.core.errors import Invalid
from portal.core.secrets import Keys
from portal.tenancy.models import Tenant

PURPOSE = "audit-heads"


@dataclass(frozen=True, slots=True)
class HeadFault:
    """A chain that no longer holds the entry whose hash left the house."""

    slug: str
    sequence: int


def seal_heads(session: PortalSession, keys: Keys, *, now: datetime) -> str:
    """Walk every chain, note what was found, and return the signed document. The scope must be every tenant.

    A chain that is gone, head and all, is named as long as it was ever sealed.
    """
    found = []
    present, before = {head.tenant_id: head for _slug, head in heads(session)}, last_sealed(session)
    for slug, tenant_id in chains(session):
        if tenant_id not in present and tenant_id not in before:
            continue
        head = present.get(tenant_id)
        sequence, digest = (head.sequence, head.hash) if head else (0, GENESIS)
        report = verify(session, tenant_id)
        session.add(
            SealedHead(
                tenant_id=tenant_id, at=now, sequence=sequence, hash=digest,
                broken_at=report.broken_at, reason=report.reason,
            )
        )  # fmt: skip
        found.append({"tenant": slug, "sequence": sequence, "hash": digest, "whole": report.broken_at is None})
    body = {"at": now.astimezone(UTC).isoformat(), "heads": found}
    seal = {"public_key": keys.public_key(PURPOSE).hex(), "signature": keys.seal(PURPOSE, _bytes(body)).hex()}
    return json.dumps({**body, **seal}, indent=1)


def check_heads(session: PortalSession, document: str, keys: Keys) -> list[HeadFault]:
    """The chains that differ from what the document says. Raises `Invalid` when it is not ours or was changed."""
    body = _proved(document, keys)
    return [
        HeadFault(head["tenant"], head["sequence"])
        for head in body["heads"]
        if head["sequence"] and _hash_at(session, head["tenant"], head["sequence"]) != head["hash"]
    ]


def _proved(document: str, keys: Keys) -> dict[str, Any]:
    try:
        given = json.loads(document)
        body = {"at": given["at"], "heads": given["heads"]}
        public, signature = bytes.fromhex(given["public_key"]), bytes.fromhex(given["signature"])
        Ed25519PublicKey.from_public_bytes(public).verify(signature, _bytes(body))
    except (ValueError, KeyError, TypeError, InvalidSignature) as error:
        raise Invalid("This document of heads was changed, or is not one.") from error
    if public not in keys.public_keys(PURPOSE):
        raise Invalid("This document of heads was not signed by this installation.")
    return body


def _hash_at(session: PortalSession, slug: str, sequence: int) -> str | None:
    return session.scalar(
        select(AuditEntry.hash)
        .join(Tenant, Tenant.id == AuditEntry.tenant_id)
        .where(Tenant.slug == slug, AuditEntry.sequence == sequence)
    )


def _bytes(body: Mapping[str, object]) -> bytes:
    return json.dumps(body, sort_keys=True, separators=(",", ":")).encode()
