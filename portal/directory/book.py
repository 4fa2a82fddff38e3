"""The whole directory in memory, and a council as it is on a day. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from portal.directory.rules import (
    Assignment,
    Authority,
    CodeScheme,
    Doubt,
    Found,
    Link,
    LinkKind,
    Succession,
    authority_for_codes,
    authority_for_school,
    code_of,
    holder_of,
    holds,
    links_on,
    name_of,
    only_drafted,
)

_READ_FIRST = (LinkKind.PUPIL, LinkKind.MAIN, LinkKind.CHILD)


@dataclass(frozen=True, slots=True)
class Contact:
    """How to reach a council's data protection officer; `kind` is email, telephone or address."""

    authority: str
    kind: str
    value: str
    role: str = ""
    valid_from: date | None = None
    valid_to: date | None = None
    is_verified: bool = False


@dataclass(frozen=True, slots=True)
class Council:
    """A council as it is on one day."""

    key: str
    name: str
    short_name: str
    kind: str
    dfe: str | None
    gss: str | None
    website: str
    links: tuple[Link, ...] = ()
    contacts: tuple[Contact, ...] = ()

    @property
    def notice_url(self) -> str:
        """Where it says how it uses information about pupils: the nearest page it has, else its website, else ''."""
        by_kind = {link.kind: link.url for link in self.links}
        return next((by_kind[kind] for kind in _READ_FIRST if kind in by_kind), self.website)

    def as_dict(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "name": self.name,
            "short_name": self.short_name,
            "kind": self.kind,
            "dfe": self.dfe,
            "gss": self.gss,
            "website": self.website,
            "links": [{"kind": link.kind, "url": link.url, "language": link.language} for link in self.links],
            "contacts": [{"kind": one.kind, "value": one.value, "role": one.role} for one in self.contacts],
        }


@dataclass(frozen=True, slots=True)
class Answer:
    """The one council, or `None` with the councils it might be and why nobody can say."""

    council: Council | None
    candidates: tuple[Council, ...] = ()
    doubt: Doubt | None = None

    def as_dict(self) -> dict[str, Any]:
        if self.council is not None:
            return self.council.as_dict()
        candidates = [one.as_dict() for one in self.candidates]
        return {"key": None, "doubt": self.doubt or "several", "candidates": candidates}


@dataclass(frozen=True)
class Book:
    """Councils, made orders and drafts, links and contacts of every date."""

    authorities: tuple[Authority, ...]
    successions: tuple[Succession, ...] = ()
    links: tuple[Link, ...] = ()
    contacts: tuple[Contact, ...] = ()
    websites: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def by_key(self) -> dict[str, Authority]:
        return {authority.key: authority for authority in self.authorities}

    def council(self, key: str, on: date, language: str = "en") -> Council:
        """Raises `KeyError` for a key that the directory never had."""
        authority = self.by_key[key]
        name = name_of(authority, on)
        return Council(
            key,
            name.name,
            name.short_name,
            authority.kind,
            code_of(authority, CodeScheme.DFE, on),
            code_of(authority, CodeScheme.GSS, on),
            self.websites.get(key, ""),
            tuple(link for _, link in sorted(links_on(self.links, key, on, language).items())),
            tuple(one for one in self.contacts if one.authority == key and holds(one, on)),
        )

    def answer(self, found: Found, on: date, language: str = "en") -> Answer:
        council = self.council(found.authority, on, language) if found.authority else None
        return Answer(council, tuple(self.council(key, on, language) for key in found.candidates), found.doubt)

    def with_code(self, code: str, on: date) -> Found:
        """Whoever does on that day what the council with this DfE or GSS code does, did, or will do.

        The code of a county's district stands for whoever answers for education there.
        """
        scheme = CodeScheme.DFE if code.isdecimal() else CodeScheme.GSS
        authority = holder_of(scheme, code.upper(), self.authorities, self.successions, on)
        if authority is None:
            return self._with_district(code.upper(), on)
        gss = _gss_codes(authority)
        if holds(authority, on) or not gss:
            return Found(authority.key)
        return authority_for_codes(gss[-1], gss[-1], self.authorities, self.successions, on)

    def _with_district(self, code: str, on: date) -> Found:
        counties = [gss[-1] for one in self.authorities if code in one.districts and (gss := _gss_codes(one))]
        if not counties:
            return Found(None, doubt=Doubt.UNKNOWN_CODE)
        return authority_for_codes(counties[0], code, self.authorities, self.successions, on)

    def council_of_school(self, assignments: Iterable[Assignment], district: str | None, on: date) -> Found:
        """Which council answers for a school; `district` is a GSS code."""
        return authority_for_school(assignments, self.successions, district, on, self.by_key)

    def existing(self, on: date) -> list[Council]:
        """Every council that exists on a day, by name; not those that only a draft would make."""
        drafted = only_drafted(self.authorities, self.successions)
        found = (self.council(one.key, on) for one in self.authorities if holds(one, on) and one.key not in drafted)
        return sorted(found, key=lambda council: council.name)


def _gss_codes(authority: Authority) -> list[str]:
    return [one.code for one in authority.codes if one.scheme is CodeScheme.GSS]
