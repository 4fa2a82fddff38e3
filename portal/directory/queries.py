"""Questions about councils: of a school, by code, at a postcode, on any date; and what the notice says of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, func, select

from portal.core.database import PortalSession
from portal.core.errors import Invalid, NotFound
from portal.core.i18n import N_
from portal.directory.book import Answer, Book, Contact, Council
from portal.directory.models import (
    AuthorityCodeRow,
    AuthorityContactRow,
    AuthorityLinkRow,
    AuthorityNameRow,
    AuthorityRow,
    FormerUrn,
    LinkProposal,
    PostcodeBlock,
    PostcodeEdition,
    ProposalStatus,
    RegisterSchool,
    SchoolAuthority,
    SchoolClosure,
    SuccessionMoveRow,
    SuccessionRow,
)
from portal.directory.postcode_pack import PackedDistrict
from portal.directory.postcode_pack import Place as PostcodePlace
from portal.directory.postcodes import ELSEWHERE, NOT_FOUND, parse_place
from portal.directory.rules import (
    Assignment,
    Authority,
    CodeScheme,
    DatedCode,
    DatedName,
    Found,
    Link,
    Move,
    Succession,
    authorities_in_district,
    authority_for_codes,
)
from portal.directory.succession import PlacedSchool
from portal.tenancy.models import Tenant, TenantKind, TenantStatus

_UNHEARD = "'\u2019\u2018`."
SWITCHED_OFF = N_("Postcode search is switched off. Choose the council by its name instead.")
NO_SUCH_COUNCIL = N_("The directory has no council with the code %(code)s.")


@dataclass(frozen=True, slots=True)
class CouncilLine:
    """A council as a notice names it: `url` is where it says how it uses pupils' information, '' where unknown."""

    key: str
    name: str
    short_name: str
    url: str
    is_own: bool


def council_lines(
    session: PortalSession, school_id: int, on: date, *, language: str = "en", book: Book | None = None
) -> list[CouncilLine]:
    """The school's own council first, then the others that have schools here, by name.

    Where the school's council is open after a succession, every council it might be stands first. Pass `book` (see
    `read_book`) when asking for many schools.
    """
    book = book or read_book(session)
    own = authority_of(session, school_id, on, book=book)
    first = (own.authority,) if own.authority else own.candidates
    others = sorted(set(area_of(session, on, book=book)) - set(first), key=lambda key: book.council(key, on).name)
    councils = [book.council(key, on, language) for key in (*first, *others)]
    return [CouncilLine(one.key, one.name, one.short_name, one.notice_url, is_own=one.key in first) for one in councils]


def authority_of(session: PortalSession, school_id: int, on: date, *, book: Book | None = None) -> Found:
    """Which council answers for a school on a day."""
    book = book or read_book(session)
    placed = placed_schools(session, SchoolAuthority.school_id == school_id)
    district = placed[0].district if placed else None
    assignments = placed[0].assignments if placed else ()
    return book.council_of_school(assignments, district, on)


def council_of(session: PortalSession, school_id: int, on: date, *, language: str = "en") -> Answer:
    book = read_book(session)
    return book.answer(authority_of(session, school_id, on, book=book), on, language)


def council_by_code(session: PortalSession, code: str, on: date) -> Answer:
    """Raises `Invalid` for a code that no council ever had."""
    book = read_book(session)
    found = book.with_code(code.strip(), on)
    if found.authority is None and not found.candidates:
        raise Invalid(NO_SUCH_COUNCIL % {"code": code.strip()}, field="authority")
    return book.answer(found, on)


def council_by_key(session: PortalSession, key: str, on: date, *, language: str = "en") -> Council:
    """Raises `NotFound`."""
    book = read_book(session)
    if key not in book.by_key:
        raise NotFound("There is no such council.")
    return book.council(key, on, language)


def council_at(session: PortalSession, typed: str, on: date, *, language: str = "en") -> Answer:
    """The council for education at a postcode, or at a postcode district: then every council it lies in.

    Raises `Invalid` with a sentence that helps. What was typed is neither stored nor logged.
    """
    postcode = parse_place(typed)
    if postcode_edition(session) is None:
        raise Invalid(SWITCHED_OFF, field="postcode")
    row = session.get(PostcodeBlock, postcode.outward)
    if row is None:
        raise Invalid(NOT_FOUND, field="postcode")
    block = PackedDistrict.from_bytes(postcode.outward, row.packed)
    book = read_book(session)
    if not postcode.is_whole:
        places = [(place.county, place.district) for place in block.places()]
        if not places:
            raise Invalid(_elsewhere(block.palette), field="postcode")
        return _several(book, authorities_in_district(places, book.authorities, book.successions, on), on, language)
    place = block.find(postcode.inward)
    if place is None:
        raise Invalid(NOT_FOUND, field="postcode")
    if not place.is_english:
        raise Invalid(_elsewhere((place,)), field="postcode")
    found = authority_for_codes(place.county, place.district, book.authorities, book.successions, on)
    if found.authority is None and not found.candidates:
        raise Invalid(NOT_FOUND, field="postcode")
    return book.answer(found, on, language)


