"""Reviews as JSON: figures, and what everybody may read."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from app.services.commerce.review_figure import Summary
from models.commerce.review import Review
from views.api.shapes import Gives, Moment
from views.storefront.review_block import told


class FiguresShape(Gives):
    """`average` is text, like 4.3, null without reviews; `distribution` counts one star to five, in that order."""

    count = fields.Integer()
    average = fields.String(allow_none=True)
    distribution = fields.List(fields.Integer())


class ReviewShape(Gives):
    """A published review. `who` is the business, or a private person's first name and a letter."""

    id = fields.UUID()
    stars = fields.Integer()
    text = fields.String()
    who = fields.String()
    title = fields.String()
    at = Moment()
    reply = fields.String(allow_none=True)
    replied_at = Moment(allow_none=True)


class ReviewPage(Gives):
    """Newest first; `next` fetches the next page (as `before`), null on the last."""

    figures = fields.Nested(FiguresShape)
    items = fields.List(fields.Nested(ReviewShape))
    next = fields.String(allow_none=True)


def figures_shape(summary: Summary) -> dict[str, Any]:
    """The figures of a seller or a listing."""
    average = summary.average if summary.count else None
    return {"count": summary.count, "average": average, "distribution": list(summary.distribution)}


def review_shape(row: Review) -> dict[str, Any]:
    """One review as the shop's pages show it."""
    said = told(row)
    reply = {"reply": said.reply or None, "replied_at": said.replied_at}
    return {
        "id": said.id,
        "stars": said.stars,
        "text": said.text,
        "who": said.who,
        "title": said.title,
        "at": said.at,
    } | reply
