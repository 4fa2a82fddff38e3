"""Checks of people, numbers and councils against what the service knows."""

import re
from collections.abc import Iterable
from functools import lru_cache

from portal.notices.importing.contacts import Contact, contacts
from portal.notices.importing.councils import Councils, Mention
from portal.notices.importing.editions import AuthorityName
from portal.notices.importing.facts import CONTROLLER, CONTROLLER_IS, default_owners
from portal.notices.importing.names import is_person, officer_name
from portal.notices.importing.words import spoken
from portal.notices.lint.findings import Finding, Fix
from portal.notices.lint.notice import Context, Notice, Passage
from portal.notices.lint.rules import Rule
from portal.notices.lint.wording_checks import in_scope, patterns, said

KINDS = ("borough council", "city council", "county council", "district council")
SHORTEST_NUMBER, LONGEST_NUMBER = 10, 11
GEOGRAPHIC = ("01", "08")


def officer_named(rule: Rule, notice: Notice, context: Context) -> Iterable[Finding]:
    """A human being's name is given for the Data Protection Officer."""
    for passage in notice.passages:
        name = officer_name(passage.plain)
        if name and is_person(name) and name != context.facts.get("dpo.name"):
            start = max(spoken(passage.plain).find(name), 0)
            yield said(rule, passage, start, start + len(name), name=name)


def officer_contact(rule: Rule, notice: Notice, context: Context) -> Iterable[Finding]:
    """The Data Protection Officer's `contact` (telephone or email) is malformed or is not the service's own."""
    kind = Contact(rule.asks["contact"])
    ours = context.facts.get(f"dpo.{kind}", "")
    owners = default_owners([one.block for one in notice.passages], [one.place for one in notice.passages])
    for passage in notice.passages:
        for found in contacts(passage.plain, owners[passage.block.index]):
            if found.contact is kind and found.owner == "dpo" and _is_wrong(kind, found.value, ours):
                fix = Fix(found.value, ours) if ours and found.value in passage.block.text else None
                yield said(rule, passage, found.start, found.end, fix, found=found.value, ours=ours or "-")


def wrong_controller(rule: Rule, notice: Notice, context: Context) -> Iterable[Finding]:
    """Somebody who cannot be the controller (`patterns`), or another than the school's own, is named as such."""
    ours = [context.facts[key] for key in ("controller.name", "school.name") if context.facts.get(key)]
    for passage in in_scope(rule, notice):
        for pattern in patterns(rule, "patterns"):
            for match in pattern.finditer(passage.plain):
                if not any(excuse.search(passage.sentences_at(*match.span())) for excuse in patterns(rule, "unless")):
                    yield said(rule, passage, match.start(), match.end())
        for named in (CONTROLLER.search(passage.plain), CONTROLLER_IS.search(passage.plain)):
            if named and ours and not any(_same_name(named["name"], name) for name in ours):
                yield said(rule, passage, named.start(), named.end())


def old_council_names(rule: Rule, notice: Notice, context: Context) -> Iterable[Finding]:
    """A council is called what it no longer is."""
    councils = _directory(context.authorities)
    for passage in notice.passages:
        for mention in councils.mentions(passage.plain):
            if _is_former(mention):
                official = mention.authority.names[0]
                fix = Fix(mention.name, official) if mention.name in passage.block.text else None
                yield said(rule, passage, *_span(passage, mention), fix, found=mention.name, instead=official)


def ended_councils(rule: Rule, notice: Notice, context: Context) -> Iterable[Finding]:
    """A council that is no more is named in full; its short name may mean the place."""
    councils = _directory(context.authorities)
    for passage in notice.passages:
        for mention in councils.mentions(passage.plain):
            ended = mention.authority.ended
            span = _span(passage, mention)
            is_history = any(excuse.search(passage.sentences_at(*span)) for excuse in patterns(rule, "unless"))
            if mention.full and ended and ended <= context.on and not is_history:
                yield said(rule, passage, *span, found=mention.name, day=ended.isoformat())


def councils_missing(rule: Rule, notice: Notice, context: Context) -> Iterable[Finding]:
    """Council lines name fewer councils than a notice should list; told at the last such line."""
    councils = _directory(context.authorities)
    lines = [(passage, named) for passage in notice.passages if (named := councils.line(passage.plain))]
    told = {council.dfe_code for _, named in lines for council in named}
    lacking = context.listed - told
    if lines and lacking:
        names = sorted(council.names[0] for council in context.authorities if council.dfe_code in lacking)
        passage = lines[-1][0]
        yield said(rule, passage, 0, len(passage.plain), count=str(len(told & context.listed)), names=", ".join(names))


@lru_cache(maxsize=8)
def _directory(authorities: tuple[AuthorityName, ...]) -> Councils:
    return Councils(authorities)


def _is_wrong(kind: Contact, value: str, ours: str) -> bool:
    if kind is Contact.TELEPHONE:
        digits = re.sub(r"\D", "", value.replace("+44", "0").replace("(0)", ""))
        shortest = SHORTEST_NUMBER if digits.startswith(GEOGRAPHIC) else LONGEST_NUMBER
        is_malformed = not shortest <= len(digits) <= LONGEST_NUMBER
        return is_malformed or bool(ours and digits != re.sub(r"\D", "", ours))
    return bool(ours) and value.lower() != ours.lower()


def _is_former(mention: Mention) -> bool:
    said_kind = next((kind for kind in KINDS if mention.name.lower().endswith(kind)), None)
    official = mention.authority.names[0].lower()
    present_kind = next((kind for kind in KINDS if official.endswith(kind)), None)
    return said_kind is not None and present_kind is not None and said_kind != present_kind


def _span(passage: Passage, mention: Mention) -> tuple[int, int]:
    start = max(passage.plain.find(mention.name), 0)
    return start, start + len(mention.name)


def _same_name(one: str, other: str) -> bool:
    first, second = (re.sub(r"^(?:the|our)\s+", "", name.lower().strip()) for name in (one, other))
    return first in second or second in first


CONTACT_CHECKS = {
    "officer_named": officer_named,
    "officer_contact": officer_contact,
    "wrong_controller": wrong_controller,
    "old_council_names": old_council_names,
    "ended_councils": ended_councils,
    "councils_missing": councils_missing,
}