def area_of(session: PortalSession, on: date, *, book: Book) -> tuple[str, ...]:
    """Every council that answers on a day for a school with public pages."""
    statement = (
        select(AuthorityRow.key, SchoolAuthority.district)
        .join(AuthorityRow, AuthorityRow.id == SchoolAuthority.authority_id)
        .join(Tenant, Tenant.id == SchoolAuthority.school_id)
        .where(Tenant.status.in_((TenantStatus.LIVE, TenantStatus.LEAVING)), holding(SchoolAuthority, on))
        .distinct()
    )
    found = [
        book.council_of_school([Assignment("", key)], district or None, on)
        for key, district in session.execute(statement)
    ]
    return tuple(sorted({one.authority for one in found if one.authority}))


def placed_schools(session: PortalSession, *conditions: ColumnElement[bool]) -> list[PlacedSchool]:
    """Schools with their districts and assignments, keyed by slug; only those that the conditions admit."""
    statement = (
        select(Tenant.slug, AuthorityRow.key, SchoolAuthority)
        .join(Tenant, Tenant.id == SchoolAuthority.school_id)
        .join(AuthorityRow, AuthorityRow.id == SchoolAuthority.authority_id)
        .where(*conditions)
        .order_by(Tenant.slug, SchoolAuthority.valid_from.nulls_first())
    )
    rows: dict[str, list[tuple[str, SchoolAuthority]]] = {}
    for slug, key, row in session.execute(statement):
        rows.setdefault(slug, []).append((key, row))
    return [
        PlacedSchool(
            slug,
            next((row.district for _, row in reversed(held) if row.district), None),
            tuple(Assignment(slug, key, row.valid_from, row.valid_to, row.district or None) for key, row in held),
        )
        for slug, held in rows.items()
    ]


def read_book(session: PortalSession) -> Book:
    """The directory as it stands: a few hundred rows, in five questions."""
    keys = {row.id: row.key for row in session.execute(select(AuthorityRow.id, AuthorityRow.key))}
    names, codes = _names(session), _codes(session)
    authorities, websites = [], {}
    columns = _columns(AuthorityRow, "id key kind region website districts valid_from valid_to")
    for row in session.execute(select(*columns).order_by(AuthorityRow.key)):
        websites[row.key] = row.website
        authorities.append(
            Authority(
                row.key, row.kind, row.region, tuple(names.get(row.id, ())), tuple(codes.get(row.id, ())),
                frozenset(row.districts), row.valid_from, row.valid_to,
            )
        )  # fmt: skip
    return Book(
        tuple(authorities), _successions(session, keys), _links(session, keys), _contacts(session, keys), websites
    )


def postcode_edition(session: PortalSession) -> PostcodeEdition | None:
    """Which postcodes are loaded; `None` while postcode search is off."""
    return session.scalar(select(PostcodeEdition).order_by(PostcodeEdition.id.desc()).limit(1))


def school_by_former_urn(session: PortalSession, urn: str) -> int | None:
    return session.scalar(select(FormerUrn.tenant_id).where(FormerUrn.urn == urn))


def closure_of(session: PortalSession, school_id: int) -> SchoolClosure | None:
    return session.scalar(select(SchoolClosure).where(SchoolClosure.school_id == school_id))


def authorities_by_code(session: PortalSession, on: date) -> dict[str, int]:
    """Rows of councils by the register's three figures: whose code it is on a day, else whose it was last.

    A council that is still to come has no code yet, whatever an order says of it.
    """
    columns = _columns(AuthorityCodeRow, "code authority_id valid_from valid_to")
    rows = session.execute(select(*columns).where(AuthorityCodeRow.scheme == CodeScheme.DFE))
    begun = [row for row in rows if row.valid_from is None or row.valid_from <= on]
    begun.sort(key=lambda row: (row.valid_to is None or row.valid_to > on, row.valid_from or date.min))
    return {row.code: row.authority_id for row in begun}


def authority_row(session: PortalSession, key: str) -> AuthorityRow:
    """Raises `NotFound`."""
    found = session.scalar(select(AuthorityRow).where(AuthorityRow.key == key))
    if found is None:
        raise NotFound(N_("There is no such council."))
    return found


def authority_keys(session: PortalSession) -> dict[int, str]:
    """Every council's key by its row's id."""
    return {row.id: row.key for row in session.execute(select(AuthorityRow.id, AuthorityRow.key))}


def open_proposals(session: PortalSession, authority_ids: Iterable[int] = ()) -> list[LinkProposal]:
    """Proposals that wait for a decision, oldest first; of these councils only, where any are given."""
    statement = select(LinkProposal).where(LinkProposal.status == ProposalStatus.OPEN)
    if ids := list(authority_ids):
        statement = statement.where(LinkProposal.authority_id.in_(ids))
    return list(session.scalars(statement.order_by(LinkProposal.proposed_at, LinkProposal.id)))


