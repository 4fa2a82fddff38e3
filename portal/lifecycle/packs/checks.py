"""What the values of a pack may be: each check gives the reason against a value, or nothing."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from portal.core.errors import Invalid
from portal.core.text import clean_name, is_email_address
from portal.lifecycle.packs.reading import PackError, line_of
from portal.notices.models import ClausePolicy
from portal.tenancy.models import SchoolLaw

Check = Callable[[Any], str]


def check_values(path: Path, table: Any, checks: Mapping[str, Check], *, where: str = "") -> None:  # noqa: ANN401 - whatever stands in the file
    """Raises `PackError` with the line of the first key whose value cannot be. An absent key is no fault here."""
    if not isinstance(table, dict):
        raise PackError(path, f"{where or 'this '}must be a table of keys and values")
    for key, check in checks.items():
        reason = check(table[key]) if key in table else ""
        if reason:
            raise PackError(path, f"{where}{key} {reason}", line_of(table, key))


def tables(path: Path, table: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    """A list of tables, empty where there is none. Raises `PackError` for anything else."""
    found = table.get(key, [])
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise PackError(path, f"{key} must be a list of tables", line_of(table, key))
    return found


def words(most: int, *, is_needed: bool = True) -> Check:
    """One line of text."""

    def check(value: Any) -> str:  # noqa: ANN401
        if not isinstance(value, str):
            return "must be text in quotation marks"
        if is_needed and not value.strip():
            return "must not be empty"
        if len(value) > most:
            return f"is too long: {most} characters are allowed"
        try:
            clean_name(value)
        except Invalid as error:
            return f"cannot be used: {error.message}"
        return ""

    return check


def matching(pattern: str, example: str) -> Check:
    known = re.compile(pattern)

    def check(value: Any) -> str:  # noqa: ANN401
        return "" if isinstance(value, str) and known.fullmatch(value) else f"must be like {example}"

    return check


def one_of(kinds: type[StrEnum]) -> Check:
    def check(value: Any) -> str:  # noqa: ANN401
        names = [str(each) for each in kinds]
        return "" if value in names else f"must be {', '.join(names[:-1])} or {names[-1]}"

    return check


def listed(check_one: Check) -> Check:
    def check(value: Any) -> str:  # noqa: ANN401
        if not isinstance(value, list):
            return "must be a list in square brackets"
        return next((f"holds something that {reason}" for each in value if (reason := check_one(each))), "")

    return check


def flag(value: Any) -> str:  # noqa: ANN401
    return "" if isinstance(value, bool) else "must be true or false"


def number(value: Any) -> str:  # noqa: ANN401
    return "" if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else "must be a whole number"


def day(value: Any) -> str:  # noqa: ANN401
    is_day = isinstance(value, date) and not isinstance(value, datetime)
    return "" if is_day else "must be a date such as 2026-09-01, without quotation marks"


def email(value: Any) -> str:  # noqa: ANN401
    return "" if isinstance(value, str) and is_email_address(value) else "must be an e-mail address"


telephone = matching(r"\+?[\d\s()-]{5,30}", '"01632 960001"')
website = matching(r"https?://[A-Za-z0-9.-]+(:\d+)?(/[^\s<>\"\\]*)?", '"https://www.school.example/"')
slug = matching(r"(?=.{1,80}$)[a-z0-9]+(-[a-z0-9]+)*", '"alder-primary"')
name = words(200)
note = words(2000, is_needed=False)
language = matching(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})?", '"en"')

RELEASE: dict[str, Check] = {
    "name": words(60),
    "title": name,
    "kind": matching(r"[a-z][a-z0-9-]{0,39}", '"admissions"'),
    "kind_title": words(100),
    "effective_from": day,
    "reason": note,
}
CLAUSE: dict[str, Check] = {
    "key": matching(r"[a-z0-9-]+(\.[a-z0-9-]+)*", '"rights.access"'),
    "title": name,
    "section": words(80),
    "order": number,
    "policy": one_of(ClausePolicy),
    "review": flag,
    "confirm": flag,
    "law": listed(words(300)),
    "applies": listed(one_of(SchoolLaw)),
    "split_from": matching(r"[a-z0-9-]+(\.[a-z0-9-]+)*", '"rights.access"'),
}
TRANSLATION: dict[str, Check] = {
    "key": CLAUSE["key"],
    "title": name,
    "checked": flag,
}
