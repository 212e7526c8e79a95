"""The provider's earnings: what is held, released and owed, each figure with the orders it is made of."""

from __future__ import annotations

import csv
from io import StringIO

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue

from app.services.commerce import earnings
from app.services.commerce.earnings import KINDS, Earnings
from app.session import session
from reports.layout.spreadsheet import money
from views.storefront.blueprint import storefront
from views.storefront.guard import provider
from views.storefront.people.person import current_person

MOST_SHOWN = 200


@storefront.get("/pro/earnings")
@provider
def pro_earnings() -> ResponseReturnValue:
    """All orders, or with `show` those of one figure."""
    found, show = _mine(), request.args.get("show", "")
    rows = [row for row in found.only(show) if show or any(getattr(row, kind) for kind in KINDS)]
    return render_template(
        "storefront/commerce/pro_earnings.html",
        earnings=found,
        rows=rows[:MOST_SHOWN],
        more=len(rows) - MOST_SHOWN,
        show=show if show in KINDS else "",
    )


@storefront.get("/pro/earnings.csv")
@provider
def pro_earnings_file() -> ResponseReturnValue:
    """Every order, for a spreadsheet."""
    text, found = StringIO(), _mine()
    sheet = csv.writer(text)
    sheet.writerow(["order", "state", "visit", "currency", "price", "held", "released", "payable", "owed"])
    for row in found.rows:
        sums = [money(minor) for minor in (row.order.gross_minor, *(getattr(row, k) for k in KINDS))]
        sheet.writerow(
            [
                row.order.reference,
                row.order.state.value,
                row.order.visit_start.date().isoformat(),
                found.currency,
                *sums,
            ]
        )
    answer = Response(text.getvalue(), mimetype="text/csv")
    answer.headers["Content-Disposition"] = 'attachment; filename="earnings.csv"'
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _mine() -> Earnings:
    seller = current_person().selling
    assert seller is not None  # noqa: S101  the guard let nobody else in
    return earnings.of_seller(session(), seller.id)
