"""Lines in parts: whatever is released, refunded or taken back in whatever order, the parts add up to the line."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import configure_mappers

from app.services.commerce import allocation
from app.services.commerce.allocation import Part, Standing
from models.commerce.order_line import OrderLine
from models.types import uuid7

configure_mappers()  # which takes a while, and not in the middle of drawing an example
sums = st.integers(1, 10**7)


@st.composite
def lines(draw: st.DrawFn) -> OrderLine:
    net, vat_bps, bps = draw(sums), draw(st.sampled_from([0, 500, 2000])), draw(st.sampled_from([0, 1200, 1500]))
    commission = net * bps // 10_000
    return OrderLine(
        id=uuid7(),
        net_minor=net,
        vat_minor=net * vat_bps // 10_000,
        gross_minor=net + net * vat_bps // 10_000,
        commission_minor=commission,
        commission_vat_minor=commission // 5,
    )


def total(parts: list[Part]) -> tuple[int, int, int, int]:
    return (
        sum(one.gross for one in parts),
        sum(one.vat for one in parts),
        sum(one.commission for one in parts),
        sum(one.commission_vat for one in parts),
    )


def cuts(data: st.DataObject, whole: int) -> list[int]:
    marks = sorted(data.draw(st.lists(st.integers(0, whole), max_size=6)))
    return [after - before for before, after in zip([0, *marks], [*marks, whole], strict=True)]


@given(lines(), st.data())
def test_a_line_that_leaves_the_hold_in_parts_leaves_it_whole(line: OrderLine, data: st.DataObject) -> None:
    standing, parts = Standing(line), []
    for cut in cuts(data, line.gross_minor):
        parts.append(allocation.from_hold(standing, cut))
        standing = replace(standing, taken=standing.taken + cut)
    assert total(parts) == (line.gross_minor, line.vat_minor, line.commission_minor, line.commission_vat_minor)
    assert standing.held == 0


@given(lines(), st.data())
def test_all_that_is_taken_back_reverses_exactly_what_was_released(line: OrderLine, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, line.gross_minor - 1))
    gone = allocation.from_hold(Standing(line), first)
    rest = allocation.from_hold(Standing(line, taken=first), line.gross_minor - first)
    standing = Standing(line, line.gross_minor, rest.gross, rest.vat, rest.commission, rest.commission_vat)
    parts = []
    for cut in cuts(data, rest.gross):
        parts.append(allocation.after_release(standing, cut))
        standing = replace(standing, back=standing.back + cut)
    assert total(parts) == total([rest])
    assert gone.vat + rest.vat == line.vat_minor
    assert standing.refundable == 0


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=6), st.data())
def test_an_amount_is_spread_without_overfilling_a_line(rooms: list[int], data: st.DataObject) -> None:
    room = {uuid7(): one for one in rooms}
    amount = data.draw(st.integers(0, sum(rooms)))
    shares = allocation.spread(amount, room)
    assert sum(shares.values()) == amount
    assert all(0 < share <= room[line_id] for line_id, share in shares.items())


def test_more_than_there_is_is_refused() -> None:
    line = OrderLine(id=uuid7(), gross_minor=100, vat_minor=0, commission_minor=0, commission_vat_minor=0)
    with pytest.raises(ValueError, match="not held"):
        allocation.from_hold(Standing(line, taken=60), 41)
    with pytest.raises(ValueError, match="not released"):
        allocation.after_release(Standing(line, 100, released=40, back=30), 11)
    with pytest.raises(ValueError, match="does not fit"):
        allocation.spread(101, {line.id: 100})
