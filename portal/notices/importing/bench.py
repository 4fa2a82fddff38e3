"""How well alignment does on made notices with known answers: precision and recall for each class."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from portal.notices.importing.align import Aligner
from portal.notices.importing.blocks import read_blocks, reconstruct, same_text
from portal.notices.importing.corpus import MadeNotice, Recipe, made_notice
from portal.notices.importing.editions import AuthorityName, Edition
from portal.notices.importing.inventions import made_editions
from portal.notices.importing.report import Class, Entry, Report
from portal.notices.importing.retyping import Typed, typed
from portal.notices.importing.words import words

NOTICES = 60
WITH_CLAUSE = frozenset({Class.INHERITED, Class.OLDER, Class.REWORDED})


@dataclass(slots=True)
class Score:
    """`found` of `given` answers are right, and `right` of `expected` answers were found."""

    expected: int = 0
    given: int = 0
    right: int = 0
    found: int = 0

    @property
    def precision(self) -> float:
        return self.found / self.given if self.given else 1.0

    @property
    def recall(self) -> float:
        return self.right / self.expected if self.expected else 1.0


@dataclass(slots=True)
class Bench:
    notices: int = 0
    scores: dict[Class, Score] = field(default_factory=lambda: {kind: Score() for kind in Class})
    clauses_right: int = 0
    clauses_asked: int = 0
    authorities_right: int = 0
    authorities_asked: int = 0
    facts_right: int = 0
    facts_asked: int = 0
    not_reconstructed: int = 0
    wrong: list[tuple[int, str, str, str]] = field(default_factory=list)

    def rows(self) -> list[tuple[str, int, float, float]]:
        """For each class its name, how many were expected, precision and recall."""
        return [(kind.value, score.expected, score.precision, score.recall) for kind, score in self.scores.items()]


def bench(
    editions: Sequence[Edition],
    authorities: Sequence[AuthorityName],
    *,
    notices: int = NOTICES,
    first_seed: int = 1,
    recipe: Recipe | None = None,
    tick: Callable[[], None] = lambda: None,
) -> Bench:
    """Imports `notices` made notices. The first of `editions` is in force; `tick` is called after each notice."""
    made = made_editions()
    listed = [*editions, *made]
    vocabulary = frozenset(
        word for edition in listed for clause in edition.clauses for word in words(f"{clause.title} {clause.text}")
    )
    result = Bench()
    aligner = Aligner(listed, authorities)
    for seed in range(first_seed, first_seed + notices):
        notice = made_notice(seed, listed, authorities, recipe)
        document = typed(notice, vocabulary)
        blocks = read_blocks(document.text, document.source)
        result.notices += 1
        if document.source == "text" and not same_text(reconstruct(blocks), document.text):
            result.not_reconstructed += 1
        _mark(result, notice, document, aligner.align(blocks))
        tick()
    return result


def table(result: Bench) -> str:
    lines = [f"{'class':<12}{'expected':>9}{'precision':>11}{'recall':>9}"]
    lines += [
        f"{name:<12}{expected:>9}{precision:>11.3f}{recall:>9.3f}"
        for name, expected, precision, recall in result.rows()
    ]
    lines += [
        f"clause keys right   {result.clauses_right} of {result.clauses_asked}",
        f"councils right      {result.authorities_right} of {result.authorities_asked}",
        f"facts right         {result.facts_right} of {result.facts_asked}",
        f"not reconstructed   {result.not_reconstructed} of {result.notices}",
    ]
    return "\n".join(lines)


def _mark(result: Bench, notice: MadeNotice, document: Typed, report: Report) -> None:
    for piece, span in zip(notice.pieces, document.spans, strict=True):
        entry = _most_shared(report.entries, span)
        score = result.scores[piece.expected]
        score.expected += 1
        is_right = entry is not None and entry.kind is piece.expected
        score.right += is_right
        if not is_right:
            result.wrong.append((notice.seed, piece.expected.value, entry.kind.value if entry else "-", piece.text))
        if piece.expected in WITH_CLAUSE:
            result.clauses_asked += 1
            result.clauses_right += entry is not None and entry.clause == piece.clause
        if piece.authority:
            result.authorities_asked += 1
            result.authorities_right += entry is not None and entry.authority == piece.authority
    _mark_precision(result, notice, document, report)
    _mark_missing(result, notice, report)
    for name in ("school.name", "school.email", "school.telephone", "dpo.email", "dpo.telephone"):
        if any(notice.facts[name] in piece.text for piece in notice.pieces):
            result.facts_asked += 1
            result.facts_right += report.facts.get(name) == notice.facts[name]


def _mark_precision(result: Bench, notice: MadeNotice, document: Typed, report: Report) -> None:
    for entry in report.entries:
        shares = [_shared((entry.block.line, entry.block.last_line), span) for span in document.spans]
        piece = notice.pieces[max(range(len(shares)), key=lambda place: shares[place])]
        result.scores[entry.kind].given += 1
        result.scores[entry.kind].found += entry.kind is piece.expected


def _mark_missing(result: Bench, notice: MadeNotice, report: Report) -> None:
    score = result.scores[Class.MISSING]
    told = Counter(report.missing)
    score.expected += len(notice.missing)
    score.given += len(told)
    hits = len(notice.missing & set(told))
    score.right += hits
    score.found += hits
    result.wrong.extend((notice.seed, "missing", "-", key) for key in sorted(notice.missing - set(told)))
    result.wrong.extend((notice.seed, "-", "missing", key) for key in sorted(set(told) - notice.missing))


def _most_shared(entries: Iterable[Entry], span: tuple[int, int]) -> Entry | None:
    return max(
        (entry for entry in entries if _shared((entry.block.line, entry.block.last_line), span)),
        key=lambda entry: _shared((entry.block.line, entry.block.last_line), span),
        default=None,
    )


def _shared(one: tuple[int, int], other: tuple[int, int]) -> int:
    return max(0, min(one[1], other[1]) - max(one[0], other[0]) + 1)
