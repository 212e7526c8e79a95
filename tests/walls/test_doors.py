"""Doors that a walk does not try: another order's file under one's own address, and the whole console."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from flask import Flask

from tests.conftest import Arrange
from tests.factories import commerce
from tests.walls.world import World


@pytest.mark.parametrize("side", ["buyer", "seller"])
def test_a_file_or_document_opens_only_through_its_own_order(
    world: World, arrange: Arrange, browser: Any, side: str
) -> None:
    """One's own order in the address does not open the evidence of another."""
    other = arrange(commerce.story)
    mine = arrange(commerce.delivered, other)
    client, start = browser(getattr(other, side).user), "" if side == "buyer" else "/pro"
    own = f"{start}/orders/{mine.reference}"
    assert client.get(own).status_code == 200
    assert client.get(f"{own}/evidence/{world.blanks['evidence_id']}").status_code == 404
    assert client.get(f"{own}/evidence/{uuid4()}").status_code == 404
    assert client.get(f"{own}/problem/files/{world.blanks['file_id']}").status_code == 404
    assert client.get(f"{own}/documents/contract.pdf").status_code == 404
    assert client.get(f"{own}/documents/../{world.order.reference}.pdf").status_code == 404


def test_the_console_is_nothing_to_customers_and_providers(app: Flask, world: World, browser: Any) -> None:
    console = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/console")]
    assert len(console) > 50
    for party in (world.story.buyer, world.story.seller):
        client = browser(party.user)
        for rule in console:
            method = "GET" if "GET" in (rule.methods or ()) else "POST"
            built = rule.build(dict.fromkeys(rule.arguments, "1"))
            assert built, rule.rule
            assert client.open(built[1], method=method).status_code == 404, (method, built[1])
