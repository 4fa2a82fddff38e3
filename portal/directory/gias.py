"""The school register's public file (`edubasealldata*.csv` of Get Information About Schools), read by column name.

Head teachers' names are personal data and are never read. Codes keep their leading zeros: they are text.
"""

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import BinaryIO, Final

from portal.core.errors import Invalid
from portal.core.i18n import N_
from portal.core.limits import ADDRESS_LENGTH, NAME_LENGTH
from portal.core.text import clean_name
from portal.directory.extracts import NO_ROWS, Encoding, Extract, Progress, Row, Skipped, column_places
from portal.directory.postcodes import well_formed
from portal.tenancy.models import SchoolLaw

_REQUIRED: Final = {
    "URN": "urn",
    "LA (code)": "la_code",
    "EstablishmentNumber": "establishment_number",
    "EstablishmentName": "name",
    "TypeOfEstablishment (name)": "type_name",
    "EstablishmentTypeGroup (name)": "type_group",
    "EstablishmentStatus (name)": "status",
    "OpenDate": "open_date",
    "CloseDate": "close_date",
    "Postcode": "postcode",
}
_OPTIONAL: Final = {
    "TypeOfEstablishment (code)": "type_code",
    "PhaseOfEducation (name)": "phase",
    "ReasonEstablishmentOpened (name)": "reason_opened",
    "ReasonEstablishmentClosed (name)": "reason_closed",
    "Trusts (code)": "trust_code",
    "Trusts (name)": "trust_name",
    "Street": "street",
    "Locality": "locality",
    "Address3": "address3",
    "Town": "town",
    "County (name)": "county",
    "SchoolWebsite": "website",
    "TelephoneNum": "telephone",
    "DistrictAdministrative (code)": "district_code",
    "PreviousLA (code)": "previous_la_code",
    "PreviousEstablishmentNumber": "previous_establishment_number",
}
_CODE_LENGTH: Final = 10
_LEFT_ALONE: Final = N_("These columns are missing, so what they would say was left as it is: %(columns)s.")
_SHARED_TEXT: Final = frozenset(
    {"la_code", "type_name", "type_group", "type_code", "phase", "reason_opened", "reason_closed", "town", "county"}
)


class SchoolStatus(StrEnum):
    OPEN = "open"
    CLOSING = "closing"
    CLOSED = "closed"
    PROPOSED = "proposed"

    @property
    def is_running(self) -> bool:
        return self in {SchoolStatus.OPEN, SchoolStatus.CLOSING}


_STATUSES: Final = {
    "open": SchoolStatus.OPEN,
    "open, but proposed to close": SchoolStatus.CLOSING,
    "closed": SchoolStatus.CLOSED,
    "proposed to open": SchoolStatus.PROPOSED,
}


@dataclass(frozen=True, slots=True)
class SchoolRecord:
    """One establishment as the register has it; empty text where it says nothing."""

    urn: str
    name: str
    la_code: str
    establishment_number: str
    type_name: str
    type_group: str
    status: SchoolStatus
    open_date: date | None = None
    close_date: date | None = None
    postcode: str = ""
    type_code: str = ""
    phase: str = ""
    reason_opened: str = ""
    reason_closed: str = ""
    trust_code: str = ""
    trust_name: str = ""
    street: str = ""
    locality: str = ""
    address3: str = ""
    town: str = ""
    county: str = ""
    website: str = ""
    telephone: str = ""
    district_code: str = ""
    previous_la_code: str = ""
    previous_establishment_number: str = ""

    @property
    def law(self) -> SchoolLaw | None:
        return law_of(self.type_group, self.type_name)

    @property
    def address(self) -> str:
        """The lines that are there, joined by commas, the postcode last."""
        lines = (self.street, self.locality, self.address3, self.town, self.county, self.postcode)
        return ", ".join(dict.fromkeys(line for line in lines if line))


@dataclass(frozen=True, slots=True)
class RegisterExtract:
    """The usable records by URN, and what was not usable. `is_cut_short`: the file ends in the middle of a line.

    `absent`: fields of which the file has no column, so that it says nothing about them; not the same as empty cells.
    `lines`: where each URN first stands.
    """

    records: tuple[SchoolRecord, ...]
    skipped: tuple[Skipped, ...]
    rows: int
    encoding: Encoding
    has_byte_order_mark: bool
    is_cut_short: bool
    absent: frozenset[str] = frozenset()
    lines: Mapping[str, int] = field(default_factory=dict, repr=False)


@dataclass(slots=True)
class _Seen:
    line: int
    fingerprint: int
    is_contradicted: bool = False


def read_register(
    stream: BinaryIO, *, keep: Callable[[SchoolRecord], bool] | None = None, progress: Progress | None = None
) -> RegisterExtract:
    """Every usable row for which `keep` is true, sorted by URN.

    Two rows of one URN that disagree are both left out, so the order of the file decides nothing. Raises `Invalid` for
    an empty file, one with a header only, one that is no CSV text, and one without the columns needed.
    """
    extract = Extract(stream, progress)
    columns = _columns(extract.header)
    seen: dict[str, _Seen] = {}
    records: dict[str, SchoolRecord] = {}
    for row in extract.rows():
        try:
            record = _record(row, columns)
        except Invalid as error:
            extract.skip(row.line, error.message)
            continue
        if reason := _note(seen, row, record):
            extract.skip(row.line, reason)
        elif keep is None or keep(record):
            records[record.urn] = record
    for urn, sight in seen.items():
        if sight.is_contradicted and records.pop(urn, None) is not None:
            extract.skip(sight.line, _contradiction(urn))
    if not extract.rows_read and not extract.skipped:
        raise Invalid(NO_ROWS, line=1)
    absent = [column for column in _OPTIONAL if column not in columns]
    if absent:
        extract.skip(1, _LEFT_ALONE % {"columns": ", ".join(absent)})
    return RegisterExtract(
        tuple(records[urn] for urn in sorted(records)),
        tuple(sorted(extract.skipped, key=lambda one: one.line)),
        extract.rows_read,
        extract.encoding,
        extract.has_byte_order_mark,
        extract.is_cut_short,
        frozenset(_OPTIONAL[column] for column in absent),
        {urn: sight.line for urn, sight in seen.items()},
    )


