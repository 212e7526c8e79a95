"""Every screen opens for whoever may read it, empty and with rows."""

from __future__ import annotations

import pytest

from tests.factories.staff import account, signed_in
from views.console.screens import SCREENS

ENDPOINTS = [view.__name__ for view in SCREENS]


@pytest.mark.parametrize("view", SCREENS, ids=ENDPOINTS)
def test_an_auditor_reads_every_screen_empty_and_searched(app, session, view):
    client = signed_in(app, account(session, "Auditor"))
    base = f"/console{view.route_base}"
    assert client.get(f"{base}/{'list/' if hasattr(view, 'datamodel') else ''}").status_code == 200
    if hasattr(view, "datamodel"):
        facets = "&".join(f"{facet.name}={choice.value}" for facet in view.facets for choice in facet.choices())
        for query in ("?q=50%25_off", f"?{facets}", "?" + "&".join(f"{f.name}=nope" for f in view.facets)):
            assert client.get(f"{base}/list/{query}").status_code == 200, query
        for column in view.columns:
            for order in (column.name, f"-{column.name}"):
                assert client.get(f"{base}/list/?order={order}").status_code == 200, order
