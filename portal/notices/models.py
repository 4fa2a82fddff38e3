"""Text parts, releases of the library, tenants' overrides and sealed publications.

What is published is public and tenantless, keyed by its hash; what is drafted belongs to its tenant.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, column
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core.database import Base
from portal.tenancy.scope import PublicRow, TenantOwned, tenant_key, tenant_reference

_IS_OPEN = column("ended_at").is_(None)


class ReleaseStatus(StrEnum):
    """`reference` releases help alignment on import and are never in force until somebody publishes them."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"
    REFERENCE = "reference"


class ClausePolicy(StrEnum):
    LOCKED = "locked"
    ADAPTABLE = "adaptable"
    OPTIONAL = "optional"


class OverrideMode(StrEnum):
    """`adapt` replaces a clause, `before` and `after` add a local clause beside it, `omit` leaves it out."""

    ADAPT = "adapt"
    BEFORE = "before"
    AFTER = "after"
    OMIT = "omit"


class DraftStatus(StrEnum):
    DRAFT = "draft"
    IN_REVIEW = "in-review"
    RETURNED = "returned"


class PreferenceKind(StrEnum):
    """What a school does with new shared wording: it shows at once, or waits for the school's yes."""

    TAKE = "take"
    ASK = "ask"


class DecisionKind(StrEnum):
    """Why a person is asked.

    `confirm`: new shared wording waits for a yes; `merged`: both changes fit together, but somebody must read the
    result; `conflict`: both changed the same sentence; `review`: the DPO team must agree first; `retired`: the shared
    clause is no more.
    """

    CONFIRM = "confirm"
    MERGED = "merged"
    CONFLICT = "conflict"
    REVIEW = "review"
    RETIRED = "retired"


class DecisionChoice(StrEnum):
    KEEP = "keep"
    SHARED = "shared"
    OWN = "own"
    ASK = "ask"


class ChangeScope(StrEnum):
    """Whose notices a change may touch."""

    ALL = "all"
    TENANT = "tenant"
    TRUST = "trust"
    AUTHORITY = "authority"


class ChangeStage(StrEnum):
    """Where the background work stands: trusts' overrides are merged, then schools', then publications are sealed."""

    TRUSTS = "trusts"
    SCHOOLS = "schools"
    SEALING = "sealing"
    DONE = "done"


class TextPart(PublicRow, Base):
    """An immutable text in canonical form, one sentence a line, known by its SHA-256."""

    __tablename__ = "text_part"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    text: Mapped[str] = mapped_column(Text)


class Release(PublicRow, Base):
    """A dated, immutable edition of the clause library, for one kind of notice.

    `kind_title` is what readers call that notice; "" for the general one. A clause's key belongs to one kind.
    `base` names the release that a draft was copied from, `retired` says why by the key of each clause taken out.
    """

    __tablename__ = "release"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    kind: Mapped[str] = mapped_column(String(40), default="general")
    kind_title: Mapped[str] = mapped_column(String(100), default="")
    title: Mapped[str] = mapped_column(String(200))
    reason: Mapped[str] = mapped_column(Text, default="")
    status: Mapped[ReleaseStatus]
    effective_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
    published_by: Mapped[int | None]
    withdrawn_at: Mapped[datetime | None]
    pack_digest: Mapped[str] = mapped_column(String(64), default="")
    edited: Mapped[int] = mapped_column(default=0)
    base: Mapped[str] = mapped_column(String(60), default="")
    retired: Mapped[dict[str, Any]] = mapped_column(default=dict)
    version: Mapped[int] = mapped_column(default=1)

    sections: Mapped[list["ReleaseSection"]] = relationship(
        order_by="ReleaseSection.position", cascade="all, delete-orphan"
    )
    clauses: Mapped[list["ReleaseClause"]] = relationship(
        order_by="ReleaseClause.position", cascade="all, delete-orphan"
    )

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (Index("ix_release_force", "kind", "status", "effective_at"),)


