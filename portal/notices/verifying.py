"""Whether every seal holds: the stored text against its hash, and the parts put together again against the text."""

import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Self

from sqlalchemy import select

from portal.audit.models import AuditEntry
from portal.audit.rules import AuditKind
from portal.core.database import PortalSession
from portal.notices.compose import COMPOSER_VERSION
from portal.notices.gathering import KnownTexts, texts
from portal.notices.models import Publication
from portal.notices.queries import sealed_notice
from portal.notices.reading import text_hash
from portal.notices.sealing import seal_digests, unpacked
from portal.tenancy.models import Tenant

_BATCH = 200
_MOST_GAPS = 100
_UNREADABLE = (LookupError, TypeError, ValueError, AttributeError)
_Notice = tuple[int, str, str]


class Fault(StrEnum):
    """What is wrong with a version.

    It is not what was sealed (`broken`), a part of it is gone or altered (`lost`), other words come out now
    (`differs`), it is not made or not told as the trail says (`altered`), or it is gone itself (`missing`).
    """

    BROKEN = "broken"
    LOST = "lost"
    DIFFERS = "differs"
    ALTERED = "altered"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Finding:
    """A version that does not hold; `composer` is what sealed it ("" where it is gone), `composer_now` what read it."""

    school: str
    kind: str
    number: int
    language: str
    fault: Fault
    composer: str
    composer_now: str = COMPOSER_VERSION

    def as_dict(self) -> dict[str, str | int]:
        return {
            "school": self.school,
            "kind": self.kind,
            "number": self.number,
            "language": self.language,
            "fault": self.fault.value,
            "composer": self.composer,
            "composer_now": self.composer_now,
        }


@dataclass(frozen=True, slots=True)
class Checked:
    """How many versions were looked at, and those that do not hold."""

    versions: int
    findings: tuple[Finding, ...]

    def with_one(self, finding: Finding | None) -> "Checked":
        return Checked(self.versions + 1, (*self.findings, finding) if finding else self.findings)


def verify(session: PortalSession, *, school: Tenant | None = None) -> Checked:
    """Check every sealed version, and that none is gone; the session must see every tenant."""
    known = CheckedTexts()
    found = Checked(0, ())
    for schools in _batches(session, school):
        lines = _lines(session, schools)
        numbers: dict[_Notice, set[int]] = {}
        for row in _publications(session, schools):
            one = schools[row.tenant_id]
            numbers.setdefault((row.tenant_id, row.kind, row.language), set()).add(row.number)
            fault = _fault(session, one, row, known, lines)
            found = found.with_one(
                Finding(one.slug, row.kind, row.number, row.language, fault, row.composer) if fault else None
            )
        for notice in lines.keys() | numbers.keys():
            missing = _missing(numbers.get(notice, set()), lines.get(notice, {}))
            tenant_id, kind, language = notice
            gone = tuple(
                Finding(schools[tenant_id].slug, kind, number, language, Fault.MISSING, "") for number in missing
            )
            found = Checked(found.versions, found.findings + gone)
    return found


def _missing(present: set[int], lines: Mapping[int, str]) -> list[int]:
    """Numbers that were given and are gone; of a number beyond reason only the first hundred are named."""
    last = max([*present, *lines], default=0)
    gaps = islice((number for number in range(1, last) if number not in present), _MOST_GAPS)
    return sorted({*gaps, *(number for number in lines if number not in present)})


class CheckedTexts(KnownTexts):
    """Leaves out what is not what its hash says."""

    def fetch(self, session: PortalSession, hashes: Iterable[str]) -> Self:
        missing = {one for one in hashes if one} - self.keys()
        if missing:
            found = texts(session, missing)
            self.update({digest: text for digest, text in found.items() if text_hash(text) == digest})
        return self


def _batches(session: PortalSession, school: Tenant | None) -> Iterator[dict[int, Tenant]]:
    cursor = 0
    while True:
        statement = select(Tenant).where(Tenant.id > cursor).order_by(Tenant.id).limit(_BATCH)
        if school is not None:
            statement = statement.where(Tenant.id == school.id)
        tenants = {one.id: one for one in session.scalars(statement)}
        if not tenants:
            return
        yield tenants
        cursor = max(tenants)


def _lines(session: PortalSession, schools: Collection[int]) -> dict[_Notice, dict[int, str]]:
    """What the trail says of each notice: the digest of each number."""
    statement = select(AuditEntry.tenant_id, AuditEntry.details).where(
        AuditEntry.tenant_id.in_(schools), AuditEntry.kind == AuditKind.NOTICE_SEALED.value
    )
    found: dict[_Notice, dict[int, str]] = {}
    for tenant_id, details in session.execute(statement):
        notice = (tenant_id, str(details.get("notice")), str(details.get("language")))
        found.setdefault(notice, {})[details.get("number", 0)] = str(details.get("seal"))
    return found


@dataclass(frozen=True, slots=True)
class _Unreadable:
    """A version whose row cannot even be read."""

    tenant_id: int
    kind: str
    language: str
    number: int
    composer: str


def _publications(session: PortalSession, schools: Collection[int]) -> Iterator[Publication | _Unreadable]:
    """Row by row, so that one that cannot be read stops none of the others."""
    plain = (Publication.tenant_id, Publication.kind, Publication.language, Publication.number, Publication.composer)
    statement = select(Publication.id, *plain).where(Publication.tenant_id.in_(schools))
    for publication_id, tenant_id, kind, language, number, composer in list(
        session.execute(statement.order_by(Publication.tenant_id, Publication.number, Publication.id))
    ):
        try:
            row = session.scalars(select(Publication).where(Publication.id == publication_id)).one()
        except _UNREADABLE:
            yield _Unreadable(tenant_id, kind, language, number, composer)
            continue
        yield row
        session.expunge(row)


def _fault(
    session: PortalSession, school: Tenant, row: Publication | _Unreadable, known: KnownTexts,
    lines: Mapping[_Notice, Mapping[int, str]],
) -> Fault | None:  # fmt: skip
    if isinstance(row, _Unreadable):
        return Fault.BROKEN
    try:
        dictionary = known.fetch(session, [row.dictionary])[row.dictionary]
        stored = unpacked(row.body, dictionary)
    except (zlib.error, *_UNREADABLE):
        return Fault.BROKEN
    if text_hash(stored) != row.sha256:
        return Fault.BROKEN
    try:
        again = sealed_notice(session, school, row, known)
    except _UNREADABLE:
        return Fault.LOST
    if again.sha256 != row.sha256:
        return Fault.DIFFERS
    return Fault.ALTERED if _is_altered(row, lines.get((row.tenant_id, row.kind, row.language), {})) else None


def _is_altered(row: Publication, lines: Mapping[int, str]) -> bool:
    """Versions before the first that the trail names were sealed when it named none."""
    if row.number not in lines:
        return bool(lines) and row.number > min(lines)
    return lines[row.number] not in seal_digests(row)
