"""An organisation's standing as a seller: who may sell, and how that ends (P2B 2019/1150: 30 days' notice)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import Enum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base
from models.lifecycle import Lifecycle, Machine, Timer, move
from models.people.organisation import Organisation
from models.types import Created, UuidPk


class SellerState(Enum):
    """Only an `active` seller's listings are sold."""

    applied = "Applied"
    kyc_pending = "Checks pending"
    more_needed = "More needed"
    active = "Active"
    restricted = "Restricted"
    terminating = "Ending"
    rejected = "Rejected"
    closed = "Closed"


S = SellerState
SELLER = Machine(
    name="seller",
    states=S,
    initial=S.applied,
    terminal=frozenset({S.rejected, S.closed}),
    owned=((S.active, "moderation"), (S.restricted, "moderation")),
    moves=(
        move(S.applied, "submit_kyc", S.kyc_pending, "seller", "trader details complete (DSA art. 30)"),
        move(S.applied, "lapse", S.rejected, "system", timer=Timer(after=timedelta(days=30))),
        move(S.kyc_pending, "approve", S.active, "operator", "checks passed"),
        move(S.kyc_pending, "ask_for_more", S.more_needed, "operator", "says what is missing"),
        move(S.more_needed, "submit_kyc", S.kyc_pending, "seller", "trader details complete (DSA art. 30)"),
        move(S.more_needed, "lapse", S.rejected, "system", timer=Timer(after=timedelta(days=30))),
        move(S.kyc_pending, "reject", S.rejected, "operator", "statement of reasons"),
        move(S.kyc_pending, "lapse", S.rejected, "system", timer=Timer(after=timedelta(days=30))),
        move(S.active, "restrict", S.restricted, "operator|system", "statement of reasons at or before effect"),
        move(S.restricted, "lift", S.active, "operator|system", "by itself only what began by itself"),
        move(S.active, "notice_terminate", S.terminating, "operator", "effective in 30 days or more, with reasons"),
        move(S.restricted, "notice_terminate", S.terminating, "operator", "effective in 30 days or more, with reasons"),
        move(S.terminating, "appeal_upheld", S.active, "operator"),
        move(S.terminating, "take_effect", S.closed, "system", "no money held", timer=Timer(at="effective_at")),
        move(S.active, "close", S.closed, "seller", "no open orders; nothing held or owed"),
    ),
)


class Seller(Lifecycle, Base):
    """`vat_registered` repeats the dated row of models/people/vat_status.py that is in force, for lists.

    `to_check_since`: something that staff had checked changed, or a document came, while the seller went on selling.
    From `away_from` up to `away_until`, the first day back, no visit is on offer; both are days of the business zone.
    `away_note` is what customers read meanwhile.
    """

    __tablename__ = "seller"
    __table_args__ = (
        sa.UniqueConstraint("organisation_id"),
        sa.CheckConstraint("(away_from IS NULL) = (away_until IS NULL)", name="away_has_both_days"),
        sa.CheckConstraint("away_until > away_from", name="away_ends_after_it_begins"),
    )
    __personal__ = frozenset({"away_note"})
    machine = SELLER

    id: Mapped[UuidPk]
    organisation_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisation.id"))
    vat_registered: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    effective_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    to_check_since: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    away_from: Mapped[date | None]
    away_until: Mapped[date | None]
    away_note: Mapped[str] = mapped_column(sa.String(300), default="", server_default="")
    created_at: Mapped[Created]

    organisation: Mapped[Organisation] = relationship(Organisation)

    def __str__(self) -> str:
        return str(self.organisation)
