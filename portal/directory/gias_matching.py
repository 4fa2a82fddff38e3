"""Which new establishment follows one that closed, and how sure we can be.

The register gives a converted school a new URN and closes the old one. Its file of links names the successor; without
that file we look for one school of the same authority that opened about when the old one closed.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum
from typing import Final

from portal.directory.gias import SchoolRecord
from portal.tenancy.models import SchoolLaw

_FOR_AN_ACADEMY: Final = frozenset({"academy converter", "for academy", "academy free school"})
_FOR_A_SUCCESSOR: Final = _FOR_AN_ACADEMY | {
    "fresh start",
    "change religious character",
    "change in status",
    "transferred to new sponsor",
}
_INTO_ANOTHER: Final = frozenset({"result of amalgamation/merger", "result of amalgamation"})
_FOLLOWS_ONE: Final = frozenset({"academy converter", "fresh start", "change religious character", "change in status"})
_UNSTATED: Final = frozenset({"", "not applicable", "not recorded"})
_OPENED_BEFORE: Final = timedelta(days=7)
_OPENED_AFTER: Final = timedelta(days=62)
_EVERYDAY: Final = re.compile(
    r"""
    a | academy | aided | and | c | ce | catholic | church | cofe | college | community | controlled | e | england
    | first | for | foundation | free | high | infants? | juniors? | lower | middle | nursery | of | primary | rc
    | roman | schools? | secondary | special | studio | the | trust | upper | va | vc | voluntary
    """,
    re.VERBOSE,
)


class Evidence(IntEnum):
    """How we know who followed, the surest first."""

    REGISTER_LINK = 1
    SAME_NUMBER = 2
    SAME_SITE = 3
    SAME_NAME = 4


@dataclass(frozen=True, slots=True)
class Outcome:
    """`successor` where it is certain enough, else `candidates` for a person to choose from; a plain closure: neither.

    `is_merger`: the successor is another school, not this one under a new URN.
    """

    successor: str | None = None
    evidence: Evidence = Evidence.REGISTER_LINK
    is_merger: bool = False
    is_open_question: bool = False
    candidates: tuple[str, ...] = ()


def find_successor(
    closed: SchoolRecord,
    register: Mapping[str, SchoolRecord],
    newcomers: Iterable[SchoolRecord],
    successors: Mapping[str, frozenset[str]],
) -> Outcome:
    """`newcomers` are no tenants, and now or before of the same authority; a tenant only `successors` can name."""
    reason = closed.reason_closed.casefold()
    is_merger = reason in _INTO_ANOTHER
    linked = sorted(successors.get(closed.urn, frozenset()) & register.keys())
    linked = [urn for urn in linked if register[urn].status.is_running]
    if len(linked) == 1:
        is_older = not _opened_then(closed, register[linked[0]])
        return Outcome(linked[0], Evidence.REGISTER_LINK, is_merger=is_merger or is_older)
    if linked:
        return Outcome(is_open_question=True, candidates=tuple(linked))
    near = [record for record in newcomers if _follows(closed, record, reason)]
    if is_merger or reason in _FOR_A_SUCCESSOR:
        return _guess(near, closed, is_merger=is_merger)
    return _told_by_the_successor(near, closed, reason)


def likely_successors(
    closed: SchoolRecord, newcomers: Sequence[SchoolRecord], claimed: AbstractSet[str]
) -> tuple[str, ...]:
    """Whom to offer where nothing tells for certain: who has its number, or opened then for the like reason.

    `claimed` are the newcomers that follow somebody else for certain; they can still be what several merged into.
    """
    reason = closed.reason_closed.casefold()
    running = [record for record in newcomers if record.status.is_running and record.urn not in claimed]
    if numbered := [record for record in running if _agrees(closed, record, Evidence.SAME_NUMBER)]:
        return tuple(sorted(record.urn for record in numbered))
    near = [record for record in newcomers if _follows(closed, record, reason)]
    if reason in _INTO_ANOTHER:
        return tuple(sorted(record.urn for record in near if _opened_as(record) in _INTO_ANOTHER))
    neighbours = [record for record in near if record.urn not in claimed and record.town == closed.town != ""]
    return tuple(sorted(record.urn for record in neighbours if _opened_as(record) in _FOLLOWS_ONE))


def _guess(near: Sequence[SchoolRecord], closed: SchoolRecord, *, is_merger: bool) -> Outcome:
    candidates: list[str] = []
    for evidence in (Evidence.SAME_NUMBER, Evidence.SAME_SITE, Evidence.SAME_NAME):
        matching = sorted(record.urn for record in near if _agrees(closed, record, evidence))
        if len(matching) == 1:
            return Outcome(matching[0], evidence, is_merger=is_merger)
        candidates = candidates or matching
    return Outcome(is_open_question=True, candidates=tuple(candidates))


def _told_by_the_successor(near: Iterable[SchoolRecord], closed: SchoolRecord, reason: str) -> Outcome:
    """The closed school names no successor, but one that opened then may say itself that it followed another.

    Where the register states another reason, nothing less than the number will do.
    """
    saying = [record for record in near if _opened_as(record) in _FOLLOWS_ONE]
    if reason not in _UNSTATED:
        saying = [record for record in saying if _agrees(closed, record, Evidence.SAME_NUMBER)]
    found = _guess(saying, closed, is_merger=False)
    return found if found.successor is not None or found.candidates else Outcome()


def _opened_as(record: SchoolRecord) -> str:
    return record.reason_opened.casefold()


def _follows(closed: SchoolRecord, record: SchoolRecord, reason: str) -> bool:
    if closed.la_code not in {record.la_code, record.previous_la_code} or not record.status.is_running:
        return False
    if reason in _FOR_AN_ACADEMY and record.law is not SchoolLaw.ACADEMY:
        return False
    return _opened_then(closed, record)


def _opened_then(closed: SchoolRecord, record: SchoolRecord) -> bool:
    if record.open_date is None or closed.close_date is None:
        return False
    return -_OPENED_BEFORE <= record.open_date - closed.close_date <= _OPENED_AFTER


def _agrees(closed: SchoolRecord, record: SchoolRecord, evidence: Evidence) -> bool:
    if evidence is Evidence.SAME_NUMBER:
        return closed.establishment_number != "" and (closed.la_code, closed.establishment_number) in _numbers(record)
    if evidence is Evidence.SAME_SITE:
        return closed.postcode != "" and record.postcode == closed.postcode
    core, other = _core(closed.name), _core(record.name)
    is_part = _opened_as(record) in _INTO_ANOTHER and core <= other
    return bool(core) and (core == other or is_part)


def _numbers(record: SchoolRecord) -> set[tuple[str, str]]:
    """The numbers by which its council knows a school, and by which that one or another knew it before."""
    earlier = (record.previous_la_code or record.la_code, record.previous_establishment_number)
    return {(record.la_code, record.establishment_number), earlier}


def _core(name: str) -> frozenset[str]:
    """The words that tell one school from another: "Oak Hill Infant School" and "Oak Hill Primary" share theirs."""
    words = re.findall(r"[a-z0-9]+", name.casefold().replace("\u2019", "").replace("'", "").replace("saint", "st"))
    return frozenset(word for word in words if not _EVERYDAY.fullmatch(word))
