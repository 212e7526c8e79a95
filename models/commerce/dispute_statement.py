"""What somebody said about a problem, with the files that show it."""

from __future__ import annotations

from enum import Enum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base
from models.commerce.dispute_file import DisputeFile
from models.types import Created, Prose, Short, UuidPk


class StatementKind(Enum):
    """What it was said for."""

    report = "Report"
    answer = "Answer"
    question = "Question"
    information = "Information"
    proposal = "Proposal"
    agreement = "Agreement"
    objection = "Objection"
    note = "Note"
    reasons = "Statement of reasons"


class DisputeStatement(Base):
    """Never altered. `party` is buyer, seller, operator or system; both parties read all of them."""

    __tablename__ = "dispute_statement"
    __personal__ = frozenset({"text"})
    __table_args__ = (sa.Index("ix_dispute_statement_dispute_id", "dispute_id"),)

    id: Mapped[UuidPk]
    dispute_id: Mapped[UUID] = mapped_column(sa.ForeignKey("dispute.id"))
    party: Mapped[Short]
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("ab_user.id"))
    kind: Mapped[StatementKind] = mapped_column(
        sa.Enum(StatementKind, name="statement_kind", native_enum=False, create_constraint=True, length=20)
    )
    text: Mapped[Prose]
    created_at: Mapped[Created]

    files: Mapped[list[DisputeFile]] = relationship(DisputeFile, order_by=DisputeFile.id)
