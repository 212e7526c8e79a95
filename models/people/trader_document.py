"""A document that shows what a trader says: who they are, and that they are insured."""

from __future__ import annotations

from datetime import date, datetime
from enum import Enum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base
from models.lifecycle import Lifecycle, Machine, Timer, move
from models.people.seller import Seller
from models.platform.stored_file import StoredFile
from models.types import Created, Short, UuidPk


class DocumentKind(Enum):
    """What it shows."""

    identity = "Proof of identity"
    public_liability = "Public liability insurance"
    professional_indemnity = "Professional indemnity insurance"

    @property
    def insures(self) -> bool:
        """It is a policy: it has an insurer, a number, a sum and an end."""
        return self is not DocumentKind.identity


class DocumentState(Enum):
    """Only a `checked` one counts, and only between its days."""

    waiting = "Waiting for a check"
    checked = "Checked"
    refused = "Not taken"
    removed = "Taken back"
    expired = "Run out"


S = DocumentState
TRADER_DOCUMENT = Machine(
    name="trader_document",
    states=S,
    initial=S.waiting,
    terminal=frozenset({S.refused, S.removed, S.expired}),
    owned=((S.waiting, "moderation"), (S.checked, "provider")),
    moves=(
        move(S.waiting, "check", S.checked, "operator", "not run out; the uploader is somebody else"),
        move(S.waiting, "refuse", S.refused, "operator", "with reasons"),
        move(S.waiting, "remove", S.removed, "seller"),
        move(S.checked, "remind", S.checked, "system", timer=Timer(at="remind_at")),
        move(S.checked, "expire", S.expired, "system", timer=Timer(at="ends_at")),
    ),
)


class TraderDocument(Lifecycle, Base):
    """`paper` says which kind of proof of identity. `sum_minor` is what the policy covers, in minor units.

    Days are those of the business zone; `ends_at` is the first moment after `valid_until` (UTC), `remind_at` the next
    reminder.
    """

    __tablename__ = "trader_document"
    __personal__ = frozenset({"policy_number"})
    __table_args__ = (
        sa.CheckConstraint("valid_until >= valid_from", name="ends_after_it_begins"),
        sa.CheckConstraint(
            "kind = 'identity' OR (insurer <> '' AND policy_number <> '' AND sum_minor > 0 "
            "AND valid_from IS NOT NULL AND valid_until IS NOT NULL)",
            name="a_policy_is_whole",
        ),
        sa.CheckConstraint("(valid_until IS NULL) = (ends_at IS NULL)", name="an_end_has_its_moment"),
        sa.Index("ix_trader_document_seller_id", "seller_id"),
    )
    machine = TRADER_DOCUMENT

    id: Mapped[UuidPk]
    seller_id: Mapped[UUID] = mapped_column(sa.ForeignKey("seller.id"))
    kind: Mapped[DocumentKind] = mapped_column(
        sa.Enum(DocumentKind, name="document_kind", native_enum=False, create_constraint=True, length=40)
    )
    stored_file_id: Mapped[UUID] = mapped_column(sa.ForeignKey("stored_file.id"))
    uploaded_by_user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("ab_user.id"))
    paper: Mapped[Short] = mapped_column(default="", server_default="")
    insurer: Mapped[Short] = mapped_column(default="", server_default="")
    policy_number: Mapped[Short] = mapped_column(default="", server_default="")
    sum_minor: Mapped[int | None] = mapped_column(sa.BigInteger)
    currency: Mapped[str] = mapped_column(sa.CHAR(3), default="GBP", server_default="GBP")
    valid_from: Mapped[date | None]
    valid_until: Mapped[date | None]
    ends_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    remind_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    created_at: Mapped[Created]

    seller: Mapped[Seller] = relationship(Seller)
    stored_file: Mapped[StoredFile] = relationship(StoredFile)

    def __str__(self) -> str:
        return self.kind.value
