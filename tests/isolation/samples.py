"""What to put into the arguments of an address: something of a given tenant, or of the same shape and nobody's.

A route with an argument that has no sample here fails the matrix: whoever adds one says what another tenant's is like.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from werkzeug.routing import Rule

from tests.isolation.world import World

ABSENT_NUMBER = 987_654


@dataclass(frozen=True)
class Sample:
    """`of(world, slug)` names the tenant's; `absent` nobody's, in the same shape."""

    of: Callable[[World, str], Any]
    absent: Any


def _row(table: str, column: str = "id") -> Callable[[World, str], Any]:
    return lambda world, slug: world.rows[slug][table][column]


def _same(value: Any) -> Sample:
    """An argument that names nothing of a tenant: the councils, the library, a provider."""
    return Sample(lambda _world, _slug: value, value)


SAMPLES: dict[str, Sample] = {
    "slug": Sample(lambda _world, slug: slug, "absent-school"),
    "school": Sample(lambda _world, slug: slug, "absent-school"),
    "reference": Sample(_row("case_file", "reference"), "QZ99-TEST"),
    "number": Sample(_row("attachment"), ABSENT_NUMBER),
    "letter_id": Sample(_row("letter"), ABSENT_NUMBER),
    "decision_id": Sample(_row("decision"), ABSENT_NUMBER),
    "proposal_id": Sample(_row("wording_proposal"), ABSENT_NUMBER),
    "run_id": Sample(_row("import_run"), ABSENT_NUMBER),
    "index": _same(0),
    "finding": _same("absent-finding"),
    "waiver_id": Sample(_row("waiver"), ABSENT_NUMBER),
    "mail_id": Sample(_row("incoming_mail"), ABSENT_NUMBER),
    "view_id": Sample(_row("saved_view"), ABSENT_NUMBER),
    "subscription_id": Sample(_row("subscription"), ABSENT_NUMBER),
    "membership_id": Sample(lambda world, slug: world.memberships[slug], ABSENT_NUMBER),
    "invitation_id": Sample(lambda world, slug: world.invitations[slug], ABSENT_NUMBER),
    "session_id": Sample(lambda world, slug: world.sessions[slug], ABSENT_NUMBER),
    "passkey_id": Sample(lambda world, slug: world.passkeys[slug], ABSENT_NUMBER),
    "link_id": Sample(lambda world, slug: world.links[slug], ABSENT_NUMBER),
    "key": Sample(_row("override", "key"), "absent key"),
    "clause_key": Sample(_row("override", "clause_key"), "absent key"),
    "token": Sample(lambda world, slug: world.tokens[slug], "x" * 32),
    "upload_id": _same(ABSENT_NUMBER),
    "report_id": _same(ABSENT_NUMBER),
    "order_id": _same(ABSENT_NUMBER),
    "code_id": _same(ABSENT_NUMBER),
    "urn": _same("999999"),
    "name": _same("absent-release"),
    "kind": _same("photographs"),
    "provider": _same("microsoft"),
    "filename": _same("icon.svg"),
    "pack": _same("absent-pack"),
    "sha256": _same("0" * 64),
}
_CHOICE = re.compile(r"<any\(([^,)]+)[^)]*\):(\w+)>")


LETTER = Sample(_row("case_message"), ABSENT_NUMBER)
"""A number that stands after `letters/` is a letter's."""


def sample_of(rule: Rule, name: str) -> Sample:
    return LETTER if name == "number" and "/letters/" in rule.rule else SAMPLES[name]


def arguments_without_sample(rule: Rule) -> set[str]:
    return rule.arguments - set(SAMPLES) - _choices(rule).keys()


def address(rule: Rule, world: World, *, slug: str, target: str | None, foreign: str = "", whose: str = "") -> str:
    """The rule's address under the tenant `slug`, its further arguments naming `target`'s, or nobody's when None.

    The argument `foreign`, if any, names `whose` instead, or nobody's where that is empty.
    """
    values = dict(_choices(rule))
    for name in rule.arguments - values.keys():
        sample = sample_of(rule, name)
        if name == "slug":
            values[name] = slug
        else:
            named = (whose or None) if name == foreign else target
            values[name] = sample.absent if named is None else sample.of(world, named)
    text = re.sub(r"<(?:[^:<>]+(?:\([^)]*\))?:)?(\w+)>", lambda found: quote(str(values[found.group(1)])), rule.rule)
    return str(text)


def _choices(rule: Rule) -> dict[str, Any]:
    return {name: first.strip("'\"") for first, name in _CHOICE.findall(rule.rule)}
