"""How each line of an order was divided: one row per line and movement of money, never altered."""

from __future__ import annotations

from enum import Enum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.types import BigPk, Created, Minor


class AllocationKind(Enum):
    """To the seller, back to the buyer by us, or back to the buyer by their bank."""

    release = "Released"
    refund = "Refunded"
    chargeback = "Charged back"


class Allocation(Base):
    """`gross_minor` of the line, with the VAT in it and the commission (and the VAT on that) which belong to it.

    `after_release` rows take back what was released before: the seller pays, our commission is reversed. The others
    come out of the hold; a refund or chargeback from the hold means that this commission is never earned. Minor units;
    parts are cumulative, so a line's rows add up to the line exactly.
    """

    __tablename__ = "allocation"
    __table_args__ = (
        sa.CheckConstraint("gross_minor > 0", name="gross_is_positive"),
        sa.CheckConstraint(
            "vat_minor >= 0 AND commission_minor >= 0 AND commission_vat_minor >= 0", name="parts_are_not_negative"
        ),
        sa.CheckConstraint("(kind = 'refund') = (refund_id IS NOT NULL)", name="a_refund_has_its_row"),
        sa.CheckConstraint("(kind = 'chargeback') = (chargeback_id IS NOT NULL)", name="a_chargeback_has_its_row"),
        sa.CheckConstraint("kind <> 'release' OR NOT after_release", name="a_release_is_from_the_hold"),
        sa.Index("ix_allocation_order_line_id", "order_line_id"),
        sa.Index("ix_allocation_refund_id", "refund_id", postgresql_where=sa.text("refund_id IS NOT NULL")),
    )

    id: Mapped[BigPk]
    order_line_id: Mapped[UUID] = mapped_column(sa.ForeignKey("order_line.id"))
    kind: Mapped[AllocationKind] = mapped_column(
        sa.Enum(AllocationKind, name="allocation_kind", native_enum=False, create_constraint=True, length=20)
    )
    after_release: Mapped[bool] = mapped_column(sa.Boolean, default=False, server_default=sa.false())
    gross_minor: Mapped[Minor]
    vat_minor: Mapped[Minor]
    commission_minor: Mapped[Minor]
    commission_vat_minor: Mapped[Minor]
    transition_id: Mapped[int] = mapped_column(sa.BigInteger, sa.ForeignKey("transition.id"))
    refund_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("refund.id"))
    chargeback_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("chargeback.id"))
    created_at: Mapped[Created]
