"""Dividing the lines of an order: what belongs to a part that is released, refunded or charged back. All cumulative."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.services.commerce import money
from models.commerce.allocation import Allocation, AllocationKind
from models.commerce.chargeback import Chargeback
from models.commerce.order import Order
from models.commerce.order_line import OrderLine
from models.commerce.refund import Refund, RefundState
from models.commerce.refund_line import RefundLine
from models.platform.transition import Transition


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a line and what belongs to it. Minor units."""

    line_id: UUID
    gross: int
    vat: int
    commission: int
    commission_vat: int

    @property
    def seller(self) -> int:
        """What the seller gets of it, or gives back."""
        return self.gross - self.commission - self.commission_vat


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a line is divided: `taken` of it left the hold, `released` of that went to the seller (with its VAT and
    commission), `back` of that was taken back since; `asked` waits for somebody's approval. Gross, minor units."""

    line: OrderLine
    taken: int = 0
    released: int = 0
    released_vat: int = 0
    commission: int = 0
    commission_vat: int = 0
    back: int = 0
    asked: int = 0

    @property
    def held(self) -> int:
        """Still in the hold."""
        return self.line.gross_minor - self.taken

    @property
    def refundable(self) -> int:
        """What may still be asked back: held, or with the seller, and not asked for already."""
        return self.held + self.released - self.back - self.asked


def standings(session: Session, order: Order, *, but: Refund | None = None) -> dict[UUID, Standing]:
    """Every line of the order, by id; `but` is a request that does not count as asked for. Two statements."""
    a = Allocation
    released, after = a.kind == AllocationKind.release, a.after_release.is_(True)

    def total(column: InstrumentedAttribute[int], condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
        return sa.func.coalesce(sa.func.sum(column).filter(condition), 0)

    sums = (
        sa.select(
            a.order_line_id,
            total(a.gross_minor, ~after),
            total(a.gross_minor, released),
            total(a.vat_minor, released),
            total(a.commission_minor, released),
            total(a.commission_vat_minor, released),
            total(a.gross_minor, after),
        )
        .where(a.order_line_id.in_([line.id for line in order.lines]))
        .group_by(a.order_line_id)
    )
    asked = (
        sa.select(RefundLine.order_line_id, sa.func.sum(RefundLine.gross_minor))
        .join(Refund, Refund.id == RefundLine.refund_id)
        .where(Refund.order_id == order.id, Refund.state == RefundState.requested)
        .group_by(RefundLine.order_line_id)
    )
    if but is not None:
        asked = asked.where(Refund.id != but.id)
    found = {row[0]: [int(value) for value in row[1:]] for row in session.execute(sums)}
    waiting = {line_id: int(gross) for line_id, gross in session.execute(asked)}
    return {
        line.id: Standing(line, *found.get(line.id, [0] * 6), asked=waiting.get(line.id, 0))  # type: ignore[misc]
        for line in order.lines
    }


def from_hold(standing: Standing, gross: int) -> Part:
    """The next `gross` of a line that leaves the hold. Raises ValueError when that much is not held."""
    line, before, after = standing.line, standing.taken, standing.taken + gross
    if gross < 0 or after > line.gross_minor:
        raise ValueError(f"{gross} is not held of line {line.id}")

    def part(whole: int) -> int:
        return money.part(whole, line.gross_minor, before=before, after=after)

    return Part(line.id, gross, part(line.vat_minor), part(line.commission_minor), part(line.commission_vat_minor))


def after_release(standing: Standing, gross: int) -> Part:
    """The next `gross` that is taken back of what was released. Raises ValueError when that much is not there."""
    before, after = standing.back, standing.back + gross
    if gross < 0 or after > standing.released:
        raise ValueError(f"{gross} was not released of line {standing.line.id}")

    def part(whole: int) -> int:
        return money.part(whole, standing.released, before=before, after=after)

    return Part(
        standing.line.id,
        gross,
        part(standing.released_vat),
        part(standing.commission),
        part(standing.commission_vat),
    )


def spread(amount: int, room: Mapping[UUID, int]) -> dict[UUID, int]:
    """`amount` over the lines in proportion to the room each has, never above it; lines that get nothing are absent.

    Raises ValueError when there is less room than that.
    """
    if not 0 <= amount <= sum(room.values()):
        raise ValueError(f"{amount} does not fit into {sum(room.values())}")
    if not amount:
        return {}
    shares = money.allocate(amount, list(room.values()))
    return {line_id: share for line_id, share in zip(room, shares, strict=True) if share}


def record(
    session: Session,
    parts: Sequence[Part],
    kind: AllocationKind,
    *,
    transition: Transition,
    refund: Refund | None = None,
    chargeback: Chargeback | None = None,
    after_release: bool = False,
) -> None:
    """Writes one row per part."""
    for one in parts:
        session.add(
            Allocation(
                order_line_id=one.line_id,
                kind=kind,
                after_release=after_release,
                gross_minor=one.gross,
                vat_minor=one.vat,
                commission_minor=one.commission,
                commission_vat_minor=one.commission_vat,
                transition_id=transition.id,
                refund_id=refund.id if refund else None,
                chargeback_id=chargeback.id if chargeback else None,
            )
        )
    session.flush()


def total(parts: Sequence[Part]) -> int:
    """The gross of all parts, in minor units."""
    return sum(one.gross for one in parts)
