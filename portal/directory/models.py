"""Councils with their dated names, codes, links and successors; schools' dated assignments; postcodes."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core.database import Base
from portal.directory.rules import AuthorityKind, CodeScheme, LinkKind, SuccessionStatus
from portal.tenancy.scope import PublicRow


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
    note: Mapped[str] = mapped_column(Text, default="")


class AuthorityContactRow(PublicRow, Base):
    """An e-mail address, telephone number or postal address of a council's data protection officer."""

    __tablename__ = "authority_contact"

    id: Mapped[int] = mapped_column(primary_key=True)
    authority_id: Mapped[int] = mapped_column(ForeignKey("authority.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    value: Mapped[str] = mapped_column(String(500))
    role: Mapped[str] = mapped_column(String(100), default="")
    is_verified: Mapped[bool] = mapped_column(default=False)
    note: Mapped[str] = mapped_column(Text, default="")


class SuccessionRow(PublicRow, Base):
    """An order that replaces councils on a day; drafts bind nobody."""

    __tablename__ = "succession"

    id: Mapped[int] = mapped_column(primary_key=True)
    on: Mapped[date]
    title: Mapped[str] = mapped_column(String(200), unique=True)
    status: Mapped[SuccessionStatus]
    source: Mapped[str] = mapped_column(Text, default="")
    undecided: Mapped[list[str]] = mapped_column(default=list)
    made_at: Mapped[datetime | None]
    made_by: Mapped[int | None]

    moves: Mapped[list["SuccessionMoveRow"]] = relationship(cascade="all, delete-orphan")


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
    """The postcodes of one outward code, packed (`postcodes.py`)."""

    __tablename__ = "postcode_block"

    outward: Mapped[str] = mapped_column(String(4), primary_key=True)
    packed: Mapped[bytes] = mapped_column(LargeBinary)


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