def law_of(type_group: str, type_name: str) -> SchoolLaw | None:
    """The law that applies, by the register's names; `None` for colleges and other kinds that a person must judge.

    Special academies and free schools are academies in law, and independent special schools independent: only those a
    council maintains, and non-maintained special schools, are `special`. City technology colleges stand in the group of
    independent schools but are publicly funded like academies.
    """
    group, kind = type_group.casefold(), type_name.casefold()
    if kind in {"welsh establishment", "british schools overseas", "offshore schools", "online provider"}:
        return None
    if group in {"academies", "free schools"} or kind == "city technology college":
        return SchoolLaw.ACADEMY
    if group == "special schools" or kind == "non-maintained special school":
        return SchoolLaw.SPECIAL
    if group == "independent schools":
        return SchoolLaw.INDEPENDENT
    if group == "local authority maintained schools":
        return SchoolLaw.SPECIAL if "special" in kind else SchoolLaw.MAINTAINED
    return None


def read_date(text: str) -> date | None:
    """Day first (31-08-2024, 31/08/2024) or year first (2024-08-31). Raises `Invalid` for anything else but nothing."""
    if not text:
        return None
    day_first = re.fullmatch(r"(\d{1,2})[-/](\d{1,2})[-/](\d{4})", text)
    year_first = re.fullmatch(r"(\d{4})-(\d{2})-(\d{2})(?:[T ].*)?", text)
    parts = day_first.group(3, 2, 1) if day_first else year_first.group(1, 2, 3) if year_first else None
    try:
        return date(*(int(part) for part in parts)) if parts else _not_a_date()
    except ValueError:
        return _not_a_date()


def read_website(text: str) -> str:
    """With a scheme, as the register often leaves it out; empty when it cannot be a web address."""
    address = text.strip()
    if len(address) > ADDRESS_LENGTH or not re.fullmatch(r"[^\s@]+\.[^\s@]+", address):
        return ""
    scheme, separator, rest = address.partition("://")
    if not separator:
        return f"https://{address.lstrip('/')}"
    return f"{scheme.lower()}://{rest}" if scheme.lower() in {"http", "https"} and rest else ""


def read_telephone(text: str) -> str:
    """The register drops the leading nought of many numbers."""
    return f"0{text}" if re.fullmatch(r"[1-9]\d{8,9}", text) else text


def _columns(header: Sequence[str]) -> dict[str, int]:
    return column_places(header, {name: re.escape(name) for name in {**_REQUIRED, **_OPTIONAL}}, tuple(_REQUIRED))


def _record(row: Row, columns: dict[str, int]) -> SchoolRecord:
    """Raises `Invalid` for a row without a URN, name, authority, known status or readable dates."""
    text = {
        name: _tidy(row.cells[columns[column]])
        for column, name in {**_REQUIRED, **_OPTIONAL}.items()
        if column in columns
    }
    if not re.fullmatch(r"[1-9]\d{4,5}", text["urn"]):
        raise Invalid(N_("The URN is not a number of five or six figures."))
    if not text["name"]:
        raise Invalid(N_("The school has no name."))
    if not re.fullmatch(r"\d{3}", text["la_code"]):
        raise Invalid(N_("The code of the local authority is not a number of three figures."))
    status = _STATUSES.get(text.pop("status").casefold())
    if status is None:
        raise Invalid(N_("The status is none of those that the register uses."))
    opened, closed = read_date(text.pop("open_date")), read_date(text.pop("close_date"))
    postcode = well_formed(text["postcode"])
    text["postcode"] = postcode.text if postcode is not None else ""
    if not re.fullmatch(r"[A-Z]\d{8}", text.get("district_code", "")):
        text["district_code"] = ""
    text["website"] = read_website(text.get("website", ""))
    text["telephone"] = read_telephone(text.get("telephone", ""))
    too_long = any(len(value) > NAME_LENGTH for name, value in text.items() if name != "website")
    if too_long or len(text.get("trust_code", "")) > _CODE_LENGTH:
        raise Invalid(N_("A cell on this line is far too long."))
    shared = {name: sys.intern(value) for name, value in text.items() if name in _SHARED_TEXT}
    return SchoolRecord(status=status, open_date=opened, close_date=closed, **{**text, **shared})


def _tidy(cell: str) -> str:
    text = cell.strip() if cell.isascii() and cell.isprintable() else clean_name(cell)
    return " ".join(text.split()) if "  " in text else text


def _note(seen: dict[str, _Seen], row: Row, record: SchoolRecord) -> str:
    fingerprint = hash(tuple(row.cells))
    earlier = seen.get(record.urn)
    if earlier is None:
        seen[record.urn] = _Seen(row.line, fingerprint)
        return ""
    if earlier.fingerprint == fingerprint and not earlier.is_contradicted:
        return N_("URN %(urn)s stands on an earlier line, word for word.") % {"urn": record.urn}
    earlier.is_contradicted = True
    return _contradiction(record.urn)


def _contradiction(urn: str) -> str:
    return N_("URN %(urn)s stands on several lines that disagree, so none of them was used.") % {"urn": urn}


def _not_a_date() -> date:
    raise Invalid(N_("A date on this line cannot be read."))
