"""Releases of the clause library from `tenants/library/<release>/`."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from sqlalchemy import select

from portal.core.clock import from_london
from portal.core.database import PortalSession
from portal.lifecycle.packs import checks
from portal.lifecycle.packs.checks import check_values, tables
from portal.lifecycle.packs.published import changed
from portal.lifecycle.packs.reading import PackError, check_keys, line_of, read_headed, read_toml
from portal.lifecycle.packs.report import LoadReport
from portal.notices.actions import keep_text
from portal.notices.changes import note_change
from portal.notices.markup import problems
from portal.notices.models import ClausePolicy, Release, ReleaseClause, ReleaseSection, ReleaseStatus
from portal.notices.sentences import to_sentences
from portal.tenancy.models import Tenant, TenantKind

_RELEASE_KEYS = {"name", "title", "effective_from", "reason", "sections", "changes"}
_CLAUSE_KEYS = {"key", "title", "section", "order", "policy", "review", "confirm", "law", "applies", "split_from"}


@dataclass(frozen=True, slots=True)
class ReleasePack:
    """A release as its folder has it; `digest` covers every file."""

    path: Path
    name: str
    title: str
    reason: str
    effective_from: date
    sections: tuple[tuple[str, str], ...]
    clauses: tuple[dict[str, Any], ...]
    digest: str


def read_library(folder: Path) -> list[ReleasePack]:
    """All releases, oldest first. Raises `PackError`."""
    packs = [_read_release(path) for path in sorted(folder.iterdir()) if path.is_dir()]
    packs.sort(key=lambda pack: pack.effective_from)
    _check_splits(packs)
    return packs


def _check_splits(packs: list[ReleasePack]) -> None:
    known: set[str] = set()
    for pack in packs:
        keys = {clause["key"] for clause in pack.clauses}
        for clause in pack.clauses:
            origin = clause["split_from"]
            if origin and (origin == clause["key"] or origin not in known | keys):
                file = pack.path.parent / f"{clause['key']}.md"
                raise PackError(file, f"there is no clause {origin} to split", line_of(clause["head"], "split_from"))
        known |= keys


def load_library(session: PortalSession, packs: list[ReleasePack], report: LoadReport, *, now: datetime) -> None:
    """Create the releases that are absent. Raises `PackError` when a published release's files were changed.

    A new installation has them all in force from their dates. Where schools are already here a new release arrives as a
    draft, so that somebody can see what it does to them (`portal release plan`) before it is published.
    """
    is_new = session.scalar(select(Tenant.id).where(Tenant.kind == TenantKind.SCHOOL).limit(1)) is None
    for pack in packs:
        found = session.scalar(select(Release).where(Release.name == pack.name))
        if found is None:
            _create(session, pack, is_draft=not is_new, now=now)
            report.created.append(f"release {pack.name} ({len(pack.clauses)} clauses{'' if is_new else ', a draft'})")
        elif found.status is ReleaseStatus.DRAFT:
            _refresh(session, found, pack, report)
        elif found.pack_digest and found.pack_digest != pack.digest:
            raise changed(session, found, pack)


def _create(session: PortalSession, pack: ReleasePack, *, is_draft: bool, now: datetime) -> None:
    effective_at = from_london(pack.effective_from, time.min)
    release = Release(
        name=pack.name,
        status=ReleaseStatus.DRAFT if is_draft else ReleaseStatus.PUBLISHED,
        effective_at=effective_at,
        published_at=None if is_draft else effective_at,
    )
    _fill(session, release, pack)
    session.add(release)
    session.flush()  # gives the id that the change refers to
    if not is_draft:
        note_change(session, reason=pack.reason, at=effective_at, now=now, release_id=release.id)


def _refresh(session: PortalSession, draft: Release, pack: ReleasePack, report: LoadReport) -> None:
    """Follow the files while nobody changed the draft here."""
    if draft.pack_digest == pack.digest:
        return
    if not draft.pack_digest:
        report.kept.append(f"release {pack.name}: the draft was changed here, its files are not read")
        return
    draft.clauses, draft.sections, draft.retired = [], [], {}
    session.flush()  # the same keys come back
    draft.effective_at = from_london(pack.effective_from, time.min)
    _fill(session, draft, pack)
    report.created.append(f"release {pack.name} (the draft follows its files)")


def _fill(session: PortalSession, release: Release, pack: ReleasePack) -> None:
    release.title, release.reason, release.pack_digest = pack.title, pack.reason, pack.digest
    release.sections = [
        ReleaseSection(key=key, title=title, position=position) for position, (key, title) in enumerate(pack.sections)
    ]
    release.clauses = [
        ReleaseClause(
            key=clause["key"],
            title=clause["title"],
            section_key=clause["section"],
            position=position,
            policy=ClausePolicy(clause["policy"]),
            review=clause["review"],
            confirm=clause["confirm"],
            laws=clause["law"],
            applies=clause["applies"],
            part_hash=keep_text(session, clause["text"]),
            reason=clause["reason"],
            split_from=clause["split_from"],
        )
        for position, clause in enumerate(pack.clauses)
    ]


def _read_release(folder: Path) -> ReleasePack:
    path = folder / "release.toml"
    head = read_toml(path)
    check_values(path, head, checks.RELEASE)
    check_keys(path, head, needed=("name", "title", "effective_from", "reason", "sections"), known=_RELEASE_KEYS)
    if head["name"] != folder.name:
        raise PackError(path, f"the name is {head['name']}, the folder {folder.name}", line_of(head, "name"))
    for group, needed in (("sections", ("key", "title")), ("changes", ("key", "reason"))):
        for table in tables(path, head, group):
            check_keys(path, table, needed=needed, known=needed, where=f"{group}: ")
            check_values(path, table, dict.fromkeys(needed, checks.words(500)), where=f"{group}: ")
    sections = tuple((section["key"], section["title"]) for section in head["sections"])
    reasons = {change["key"]: change["reason"] for change in head.get("changes", [])}
    files = sorted(file for file in folder.glob("*.md"))
    keys = {file.name.removesuffix(".md") for file in files}
    clauses = [_read_clause(file, {key for key, _ in sections}, keys, reasons) for file in files]
    order = {key: position for position, (key, _) in enumerate(sections)}
    clauses.sort(key=lambda clause: (order[clause["section"]], clause["order"], clause["key"]))
    digest = hashlib.sha256(
        b"\0".join(file.name.encode() + b"\0" + file.read_bytes() for file in [path, *files])
    ).hexdigest()
    return ReleasePack(
        path, head["name"], head["title"], head["reason"], head["effective_from"], sections, tuple(clauses), digest
    )


def _read_clause(path: Path, sections: set[str], keys: set[str], reasons: dict[str, str]) -> dict[str, Any]:
    head, body, first_line = read_headed(path)
    check_values(path, head, checks.CLAUSE)
    check_keys(path, head, needed=("key", "title", "section", "order", "policy"), known=_CLAUSE_KEYS)
    if head["key"] != path.name.removesuffix(".md"):
        raise PackError(path, f"the key is {head['key']}, the file {path.name}", line_of(head, "key"))
    if head["section"] not in sections:
        raise PackError(path, f"there is no section {head['section']}", line_of(head, "section"))
    for problem in problems(body, known_keys=keys):
        raise PackError(path, problem.reason, first_line + problem.line - 1)
    return {
        "review": False,
        "confirm": False,
        "law": [],
        "applies": [],
        "split_from": "",
        **head,
        "head": head,
        "line": first_line,
        "text": to_sentences(body),
        "reason": reasons.get(head["key"], ""),
    }
