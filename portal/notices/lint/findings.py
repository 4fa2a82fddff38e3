"""What the linter says, and which of it somebody has waived."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from portal.notices.importing.placeholders import OWN
from portal.notices.importing.words import addresses, straighten

LINE_MARK = re.compile(r"^(?:[-*#>|\s]|\d{1,2}[.)]\s)+")
LINKED_CONTACT = re.compile(r"\]\((?P<scheme>mailto:|tel:)(?P<address>[^()\s]+)\)")


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


RANK = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}


@dataclass(frozen=True, slots=True)
class Fix:
    """One exchange of words that is safe to make without asking a lawyer, in the sentence `within` alone if given."""

    old: str
    new: str
    within: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """`clause`, `line` (from 1) and `text` are empty when something is absent from the whole notice."""

    rule: str
    severity: Severity
    message: str
    source: str
    clause: str | None = None
    line: int | None = None
    text: str = ""
    fix: Fix | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "rule": self.rule,
            "severity": self.severity.value,
            "clause": self.clause,
            "line": self.line,
            "text": self.text,
            "message": self.message,
            "source": self.source,
            "fix": {"old": self.fix.old, "new": self.fix.new} if self.fix else None,
        }


@dataclass(frozen=True, slots=True)
class Waiver:
    """Somebody's decision to live with a finding until `expires`, the last day it holds.

    `clause` and `text` narrow it: to one clause, and to findings whose text holds those words.
    """

    rule: str
    reason: str
    name: str
    expires: date
    clause: str | None = None
    text: str = ""

    def covers(self, finding: Finding, on: date) -> bool:
        return (
            on <= self.expires
            and self.rule == finding.rule
            and self.clause in {None, finding.clause}
            and self.text in finding.text
        )


@dataclass(frozen=True, slots=True)
class Waived:
    finding: Finding
    waiver: Waiver


def without_waived(
    findings: Iterable[Finding], waivers: Sequence[Waiver], on: date
) -> tuple[list[Finding], list[Waived]]:
    """The findings that still stand on that day, and those that a waiver covers."""
    standing: list[Finding] = []
    waived: list[Waived] = []
    for finding in findings:
        waiver = next((waiver for waiver in waivers if waiver.covers(finding, on)), None)
        if waiver:
            waived.append(Waived(finding, waiver))
        else:
            standing.append(finding)
    return standing, waived


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Worst first, then from top to bottom; each finding once."""
    unique = dict.fromkeys(findings)
    return sorted(unique, key=lambda finding: (RANK[finding.severity], finding.line or 0, finding.rule))


def mended(text: str, fixes: Iterable[Fix]) -> str:
    """The text with every fix made where its words stand as whole words, and never inside an address."""
    asked = list(fixes)
    return "\n".join(_with(line, [fix for fix in asked if _is_meant(line, fix)]) for line in text.split("\n"))


def _with(line: str, fixes: Iterable[Fix]) -> str:
    for fix in fixes:
        line = _exchanged(line, fix)
    return line


def _is_meant(line: str, fix: Fix) -> bool:
    """Whether a line is, or holds, the sentence that the fix was found in; a fact may stand there as a placeholder."""
    if not fix.within or fix.old not in line:
        return fix.old in line
    typed = LINE_MARK.sub("", straighten(line))
    wanted = LINE_MARK.sub("", straighten(fix.within))
    pieces = [re.escape(piece) for piece in OWN.split(typed)[::2]]
    return wanted in typed or re.search(".+?".join(pieces), wanted) is not None


def _exchanged(line: str, fix: Fix) -> str:
    kept = addresses(line)

    def exchange(match: re.Match[str]) -> str:
        start, end = match.span()
        is_part = any(low <= start and end <= high and (low, high) != (start, end) for low, high in kept)
        return match.group(0) if is_part else fix.new

    line = LINKED_CONTACT.sub(lambda match: _linked(match, fix), line)
    return re.sub(rf"(?<!\w){re.escape(fix.old)}(?!\w)", exchange, line)


def _linked(match: re.Match[str], fix: Fix) -> str:
    """The target of a telephone or e-mail link follows its words."""
    digits = (re.sub(r"\D", "", match["address"]), re.sub(r"\D", "", fix.old))
    is_number = match["scheme"].lower() == "tel:" and digits[0] == digits[1] != ""
    if not is_number and match["address"].lower() != fix.old.lower():
        return match.group(0)
    return f"]({match['scheme']}{re.sub(r'[^0-9+]', '', fix.new) if is_number else fix.new})"
