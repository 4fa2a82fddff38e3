"""What the linter says, and which of it somebody has waived."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


RANK = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}


@dataclass(frozen=True, slots=True)
class Fix:
    """One exchange of words that is safe to make without asking a lawyer."""

    old: str
    new: str


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
    """The text with every fix made wherever its words stand."""
    for fix in fixes:
        text = text.replace(fix.old, fix.new)
    return text
