"""Whether every seal holds: the stored text against its hash, and the parts put together again against the text."""

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from sqlalchemy import select

from portal.core.database import PortalSession
from portal.notices.compose import COMPOSER_VERSION
from portal.notices.gathering import KnownTexts, texts
from portal.notices.models import Publication
from portal.notices.queries import sealed_notice
from portal.notices.reading import text_hash
from portal.notices.sealing import unpacked
from portal.tenancy.models import Tenant

_BATCH = 200


class Fault(StrEnum):
    """Not what was sealed (`broken`), a part gone or altered (`lost`), or other words come out now (`differs`)."""

    BROKEN = "broken"
    LOST = "lost"
    DIFFERS = "differs"


@dataclass(frozen=True, slots=True)
class Finding:
    """A version that does not hold; `composer` is what sealed it, `composer_now` what read it."""

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


def verify(session: PortalSession, *, school: Tenant | None = None) -> Checked:
    """Check every sealed version; the session must see every tenant."""
    schools = {one.id: one for one in session.scalars(select(Tenant))}
    known = CheckedTexts()
    count = 0
    findings: list[Finding] = []
    for row in _publications(session, school):
        count += 1
        fault = _fault(session, schools[row.tenant_id], row, known)
        if fault is not None:
            slug = schools[row.tenant_id].slug
            findings.append(Finding(slug, row.kind, row.number, row.language, fault, row.composer))
        session.expunge(row)
    return Checked(count, tuple(findings))


class CheckedTexts(KnownTexts):
    """Leaves out what is not what its hash says."""

    def fetch(self, session: PortalSession, hashes: Iterable[str]) -> Self:
        missing = {one for one in hashes if one} - self.keys()
        if missing:
            found = texts(session, missing)
            self.update({digest: text for digest, text in found.items() if text_hash(text) == digest})
        return self


def _publications(session: PortalSession, school: Tenant | None) -> Iterator[Publication]:
    cursor = 0
    while True:
        statement = select(Publication).where(Publication.id > cursor).order_by(Publication.id).limit(_BATCH)
        if school is not None:
            statement = statement.where(Publication.tenant_id == school.id)
        rows = list(session.scalars(statement))
        if not rows:
            return
        cursor = rows[-1].id
        yield from rows


def _fault(session: PortalSession, school: Tenant, row: Publication, known: KnownTexts) -> Fault | None:
    try:
        dictionary = known.fetch(session, [row.dictionary])[row.dictionary]
        stored = unpacked(row.body, dictionary)
    except (zlib.error, KeyError, UnicodeDecodeError):
        return Fault.BROKEN
    if text_hash(stored) != row.sha256:
        return Fault.BROKEN
    try:
        again = sealed_notice(session, school, row, known)
    except KeyError:
        return Fault.LOST
    return None if again.sha256 == row.sha256 else Fault.DIFFERS
