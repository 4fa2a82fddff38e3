"""Councils with their dated names, codes, links and successors; schools' dated assignments; register; postcodes."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core.database import Base
from portal.directory.rules import AuthorityKind, CodeScheme, LinkKind, SuccessionStatus
from portal.tenancy.scope import PublicRow, ServiceOwned


class ProposalSource(StrEnum):
    """Who thought that a link should be another: the link checker, or a person of the central team."""

    CHECKER = "checker"
    PERSON = "person"


class ProposalStatus(StrEnum):
    OPEN = "open"
    APPROVED = "approved"
    DECLINED = "declined"


class PostcodeKind(StrEnum):
    """Whether postcodes are the statistics office's or made up for the demonstration."""

    REAL = "real"
    MADE_UP = "made-up"


class UploadPurpose(StrEnum):
    """What an uploaded register is for: to bring our schools up to date, or only to search in."""

    IMPORT = "import"
    REFRESH = "refresh"


class ImportState(StrEnum):
    """Where an uploaded register stands: read and planned by the worker, then applied when a person says so."""

    PLANNING = "planning"
    PLANNED = "planned"
    APPLYING = "applying"
    DONE = "done"
    REFUSED = "refused"


class AuthorityRow(PublicRow, Base):
    """A council with education duties, known by the directory's own key; codes and names are dated attributes."""

    __tablename__ = "authority"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(60), unique=True)
    kind: Mapped[AuthorityKind]
    region: Mapped[str] = mapped_column(String(4))
    website: Mapped[str] = mapped_column(String(500), default="")
    districts: Mapped[list[str]] = mapped_column(default=list)
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    version: Mapped[int] = mapped_column(default=1)

    names: Mapped[list["AuthorityNameRow"]] = relationship(
        order_by="AuthorityNameRow.valid_from", cascade="all, delete-orphan"
    )
    codes: Mapped[list["AuthorityCodeRow"]] = relationship(cascade="all, delete-orphan")
    links: Mapped[list["AuthorityLinkRow"]] = relationship(cascade="all, delete-orphan")
    contacts: Mapped[list["AuthorityContactRow"]] = relationship(cascade="all, delete-orphan")

    __mapper_args__ = {"version_id_col": version}


