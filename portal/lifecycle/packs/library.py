"""Releases of the clause library from `tenants/library/<release>/`, translations from `<release>/<language>/`.

A release may be of a further kind of notice (`kind`, `kind_title`). Translations may be added and mended after the
release was published: they are not part of what it says.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from sqlalchemy import select

from portal.core.clock import from_london
from portal.core.database import PortalSession
from portal.core.i18n import N_
from portal.lifecycle.packs import checks
from portal.lifecycle.packs.checks import check_values, tables
from portal.lifecycle.packs.published import changed
from portal.lifecycle.packs.reading import PackError, check_keys, line_of, read_headed, read_toml
from portal.lifecycle.packs.report import LoadReport
from portal.notices.actions import keep_text
from portal.notices.changes import note_change
from portal.notices.gathering import GENERAL, translations
from portal.notices.languages import ENGLISH, WORDS
from portal.notices.markup import problems
from portal.notices.models import (
    ClausePolicy,
    Release,
    ReleaseClause,
    ReleaseSection,
    ReleaseStatus,
    Translation,
)
from portal.notices.reading import text_hash
from portal.notices.sentences import to_sentences
from portal.notices.translating import Rendering, Source
from portal.tenancy.models import Tenant, TenantKind

_RELEASE_KEYS = {"name", "title", "kind", "kind_title", "effective_from", "reason", "sections", "changes"}
_CLAUSE_KEYS = {"key", "title", "section", "order", "policy", "review", "confirm", "law", "applies", "split_from"}


@dataclass(frozen=True, slots=True)
class TranslatedText:
    """A clause's title and words in another language, or without `source` and `text` a title alone."""

    language: str
    key: str
    source_title: str
    title: str
    is_checked: bool
    source: str = ""
    text: str = ""

    @property
    def made_from(self) -> Source:
        return Source(self.language, self.key, self.source_title, text_hash(self.source) if self.source else "")


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
    kind: str = GENERAL
    kind_title: str = ""
    translations: tuple[TranslatedText, ...] = ()


def read_library(folder: Path) -> list[ReleasePack]:
    """All releases, oldest first. Raises `PackError`."""
    packs = [_read_release(path) for path in sorted(folder.iterdir()) if path.is_dir()]
    packs.sort(key=lambda pack: pack.effective_from)
    _check_kinds(packs)
    _check_splits(packs)
    return packs


def _check_kinds(packs: list[ReleasePack]) -> None:
    kinds: dict[str, str] = {}
    for pack in packs:
        for clause in pack.clauses:
            kind = kinds.setdefault(clause["key"], pack.kind)
            if kind != pack.kind:
                path = pack.path.parent / f"{clause['key']}.md"
                raise PackError(path, f"this clause belongs to the notice {kind}", line_of(clause["head"], "key"))


def _check_splits(packs: list[ReleasePack]) -> None:
    known: dict[str, set[str]] = {}
    for pack in packs:
        keys = known.setdefault(pack.kind, set())
        keys |= {clause["key"] for clause in pack.clauses}
        for clause in pack.clauses:
            origin = clause["split_from"]
            if origin and (origin == clause["key"] or origin not in keys):
                file = pack.path.parent / f"{clause['key']}.md"
                raise PackError(file, f"there is no clause {origin} to split", line_of(clause["head"], "split_from"))


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
    _load_translations(session, packs, report, is_new=is_new, now=now)


def _load_translations(
    session: PortalSession, packs: list[ReleasePack], report: LoadReport, *, is_new: bool, now: datetime
) -> None:
    """Add what is new or mended. On a new installation a translation is as old as its release, else it is of now."""
    known = translations(session)
    wanted = {one.made_from: (one, pack) for pack in packs for one in pack.translations}  # the newest pack counts
    count = 0
    for source, (one, pack) in wanted.items():
        at = from_london(pack.effective_from, time.min) if is_new else now
        words = Rendering(at, one.title, text_hash(one.text) if one.text else "", one.is_checked)
        last = next(reversed(known.get(source, ())), None)
        if last is not None and replace(last, at=at) == words:
            continue
        session.add(_translation(session, one, at))
        count += 1
    if count:
        report.created.append(f"{count} translations of clauses and titles")
        note_change(session, reason=N_("A translation of the notice was added or changed."), at=now, now=now)


def _translation(session: PortalSession, one: TranslatedText, at: datetime) -> Translation:
    return Translation(
        language=one.language, key=one.key, source_title=one.source_title, title=one.title, is_checked=one.is_checked,
        source_hash=keep_text(session, one.source) if one.source else None,
        part_hash=keep_text(session, one.text) if one.text else None, effective_at=at,
    )  # fmt: skip


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
    release.kind, release.kind_title = pack.kind, pack.kind_title
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
    kind, kind_title = _read_kind(path, head)
    pack = ReleasePack(
        path, head["name"], head["title"], head["reason"], head["effective_from"], sections, tuple(clauses), digest,
        kind, kind_title,
    )  # fmt: skip
    languages = sorted(one for one in folder.iterdir() if one.is_dir())
    return replace(pack, translations=tuple(text for one in languages for text in _read_translations(one, pack)))


def _read_kind(path: Path, head: dict[str, Any]) -> tuple[str, str]:
    kind, title = head.get("kind", GENERAL), head.get("kind_title", "")
    if (kind == GENERAL) != (title == ""):
        reason = "a further kind of notice needs kind and kind_title, the general one has neither"
        raise PackError(path, reason, line_of(head, "kind" if "kind" in head else "kind_title"))
    return kind, title


def _read_translations(folder: Path, pack: ReleasePack) -> list[TranslatedText]:
    """`<clause>.md` has a clause's title and words; `titles.toml` those of sections and of the kind of notice."""
    language = folder.name
    if language not in WORDS or language == ENGLISH:
        raise PackError(folder, f"the portal cannot show a notice in {language}")
    clauses = {clause["key"]: clause for clause in pack.clauses}
    found: list[TranslatedText] = []
    if (path := folder / "titles.toml").exists():
        table = read_toml(path)
        check_keys(path, table, needed=("titles",), known={"titles", "checked"})
        check_values(path, table, {"checked": checks.flag})
        english = {**dict(pack.sections), **({pack.kind: pack.kind_title} if pack.kind_title else {})}
        check_values(path, table["titles"], dict.fromkeys(english, checks.name), where="titles: ")
        for key, title in table["titles"].items():
            if key not in english:
                raise PackError(path, f"there is no section {key}", line_of(table["titles"], key))
            is_checked = bool(table.get("checked", False))
            found.append(TranslatedText(language, key, english[key], title, is_checked))
    for path in sorted(folder.glob("*.md")):
        head, body, first_line = read_headed(path)
        check_values(path, head, checks.TRANSLATION)
        check_keys(path, head, needed=("key", "title"), known=set(checks.TRANSLATION))
        clause = clauses.get(head["key"])
        if clause is None or head["key"] != path.name.removesuffix(".md"):
            raise PackError(path, f"there is no clause {head['key']} in the release, or the file has another name", 2)
        for problem in problems(body, known_keys=set(clauses)):
            raise PackError(path, problem.reason, first_line + problem.line - 1)
        found.append(
            TranslatedText(
                language, head["key"], clause["title"], head["title"], bool(head.get("checked", False)),
                clause["text"], to_sentences(body),
            )
        )  # fmt: skip
    return found


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
