"""`portal clock explain`: the dates of a request and why, from what is typed alone; no database is opened."""

import json
import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from portal.casework.rules import ClockKind, ClockReading, Exchange, Moment, Waiting, english, explain
from portal.core.clock import from_london
from portal.core.errors import Invalid
from portal.core.working_days import TERM_YEARS, Calendar, england_and_wales, is_in_term_years
from portal.tenancy.models import SchoolLaw

_OUR_OWN = {ClockKind.WITHDRAWAL, ClockKind.RETENTION, ClockKind.QUESTION}
KINDS = [kind.value for kind in ClockKind if kind not in _OUR_OWN]
_WAITING = {
    Waiting.IDENTITY: "no date yet: proof of identity has not come",
    Waiting.CLARIFICATION: "no date yet: the clock stands still until the answer comes",
}


class Day(click.ParamType[Moment]):
    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Moment:  # noqa: ANN401, ARG002
        return _day(str(value))


class DayOrTime(Day):
    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Moment:  # noqa: ANN401
        text = str(value)
        return _instant(text) if re.search(r"[T ]", text) else super().convert(text, param, ctx)


class AsTyped(click.Command):
    """Remembers the words in their order: which question an answer belongs to is said by where it stands."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta["typed"] = [word.partition("=")[0] for word in args]
        return super().parse_args(ctx, args)


@click.group()
def clock() -> None:
    """Time limits in law, and where they come from."""


@clock.command("explain", cls=AsTyped)
@click.option("--kind", type=click.Choice(KINDS), required=True, help="What was asked for.")
@click.option(
    "--received", type=DayOrTime(), multiple=True, required=True, help="Such as 2026-11-25; a breach: 2026-11-25T16:30."
)
@click.option("--identity-asked", type=Day(), multiple=True, help="We asked for proof of identity or authority.")
@click.option("--identity-received", type=Day(), multiple=True, help="That proof arrived.")
@click.option("--clarification-asked", type=Day(), multiple=True, help="We asked what exactly is wanted. May repeat.")
@click.option("--clarification-answered", type=Day(), multiple=True, help="The answer to the question before it.")
@click.option("--extended-on", type=Day(), multiple=True, help="The requester was told of an extension.")
@click.option(
    "--school-type", type=click.Choice([law.value for law in SchoolLaw]), default="maintained", show_default=True
)
@click.option(
    "--terms",
    type=click.Path(path_type=Path),
    help="JSON list of [first day, last day]. Without it every working day is taken for a school day.",
)
@click.option("--inset", type=Day(), multiple=True, help="A training day without pupils. May repeat.")
@click.option("--bank-holiday", type=Day(), multiple=True, help="A bank holiday not published yet. May repeat.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def explain_clock(
    *,
    kind: str,
    received: Sequence[Moment],
    school_type: str,
    terms: Path | None,
    as_json: bool,
    **days: tuple[date, ...],
) -> None:
    """Say by when a request must be answered, and why, step by step."""
    reading = explain(
        ClockKind(kind),
        _only(received, "--received") or date.min,
        calendar=_calendar(terms, days),
        identity=_identity(days["identity_asked"], days["identity_received"]),
        clarifications=_pairs(
            days["clarification_asked"], days["clarification_answered"], click.get_current_context().meta["typed"]
        ),
        extended_on=_only(days["extended_on"], "--extended-on"),
        school_law=SchoolLaw(school_type),
    )
    click.echo(json.dumps(_as_json(reading), ensure_ascii=False, indent=1) if as_json else _as_text(reading))


def _only(given: Sequence[Moment], option: str) -> Moment | None:
    if len(given) > 1:
        raise Invalid(f"{option} can be given only once.")
    return given[0] if given else None


def _identity(asked: Sequence[date], received: Sequence[date]) -> Exchange | None:
    first, proof = _only(asked, "--identity-asked"), _only(received, "--identity-received")
    if first is None and proof is not None:
        raise Invalid("Proof of identity counts only if it was asked for: give --identity-asked too.")
    return None if first is None else (first, proof)


def _pairs(asked: Sequence[date], answered: Sequence[date], typed: Sequence[str]) -> list[Exchange]:
    """An answer belongs to the nearest question before it that has none; typed before any, to the first."""
    if len(answered) > len(asked):
        raise Invalid("There are more clarification answers than questions: give a --clarification-asked for each.")
    pairs: list[Exchange] = [(day, None) for day in asked]
    open_ones: list[int] = []
    early, questions, answers = [], iter(range(len(asked))), iter(answered)
    for word in typed:
        if word == "--clarification-asked":
            open_ones.append(next(questions))
        elif word == "--clarification-answered" and open_ones:
            number = open_ones.pop()
            pairs[number] = (asked[number], next(answers))
        elif word == "--clarification-answered":
            early.append(next(answers))
    for number, day in zip((place for place, pair in enumerate(pairs) if pair[1] is None), early, strict=False):
        pairs[number] = (asked[number], day)
    return pairs


def _calendar(terms: Path | None, days: dict[str, tuple[date, ...]]) -> Calendar:
    return england_and_wales(extra=days["bank_holiday"], terms=_terms(terms), inset_days=days["inset"])


def _terms(path: Path | None) -> list[tuple[date, date]]:
    if path is None:
        return []
    try:
        rows = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise Invalid(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise Invalid(f"{path} is not JSON.") from error
    if not isinstance(rows, list) or not rows:
        raise Invalid(f"{path} must hold a list of [first day, last day].")
    return [_term(path, number, row) for number, row in enumerate(rows, start=1)]


def _term(path: Path, number: int, row: object) -> tuple[date, date]:
    if not isinstance(row, list) or len(row) != 2 or not all(isinstance(day, str) for day in row):
        raise Invalid(f'{path}: term {number} must be [first day, last day], such as ["2026-09-02", "2026-10-23"].')
    first, last = (_day(day) for day in row)
    if not is_in_term_years(first, last):
        raise Invalid(f"{path}: term {number} must lie between the years {TERM_YEARS[0]} and {TERM_YEARS[1]}.")
    return first, last


def _day(text: str) -> date:
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        with suppress(ValueError):
            return date.fromisoformat(text)
    raise Invalid(f"{text!r} is not a date: write it like 2026-11-25.")


def _instant(text: str) -> datetime:
    """London's time unless an offset is given."""
    if not re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}", text):
        raise Invalid(f"{text!r} is not a date and time: write it like 2026-11-25T16:30.")
    try:
        given = datetime.fromisoformat(text)
        return given if given.tzinfo else from_london(given.date(), given.time())
    except ValueError as error:
        raise Invalid(f"{text!r} is not a date and time: write it like 2026-11-25T16:30.") from error


def _as_json(reading: ClockReading) -> dict[str, object]:
    steps = [
        {"date": step.date.isoformat(), "rule": step.rule, "text": step.text, "source": step.source}
        for step in reading.steps
    ]
    return {**{name: _iso(getattr(reading, name)) for name in ("due", "aim_for", "notice_by")}, "steps": steps}


def _iso(moment: Moment | None) -> str | None:
    return moment.isoformat() if moment else None


def _as_text(reading: ClockReading) -> str:
    lines = [f"Answer by            {_shown(reading)}"]
    if reading.aim_for:
        lines.append(f"Aim for              {english(reading.aim_for)}")
    if reading.notice_by:
        lines.append(f"Extension notice by  {english(reading.notice_by)}")
    for number, step in enumerate(reading.steps, start=1):
        lines += ["", f"{number}. {step.text}", f"   {step.source}"]
    return "\n".join(lines)


def _shown(reading: ClockReading) -> str:
    if reading.due:
        return english(reading.due)
    return _WAITING[reading.waiting or Waiting.CLARIFICATION]
