"""An import's report as a page shows it: runs of the document beside the shared wording of their clauses."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from portal.lifecycle.import_plan import Step
from portal.notices.importing.report import Class, Entry, Report
from portal.notices.wording import NoticeDesk


@dataclass(frozen=True, slots=True)
class Run:
    """Consecutive paragraphs of one clause; `is_first` where the clause begins, so its shared words show once.

    `base` is the wording that the school's words were made from, "" where there is nothing to compare.
    """

    entries: tuple[Entry, ...]
    clause: str
    title: str
    shared: str
    base: str
    step: Step | None
    is_first: bool

    @property
    def anchor(self) -> str:
        return f"block-{self.entries[0].block.index}"


def runs(report: Report, board: NoticeDesk, steps: Sequence[Step], bases: dict[str, str]) -> list[Run]:
    by_block = {index: step for step in steps for index in step.blocks}
    seen: set[str] = set()
    found: list[Run] = []
    for group in _groups(report.entries):
        key = group[0].clause or ""
        wording = board.clauses.get(key)
        step = next((by_block[one.block.index] for one in group if one.block.index in by_block), None)
        is_heading = group[0].kind is Class.HEADING
        is_first = bool(key) and key not in seen and not is_heading
        if is_first:
            seen.add(key)
        found.append(
            Run(
                tuple(group),
                key,
                wording.title if wording else step.title if step else "",
                wording.parent if wording and is_first else "",
                bases.get(key, "") if is_first else "",
                step if is_first or not key else None,
                is_first,
            )
        )
    return found


def _groups(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    group: list[Entry] = []
    for entry in entries:
        if group and _belong(group[-1], entry):
            group.append(entry)
            continue
        if group:
            yield group
        group = [entry]
    if group:
        yield group


def _belong(one: Entry, other: Entry) -> bool:
    if Class.HEADING in {one.kind, other.kind}:
        return False
    if one.clause or other.clause:
        return one.clause == other.clause
    return one.kind is other.kind
