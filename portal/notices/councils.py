"""The councils that notices name and link to, worked out for many schools from one reading of the directory."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import select

from portal.core.database import PortalSession
from portal.directory.book import Book
from portal.directory.models import AuthorityRow, SchoolAuthority
from portal.directory.queries import read_book
from portal.directory.rules import Assignment, holds, name_of
from portal.notices.blocks import CouncilLine


@dataclass(frozen=True, slots=True)
class SchoolCouncils:
    """A school's dated assignments, by council key; `district` is a GSS code or None."""

    assignments: tuple[Assignment, ...] = ()
    district: str | None = None


@dataclass
class Councils:
    """The directory, and where in it the service has schools: (assignment, district) as `area`."""

    book: Book
    area: tuple[tuple[Assignment, str], ...]
    _areas: dict[date, tuple[str, ...]] = field(default_factory=dict)
    _lines: dict[tuple[str, date], CouncilLine] = field(default_factory=dict)

    def name(self, school: SchoolCouncils, on: date) -> str:
        """Of the council that answers for the school; "" while that is open."""
        own = self.book.council_of_school(school.assignments, school.district, on).authority
        return name_of(self.book.by_key[own], on).name if own else ""

    def lines(self, school: SchoolCouncils, on: date) -> list[CouncilLine]:
        """The school's own council first, or those it might be; then the others of the service's area, by name."""
        found = self.book.council_of_school(school.assignments, school.district, on)
        first = (found.authority,) if found.authority else found.candidates
        others = [key for key in self._area(on) if key not in first]
        own = [CouncilLine(line.name, line.url, is_own=True) for line in (self._line(key, on) for key in first)]
        return own + sorted((self._line(key, on) for key in others), key=lambda line: line.name)

    def _area(self, on: date) -> tuple[str, ...]:
        if on not in self._areas:
            found = (
                self.book.council_of_school([assignment], district or None, on)
                for assignment, district in self.area
                if holds(assignment, on)
            )
            self._areas[on] = tuple(sorted({one.authority for one in found if one.authority}))
        return self._areas[on]

    def _line(self, key: str, on: date) -> CouncilLine:
        if (key, on) not in self._lines:
            council = self.book.council(key, on)
            self._lines[key, on] = CouncilLine(council.name, council.notice_url)
        return self._lines[key, on]


def load_councils(session: PortalSession) -> Councils:
    """Read once per generation."""
    columns = (AuthorityRow.key, SchoolAuthority.district, SchoolAuthority.valid_from, SchoolAuthority.valid_to)
    statement = select(*columns).join(AuthorityRow, AuthorityRow.id == SchoolAuthority.authority_id).distinct()
    rows = session.execute(statement)
    return Councils(
        read_book(session), tuple((Assignment("", key, first, last), district) for key, district, first, last in rows)
    )


def councils_of(session: PortalSession, school_ids: Sequence[int]) -> dict[int, SchoolCouncils]:
    columns = (
        SchoolAuthority.school_id, AuthorityRow.key, SchoolAuthority.district, SchoolAuthority.valid_from,
        SchoolAuthority.valid_to,
    )  # fmt: skip
    statement = (
        select(*columns)
        .join(AuthorityRow, AuthorityRow.id == SchoolAuthority.authority_id)
        .where(SchoolAuthority.school_id.in_(school_ids))
        .order_by(SchoolAuthority.school_id, SchoolAuthority.valid_from.nulls_first())
    )
    found: dict[int, SchoolCouncils] = {}
    for school_id, key, district, first, last in session.execute(statement):
        before = found.get(school_id, SchoolCouncils())
        assignment = Assignment(str(school_id), key, first, last, district or None)
        found[school_id] = SchoolCouncils((*before.assignments, assignment), district or before.district)
    return found