class District(PublicRow, Base):
    """A district that a reorganisation moves, by the statistics office's code, with its council for education."""

    __tablename__ = "district"

    code: Mapped[str] = mapped_column(String(9), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    authority_id: Mapped[int] = mapped_column(ForeignKey("authority.id"), index=True)


class AuthorityNameRow(PublicRow, Base):
    __tablename__ = "authority_name"

    id: Mapped[int] = mapped_column(primary_key=True)
    authority_id: Mapped[int] = mapped_column(ForeignKey("authority.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    short_name: Mapped[str] = mapped_column(String(100))
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]


class AuthorityCodeRow(PublicRow, Base):
    __tablename__ = "authority_code"

    id: Mapped[int] = mapped_column(primary_key=True)
    authority_id: Mapped[int] = mapped_column(ForeignKey("authority.id"), index=True)
    scheme: Mapped[CodeScheme]
    code: Mapped[str] = mapped_column(String(9), index=True)
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]


class AuthorityLinkRow(PublicRow, Base):
    """A typed address from a moment on; a replaced one keeps its row, so that past notices resolve as they did."""

    __tablename__ = "authority_link"

    id: Mapped[int] = mapped_column(primary_key=True)
    authority_id: Mapped[int] = mapped_column(ForeignKey("authority.id"), index=True)
    kind: Mapped[LinkKind]
    url: Mapped[str] = mapped_column(String(1000))
    language: Mapped[str] = mapped_column(String(12), default="en")
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    checked_on: Mapped[date | None]
    checked_by: Mapped[str] = mapped_column(String(200), default="")
    is_verified: Mapped[bool] = mapped_column(default=False)
    accepted_hash: Mapped[str] = mapped_column(String(64), default="")
    note: Mapped[str] = mapped_column(Text, default="")


class AuthorityContactRow(PublicRow, Base):
    """An e-mail address, telephone number or postal address of a council's data protection officer, with its dates."""

    __tablename__ = "authority_contact"

    id: Mapped[int] = mapped_column(primary_key=True)
    authority_id: Mapped[int] = mapped_column(ForeignKey("authority.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    value: Mapped[str] = mapped_column(String(500))
    role: Mapped[str] = mapped_column(String(100), default="")
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    checked_on: Mapped[date | None]
    is_verified: Mapped[bool] = mapped_column(default=False)
    note: Mapped[str] = mapped_column(Text, default="")


class SuccessionRow(PublicRow, Base):
    """An order that replaces councils on a day; drafts bind nobody.

    `made_by` approved it and is never `entered_by`; `applied_at` is when the schools were given their new councils.
    """

    __tablename__ = "succession"

    id: Mapped[int] = mapped_column(primary_key=True)
    on: Mapped[date]
    title: Mapped[str] = mapped_column(String(200), unique=True)
    status: Mapped[SuccessionStatus]
    source: Mapped[str] = mapped_column(Text, default="")
    undecided: Mapped[list[str]] = mapped_column(default=list)
    entered_at: Mapped[datetime | None]
    entered_by: Mapped[int | None]
    made_at: Mapped[datetime | None]
    made_by: Mapped[int | None]
    applied_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    moves: Mapped[list["SuccessionMoveRow"]] = relationship(cascade="all, delete-orphan")

    __mapper_args__ = {"version_id_col": version}


class SuccessionMoveRow(PublicRow, Base):
    __tablename__ = "succession_move"

    id: Mapped[int] = mapped_column(primary_key=True)
    succession_id: Mapped[int] = mapped_column(ForeignKey("succession.id"), index=True)
    origin_id: Mapped[int] = mapped_column(ForeignKey("authority.id"))
    target_id: Mapped[int] = mapped_column(ForeignKey("authority.id"))
    districts: Mapped[list[str]] = mapped_column(default=list)


class SchoolAuthority(PublicRow, Base):
    """Which council answers for a school, from a day until a day; with the district, for successions."""

    __tablename__ = "school_authority"

    id: Mapped[int] = mapped_column(primary_key=True)
    school_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"), index=True)
    authority_id: Mapped[int] = mapped_column(ForeignKey("authority.id"), index=True)
    district: Mapped[str] = mapped_column(String(9), default="")
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]

    __table_args__ = (UniqueConstraint("school_id", "valid_from"),)


class PostcodeBlock(PublicRow, Base):
    """The postcodes of one outward code, packed (`postcode_pack.py`)."""

    __tablename__ = "postcode_block"

    outward: Mapped[str] = mapped_column(String(4), primary_key=True)
    packed: Mapped[bytes] = mapped_column(LargeBinary)


class PostcodeEdition(PublicRow, Base):
    """Which postcodes are loaded: one row, or none while postcode search is off."""

    __tablename__ = "postcode_edition"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[PostcodeKind]
    name: Mapped[str] = mapped_column(String(200))
    postcodes: Mapped[int]
    loaded_at: Mapped[datetime]


class LinkCheck(PublicRow, Base):
    """One look at a link: what came back and what it was classed as."""

    __tablename__ = "link_check"

    id: Mapped[int] = mapped_column(primary_key=True)
    link_id: Mapped[int] = mapped_column(ForeignKey("authority_link.id"))
    at: Mapped[datetime]
    outcome: Mapped[str] = mapped_column(String(30))
    status: Mapped[int | None]
    final_url: Mapped[str] = mapped_column(String(1000), default="")
    content_hash: Mapped[str] = mapped_column(String(64), default="")
    detail: Mapped[str] = mapped_column(String(300), default="")

    __table_args__ = (Index("ix_link_check_link", "link_id", "at"),)


class LinkProposal(ServiceOwned, Base):
    """Another address for a council's link (or a first one), waiting for a second person's yes."""

    __tablename__ = "link_proposal"

    id: Mapped[int] = mapped_column(primary_key=True)
    authority_id: Mapped[int] = mapped_column(ForeignKey("authority.id"), index=True)
    link_id: Mapped[int | None] = mapped_column(ForeignKey("authority_link.id"))
    kind: Mapped[LinkKind]
    language: Mapped[str] = mapped_column(String(12), default="en")
    url: Mapped[str] = mapped_column(String(1000))
    reason: Mapped[str] = mapped_column(Text, default="")
    source: Mapped[ProposalSource]
    proposed_at: Mapped[datetime]
    proposed_by: Mapped[int | None]
    outcome: Mapped[str] = mapped_column(String(30), default="")
    detail: Mapped[str] = mapped_column(String(300), default="")
    content_hash: Mapped[str] = mapped_column(String(64), default="")
    checked_at: Mapped[datetime | None]
    status: Mapped[ProposalStatus] = mapped_column(default=ProposalStatus.OPEN, index=True)
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[int | None]


class WrongLinkReport(ServiceOwned, Base):
    """A reader's word that a link is wrong; holds nothing about the reader."""

    __tablename__ = "wrong_link_report"

    id: Mapped[int] = mapped_column(primary_key=True)
    authority_id: Mapped[int] = mapped_column(ForeignKey("authority.id"), index=True)
    url: Mapped[str] = mapped_column(String(1000), default="")
    message: Mapped[str] = mapped_column(Text, default="")
    reported_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[int | None]


class RegisterSchool(PublicRow, Base):
    """A school as the national register last had it (`gias.py`); `tenant_id` where it is one of ours.

    `question`: the register closed this school of ours, and a person must say which one took over; holds its closed
    `record` and the numbers of the `candidates`.
    """

    __tablename__ = "register_school"

    urn: Mapped[str] = mapped_column(String(10), primary_key=True)
    name: Mapped[str] = mapped_column(String(200), index=True)
    la_code: Mapped[str] = mapped_column(String(3), index=True)
    postcode: Mapped[str] = mapped_column(String(8), default="")
    status: Mapped[str] = mapped_column(String(12))
    record: Mapped[dict[str, Any]]
    read_at: Mapped[datetime]
    tenant_id: Mapped[int | None] = mapped_column(ForeignKey("tenant.id"), index=True)
    question: Mapped[dict[str, Any]] = mapped_column(default=dict)


class FormerUrn(PublicRow, Base):
    """A number that a school had before it converted: the same tenant, with its history."""

    __tablename__ = "former_urn"

    urn: Mapped[str] = mapped_column(String(10), primary_key=True)
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"), index=True)
    name: Mapped[str] = mapped_column(String(200), default="")
    ended_on: Mapped[date | None]


class SchoolClosure(PublicRow, Base):
    """That a school closed, into which others it went, and where its records are: what its last page says.

    `has_left`: it left the service by a person's decision, whatever the register says of it from then on.
    """

    __tablename__ = "school_closure"

    id: Mapped[int] = mapped_column(primary_key=True)
    school_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"), unique=True)
    closed_on: Mapped[date | None]
    successor_id: Mapped[int | None] = mapped_column(ForeignKey("tenant.id"))
    records: Mapped[str] = mapped_column(Text, default="")
    status_before: Mapped[str] = mapped_column(String(12), default="")
    has_left: Mapped[bool] = mapped_column(default=False)
    recorded_at: Mapped[datetime]


class RegisterImport(ServiceOwned, Base):
    """An uploaded register: who brought it, how far it is, and its report."""

    __tablename__ = "register_import"

    id: Mapped[int] = mapped_column(primary_key=True)
    file_name: Mapped[str] = mapped_column(String(200))
    stored_as: Mapped[str] = mapped_column(String(200))
    purpose: Mapped[UploadPurpose] = mapped_column(default=UploadPurpose.IMPORT)
    authorities: Mapped[list[str]] = mapped_column(default=list)
    state: Mapped[ImportState] = mapped_column(index=True)
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    report: Mapped[dict[str, Any]]
    fingerprint: Mapped[str] = mapped_column(String(64), default="")
    uploaded_at: Mapped[datetime]
    uploaded_by: Mapped[int | None]
    finished_at: Mapped[datetime | None]
