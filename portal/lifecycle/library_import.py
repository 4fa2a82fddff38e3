"""A notice template of somebody else's, kept as a reference edition: to compare with, never in force by itself."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, time

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from portal.audit.actions import record
from portal.audit.rules import AuditKind
from portal.core.clock import from_london, london
from portal.core.database import PortalSession
from portal.core.errors import Invalid
from portal.core.i18n import N_
from portal.core.text import clean_name
from portal.identity.actions import witness
from portal.identity.permissions import Action, Actor, Place, require
from portal.lifecycle.import_editions import authority_names, library_editions
from portal.notices.actions import keep_text
from portal.notices.gathering import GENERAL
from portal.notices.importing.blocks import Block
from portal.notices.importing.editions import in_force
from portal.notices.importing.notice_check import check_notice
from portal.notices.importing.template import Template, split_template
from portal.notices.models import ClausePolicy, Release, ReleaseClause, ReleaseSection, ReleaseStatus
from portal.notices.queries import release_in_force
from portal.notices.sentences import to_sentences
from portal.tenancy.queries import service

NAME_LENGTH = 60
TAKEN = N_("There is a release with this name already, made from something else. Choose another name.")


@dataclass(frozen=True, slots=True)
class Reference:
    """What was kept; `is_new` is False where the same document was here already."""

    template: Template
    is_new: bool


def import_reference(
    session: PortalSession, actor: Actor, blocks: tuple[Block, ...], *, name: str, effective_from: date | None,
    now: datetime,
) -> Reference:  # fmt: skip
    """Split a template into clauses and keep it as the reference edition `name`.

    Raises `Invalid` for a name that another release has and for a document that is no privacy notice.
    """
    centre = service(session)
    require(actor, Action.EDIT_RELEASE, Place(centre.id, None, centre.id))
    name = _checked_name(name)
    check_notice(blocks)
    library = in_force(library_editions(session, now=now), london(now).date())
    if library is None:
        raise Invalid("There is no library to take the keys from yet: run `portal init` first.")
    template = split_template(blocks, library, authority_names(session), name=name, effective_from=effective_from)
    digest = hashlib.sha256("\0".join(block.text for block in blocks).encode("utf-8", "surrogatepass")).hexdigest()
    found = session.scalar(select(Release).where(Release.name == name))
    if found is not None:
        if found.status is not ReleaseStatus.REFERENCE or found.pack_digest != digest:
            raise Invalid(TAKEN, field="name")
        return Reference(template, is_new=False)
    _keep(session, template, digest, now)
    record(
        session, witness(actor), AuditKind.RELEASE_CHANGED, tenant_id=centre.id, subject=("release", name), now=now,
        status=ReleaseStatus.REFERENCE.value,
    )  # fmt: skip
    return Reference(template, is_new=True)


def references(session: PortalSession) -> list[Release]:
    """Every reference edition, the newest first."""
    statement = (
        select(Release)
        .where(Release.status == ReleaseStatus.REFERENCE)
        .options(selectinload(Release.clauses))
        .order_by(Release.effective_at.desc(), Release.id.desc())
    )
    return list(session.scalars(statement))


def _checked_name(name: str) -> str:
    name = clean_name(name)
    if not name or len(name) > NAME_LENGTH:
        raise Invalid(f"Give the release a name of at most {NAME_LENGTH} letters.", field="name")
    return name


def _keep(session: PortalSession, template: Template, digest: str, now: datetime) -> None:
    """Policies are those of our own clauses; what we do not have a school may change."""
    own = release_in_force(session, now)
    known = {clause.key: clause for clause in own.clauses} if own else {}
    effective = template.edition.effective_from
    release = Release(
        name=template.edition.name,
        kind=GENERAL,
        title=template.edition.name,
        status=ReleaseStatus.REFERENCE,
        effective_at=from_london(effective, time.min) if effective else now,
        pack_digest=digest,
    )
    release.sections = [
        ReleaseSection(key=key, title=title[:200], position=position)
        for position, (key, title) in enumerate(template.edition.sections)
    ]
    release.clauses = [
        ReleaseClause(
            key=clause.key,
            title=clause.title[:200],
            section_key=clause.section,
            position=position,
            policy=known[clause.key].policy if clause.key in known else ClausePolicy.ADAPTABLE,
            review=known[clause.key].review if clause.key in known else False,
            confirm=known[clause.key].confirm if clause.key in known else False,
            laws=known[clause.key].laws if clause.key in known else [],
            applies=known[clause.key].applies if clause.key in known else [],
            part_hash=keep_text(session, to_sentences(clause.text)),
        )
        for position, clause in enumerate(template.edition.clauses)
    ]
    session.add(release)
    session.flush()  # a taken name must show here