def find_in_register(session: PortalSession, words: str, *, limit: int = 20) -> list[RegisterSchool]:
    """Schools of the register whose name holds every word typed, or the one with this URN; those not ours first.

    Apostrophes and full stops do not count, and St and Saint are one word.
    """
    typed = words.split()
    if len(typed) == 1 and typed[0].isdecimal():
        return list(session.scalars(select(RegisterSchool).where(RegisterSchool.urn == typed[0])))
    statement = select(RegisterSchool).where(RegisterSchool.status != "closed")
    name: ColumnElement[str] = func.replace(func.lower(RegisterSchool.name), "saint ", "st ")
    for mark in _UNHEARD:
        name = func.replace(name, mark, "")
    for word in typed[:8]:
        heard = "".join(character for character in word.lower() if character not in _UNHEARD)
        statement = statement.where(name.contains("st" if heard == "saint" else heard, autoescape=True))
    ours_last = RegisterSchool.tenant_id.is_not(None)
    return list(session.scalars(statement.order_by(ours_last, RegisterSchool.name).limit(limit)))


def register_size(session: PortalSession) -> int:
    """How many schools of the national register are at hand; 0 before the first import."""
    return session.scalar(select(func.count()).select_from(RegisterSchool)) or 0


def holding(
    row: type[SchoolAuthority | AuthorityNameRow | AuthorityRow | AuthorityLinkRow], on: date
) -> ColumnElement[bool]:
    """Rows that hold on a day."""
    return (row.valid_from.is_(None) | (row.valid_from <= on)) & (row.valid_to.is_(None) | (row.valid_to > on))


def school_slug(session: PortalSession, slug: str) -> Tenant:
    """Any school by its address, whatever its status. Raises `NotFound`."""
    found = session.scalar(select(Tenant).where(Tenant.slug == slug, Tenant.kind == TenantKind.SCHOOL))
    if found is None:
        raise NotFound(N_("There is no school with the address %(slug)s.") % {"slug": slug})
    return found


def _elsewhere(places: Iterable[PostcodePlace]) -> str:
    """What to say of a postcode, or of a whole postcode district, that lies in another nation."""
    return next((ELSEWHERE[one.country[:1]] for one in places if one.country[:1] in ELSEWHERE), NOT_FOUND)


def _several(book: Book, keys: tuple[str, ...], on: date, language: str) -> Answer:
    if not keys:
        raise Invalid(NOT_FOUND, field="postcode")
    return book.answer(Found(keys[0]) if len(keys) == 1 else Found(None, keys), on, language)


def _successions(session: PortalSession, keys: dict[int, str]) -> tuple[Succession, ...]:
    moves: dict[int, list[Move]] = {}
    for row in session.execute(
        select(*_columns(SuccessionMoveRow, "succession_id origin_id target_id districts")).order_by(
            SuccessionMoveRow.id
        )
    ):
        move = Move(keys[row.origin_id], keys[row.target_id], frozenset(row.districts))
        moves.setdefault(row.succession_id, []).append(move)
    orders = session.execute(select(*_columns(SuccessionRow, "id on title status")).order_by(SuccessionRow.on))
    return tuple(Succession(row.on, row.title, row.status, tuple(moves.get(row.id, ()))) for row in orders)


def _names(session: PortalSession) -> dict[int, list[DatedName]]:
    found: dict[int, list[DatedName]] = {}
    columns = _columns(AuthorityNameRow, "authority_id name short_name valid_from valid_to")
    for row in session.execute(select(*columns).order_by(AuthorityNameRow.id)):
        found.setdefault(row[0], []).append(DatedName(*row[1:]))
    return found


def _codes(session: PortalSession) -> dict[int, list[DatedCode]]:
    found: dict[int, list[DatedCode]] = {}
    columns = _columns(AuthorityCodeRow, "authority_id scheme code valid_from valid_to")
    for row in session.execute(select(*columns).order_by(AuthorityCodeRow.id)):
        found.setdefault(row[0], []).append(DatedCode(*row[1:]))
    return found


def _links(session: PortalSession, keys: dict[int, str]) -> tuple[Link, ...]:
    columns = "authority_id kind url language valid_from valid_to checked_on checked_by is_verified"
    statement = select(*_columns(AuthorityLinkRow, columns)).order_by(AuthorityLinkRow.id)
    return tuple(Link(keys[row[0]], *row[1:]) for row in session.execute(statement))


def _contacts(session: PortalSession, keys: dict[int, str]) -> tuple[Contact, ...]:
    columns = "authority_id kind value role valid_from valid_to is_verified"
    statement = select(*_columns(AuthorityContactRow, columns)).order_by(AuthorityContactRow.id)
    return tuple(Contact(keys[row[0]], *row[1:]) for row in session.execute(statement))


def _columns(model: type, names: str) -> list[Any]:
    return [getattr(model, name) for name in names.split()]
