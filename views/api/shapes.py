"""What goes in and what comes out, as marshmallow schemas: they check, they write, and the OpenAPI document is made of
them. Money is `{"amount_minor": …, "currency": …}`, a moment is ISO 8601 in UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from marshmallow import RAISE, Schema, fields, validate

LONGEST_TEXT = 4000
MOST_A_PAGE = 100
LARGEST_MINOR = 10**12


class Takes(Schema):
    """What somebody sends. Fields that are not known are refused, so that a misspelt one is not lost."""

    class Meta:
        unknown = RAISE


class Gives(Schema):
    """What we answer: always with every field, null where there is nothing to say."""

    class Meta:
        unknown = RAISE


class Nothing(Takes):
    """No fields: an empty body, or `{}`."""


class Moment(fields.Field):
    """`2026-11-24T10:15:00Z`; microseconds only where they are known."""

    def _serialize(self, value: datetime | None, *_rest: Any, **_named: Any) -> str | None:
        return None if value is None else value.astimezone(UTC).isoformat().replace("+00:00", "Z")


class Money(Gives):
    """A sum in the smallest unit of its currency: 29300 GBP is £293.00."""

    amount_minor = fields.Integer()
    currency = fields.String()


class Sum(Takes):
    """A sum in the smallest unit of its currency."""

    amount_minor = fields.Integer(required=True, strict=True, validate=validate.Range(0, LARGEST_MINOR))
    currency = fields.String(required=True, validate=validate.Regexp(r"^[A-Z]{3}\Z"))


class Paged(Takes):
    """Pages by key: `before` is the `next` of the page that was read last."""

    before = fields.String(load_default="", validate=validate.Length(max=200))
    limit = fields.Integer(load_default=20, validate=validate.Range(1, MOST_A_PAGE))


class Moved(Gives):
    """What was done: never out of date, so that a second sending can be answered with the first one's words."""

    reference = fields.String()
    event = fields.String()
    state = fields.String()
    at = Moment()


def money(amount_minor: int, currency: str) -> dict[str, Any]:
    """As the API writes a sum."""
    return {"amount_minor": amount_minor, "currency": currency}


def text(most: int = LONGEST_TEXT, *, required: bool = False, least: int = 0) -> fields.String:
    """A field for what people write; empty when it is left out."""
    length = validate.Length(min=least, max=most)
    if required:
        return fields.String(required=True, validate=length)
    return fields.String(load_default="", validate=length)