class ReleaseSection(PublicRow, Base):
    __tablename__ = "release_section"

    release_id: Mapped[int] = mapped_column(ForeignKey("release.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(60), primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    position: Mapped[int]


class ReleaseClause(PublicRow, Base):
    """A clause as one release has it; `split_from` names the clause of an earlier release that it is a part of.

    `touched` is the version that the draft had when somebody last saved this clause: 0 for a copy.
    """

    __tablename__ = "release_clause"

    release_id: Mapped[int] = mapped_column(ForeignKey("release.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(80), primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    section_key: Mapped[str] = mapped_column(String(60))
    position: Mapped[int]
    policy: Mapped[ClausePolicy]
    review: Mapped[bool] = mapped_column(default=False)
    confirm: Mapped[bool] = mapped_column(default=False)
    laws: Mapped[list[str]] = mapped_column(default=list)
    applies: Mapped[list[str]] = mapped_column(default=list)
    split_from: Mapped[str] = mapped_column(String(80), default="")
    part_hash: Mapped[str] = mapped_column(ForeignKey("text_part.hash"))
    reason: Mapped[str] = mapped_column(Text, default="")
    touched: Mapped[int] = mapped_column(default=0)


class Translation(PublicRow, Base):
    """Other words for one version of a clause, or for a title alone, in another language, from an instant on.

    It counts for the clause that says exactly `source_hash` under `source_title`, and the newest counts. Without
    hashes it is the title of a section or of a kind of notice.
    """

    __tablename__ = "translation"

    id: Mapped[int] = mapped_column(primary_key=True)
    language: Mapped[str] = mapped_column(String(12))
    key: Mapped[str] = mapped_column(String(80))
    source_title: Mapped[str] = mapped_column(String(200))
    source_hash: Mapped[str | None] = mapped_column(ForeignKey("text_part.hash"))
    title: Mapped[str] = mapped_column(String(200))
    part_hash: Mapped[str | None] = mapped_column(ForeignKey("text_part.hash"))
    is_checked: Mapped[bool] = mapped_column(default=False)
    effective_at: Mapped[datetime]

    __table_args__ = (Index("ix_translation_key", "language", "key", "effective_at"),)


class Override(TenantOwned, Base):
    """A school's or trust's published change to one clause, from an instant until it ends.

    `base_hash` is the shared text it was made from; `key` is the clause's own key, for a local clause a new one.
    `ended_by` names the release whose merge ended it, so that withdrawing that release brings it back.
    """

    __tablename__ = "override"

    kind: Mapped[str] = mapped_column(String(40), default="general")
    key: Mapped[str] = mapped_column(String(80))
    clause_key: Mapped[str] = mapped_column(String(80))
    mode: Mapped[OverrideMode]
    title: Mapped[str] = mapped_column(String(200), default="")
    part_hash: Mapped[str | None] = mapped_column(ForeignKey("text_part.hash"))
    base_hash: Mapped[str | None] = mapped_column(ForeignKey("text_part.hash"))
    base_release: Mapped[str] = mapped_column(String(60), default="")
    effective_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str] = mapped_column(String(60), default="")
    published_by: Mapped[int | None]
    reason: Mapped[str] = mapped_column(Text, default="")

    __table_args__ = (
        tenant_key(),
        Index(
            "uq_override_open",
            "tenant_id",
            "kind",
            "key",
            unique=True,
            sqlite_where=_IS_OPEN,
            postgresql_where=_IS_OPEN,
        ),
        Index("ix_override_clause", "clause_key", "ended_at"),
        Index("ix_override_tenant_key", "tenant_id", "key", "effective_at"),
    )


class OverrideDraft(TenantOwned, Base):
    """Unpublished wording of one clause; `version` catches two people saving at once."""

    __tablename__ = "override_draft"

    kind: Mapped[str] = mapped_column(String(40), default="general")
    key: Mapped[str] = mapped_column(String(80))
    clause_key: Mapped[str] = mapped_column(String(80))
    mode: Mapped[OverrideMode]
    title: Mapped[str] = mapped_column(String(200), default="")
    text: Mapped[str] = mapped_column(Text)
    base_hash: Mapped[str | None] = mapped_column(String(64))
    base_release: Mapped[str] = mapped_column(String(60), default="")
    status: Mapped[DraftStatus] = mapped_column(default=DraftStatus.DRAFT)
    saved_at: Mapped[datetime]
    saved_by: Mapped[int | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (tenant_key(), UniqueConstraint("tenant_id", "kind", "key"))


class ReviewComment(TenantOwned, Base):
    """What the DPO team and the school write to each other about a draft, or about a decision the school asked for."""

    __tablename__ = "review_comment"

    key: Mapped[str] = mapped_column(String(80))
    text: Mapped[str] = mapped_column(Text)
    written_at: Mapped[datetime]
    written_by: Mapped[int | None]

    __table_args__ = (tenant_key(), Index("ix_review_comment_key", "tenant_id", "key"))


class Preference(TenantOwned, Base):
    """Whether a school takes new shared wording or is asked first, from an instant on."""

    __tablename__ = "preference"

    value: Mapped[PreferenceKind]
    effective_at: Mapped[datetime]
    recorded_by: Mapped[int | None]

    __table_args__ = (tenant_key(), UniqueConstraint("tenant_id", "effective_at"))


class Decision(TenantOwned, Base):
    """Something a school must settle about a change of shared wording, and how it was settled.

    Hashes name the texts: `base` the shared text before, `shared` the shared text now ("" where the clause is retired),
    `local` the school's own, `merged` both together. `conflicts` holds the sentences in dispute as base, shared, local.
    Open until `settled_at`; `result_hash` is what the notice then shows.
    """

    __tablename__ = "decision"

    release: Mapped[str] = mapped_column(String(60))
    key: Mapped[str] = mapped_column(String(80))
    clause_key: Mapped[str] = mapped_column(String(80))
    kind: Mapped[DecisionKind]
    override_id: Mapped[int | None]
    base_hash: Mapped[str | None] = mapped_column(ForeignKey("text_part.hash"))
    shared_hash: Mapped[str] = mapped_column(String(64))
    local_hash: Mapped[str | None] = mapped_column(ForeignKey("text_part.hash"))
    merged_hash: Mapped[str | None] = mapped_column(ForeignKey("text_part.hash"))
    conflicts: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime]
    reminded: Mapped[int] = mapped_column(default=0)
    told_dpo_at: Mapped[datetime | None]
    asked_dpo_at: Mapped[datetime | None]
    choice: Mapped[DecisionChoice | None]
    result_hash: Mapped[str | None] = mapped_column(ForeignKey("text_part.hash"))
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[int | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        tenant_key(),
        tenant_reference("override_id", "override"),
        UniqueConstraint("tenant_id", "key", "shared_hash", "local_hash", "base_hash"),
        Index("ix_decision_open", "tenant_id", "settled_at", "key"),
        Index("ix_decision_due", "settled_at", "due_at"),
    )


class MergeResult(PublicRow, Base):
    """The merge of three texts, done once however many schools wrote the same."""

    __tablename__ = "merge_result"

    base_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    shared_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    local_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    merged_hash: Mapped[str | None] = mapped_column(ForeignKey("text_part.hash"))
    conflicts: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    read_at: Mapped[datetime | None]
    read_by: Mapped[int | None]


class NoticeChange(PublicRow, Base):
    """Something that may have changed what notices say, and how far the background work on it has come.

    `cursor` is the id of the last tenant done in the present stage; `done` of `total` tenants are done in it.
    """

    __tablename__ = "notice_change"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(Text)
    scope: Mapped[ChangeScope]
    scope_id: Mapped[int | None]
    release_id: Mapped[int | None] = mapped_column(ForeignKey("release.id"))
    stage: Mapped[ChangeStage]
    cursor: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    sealed: Mapped[int] = mapped_column(default=0)
    made_at: Mapped[datetime]
    made_by: Mapped[int | None]
    finished_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_notice_change_stage", "stage", "at"),)


class Generation(PublicRow, Base):
    """One row whose number grows with every write that may change a public notice."""

    __tablename__ = "notice_generation"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int]


class Publication(TenantOwned, Base):
    """A sealed record of what a notice said: manifest of its parts, canonical text (compressed), hash, composer.

    `dictionary` is the part that the compression starts from; without it the body cannot be read.
    """

    __tablename__ = "publication"

    kind: Mapped[str] = mapped_column(String(40), default="general")
    language: Mapped[str] = mapped_column(String(12), default="en")
    number: Mapped[int]
    effective_at: Mapped[datetime]
    published_at: Mapped[datetime]
    manifest: Mapped[dict[str, Any]]
    body: Mapped[bytes] = mapped_column(LargeBinary)
    dictionary: Mapped[str] = mapped_column(ForeignKey("text_part.hash"))
    sha256: Mapped[str] = mapped_column(String(64))
    composer: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(Text, default="")

    __table_args__ = (
        tenant_key(),
        UniqueConstraint("tenant_id", "kind", "language", "number"),
        Index("ix_publication_effective", "tenant_id", "kind", "language", "effective_at"),
    )


class Subscription(TenantOwned, Base):
    """A reader who wants a letter when a school's notice changes: proved by e-mail, ended by one press (RFC 8058).

    Each kind of notice is asked for by itself.

    `token` stands in every letter; all that it opens is this subscription.
    """

    __tablename__ = "subscription"

    kind: Mapped[str] = mapped_column(String(40), default="general")
    email: Mapped[str] = mapped_column(String(254))
    language: Mapped[str] = mapped_column(String(12), default="en")
    token: Mapped[str] = mapped_column(String(40), unique=True)
    asked_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    told_number: Mapped[int] = mapped_column(default=0)

    __table_args__ = (tenant_key(), UniqueConstraint("tenant_id", "kind", "email"))


class ImportRun(TenantOwned, Base):
    """A school's own document, read and compared: only a report until `applied_at`.

    `record` holds every block with what was decided about it, `choices` what a person decided otherwise for a clause,
    `result` what applying changed, so that it can be undone.
    """

    __tablename__ = "import_run"

    document: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str] = mapped_column(String(64))
    record: Mapped[dict[str, Any]]
    choices: Mapped[dict[str, Any]] = mapped_column(default=dict)
    result: Mapped[dict[str, Any]] = mapped_column(default=dict)
    made_at: Mapped[datetime]
    made_by: Mapped[int | None]
    applied_at: Mapped[datetime | None]
    applied_by: Mapped[int | None]
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[int | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (tenant_key(), Index("ix_import_run_made", "tenant_id", "made_at"))


class WordingProposal(TenantOwned, Base):
    """A school's wording of a locked clause, laid before the DPO team; the school's page shows the shared wording."""

    __tablename__ = "wording_proposal"

    key: Mapped[str] = mapped_column(String(80))
    text: Mapped[str] = mapped_column(Text)
    base_hash: Mapped[str] = mapped_column(String(64), default="")
    base_release: Mapped[str] = mapped_column(String(60), default="")
    proposed_at: Mapped[datetime]
    proposed_by: Mapped[int | None]
    answer: Mapped[str] = mapped_column(Text, default="")
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[int | None]

    __table_args__ = (tenant_key(), Index("ix_wording_proposal_open", "tenant_id", "settled_at", "key"))


class Waiver(TenantOwned, Base):
    """A finding of the check that somebody answers for, with a reason, until a day (London) or until it is ended.

    `rule`, `clause` and `quote` name the finding: "" for a clause or quote where something is absent.
    """

    __tablename__ = "waiver"

    rule: Mapped[str] = mapped_column(String(80))
    clause: Mapped[str] = mapped_column(String(80), default="")
    quote: Mapped[str] = mapped_column(Text, default="")
    reason: Mapped[str] = mapped_column(Text)
    expires_on: Mapped[date]
    made_at: Mapped[datetime]
    made_by: Mapped[int | None]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[int | None]

    __table_args__ = (tenant_key(), Index("ix_waiver_rule", "tenant_id", "rule", "clause"))
