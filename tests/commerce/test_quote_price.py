"""Whatever lines an offer has and whatever the rates are: lines, sums and total of its checkout agree to the penny."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from uuid import uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.services.commerce import quote
from app.services.commerce.checkout import _line, _sums

nets = st.lists(st.integers(1, 10_000_000), min_size=1, max_size=8)
rates = st.integers(0, 3_000)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine draws slowly
@given(nets, rates, rates, st.integers(0, 3_000), st.integers(0, 10_000), st.booleans())
def test_lines_add_up_to_the_total(nets, vat, standard, commission, fee, registered):
    listing: Any = SimpleNamespace(id=uuid4(), title="A job", description="Words", currency="GBP")
    offer: Any = SimpleNamespace(
        lines=[SimpleNamespace(title=f"Line {n}", net_minor=net) for n, net in enumerate(nets)]
    )
    terms = quote.Terms({"standard": standard, "reduced": vat}, commission, fee)
    found = quote.price_lines(
        listing, quote.offered_lines(listing, offer), terms, category="reduced", vat_registered=registered
    )
    rows = [_line(position, line) for position, line in enumerate(found.lines, 1)]
    sums = _sums(found)
    assert [row.net_minor for row in rows] == nets
    for row in rows:
        assert row.gross_minor == row.net_minor + row.vat_minor
        assert abs(row.vat_minor * 10_000 - row.net_minor * (vat if registered else 0)) * 2 <= 10_000
        assert 0 <= row.commission_minor + row.commission_vat_minor <= row.gross_minor
    assert sum(row.gross_minor for row in rows) == sums["gross_minor"] == found.net_minor + found.vat_minor
    assert sums["fee_net_minor"] + sums["fee_vat_minor"] == fee
    assert sums["total_minor"] == sums["gross_minor"] + fee
