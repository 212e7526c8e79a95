"""Who is asking, as the API sees them."""

from __future__ import annotations

from marshmallow import fields

from views.api.caller import is_staff
from views.api.operation import reads
from views.api.shapes import Gives
from views.storefront.people.person import current_person


class PartyShape(Gives):
    """An organisation somebody acts for."""

    name = fields.String()
    slug = fields.String()


class Me(Gives):
    """Who the token belongs to, and the parts they play: null where they play none."""

    name = fields.String()
    buying = fields.Nested(PartyShape, allow_none=True)
    selling = fields.Nested(PartyShape, allow_none=True)
    staff = fields.Boolean()


@reads("/me", gives=Me)
def me() -> dict[str, object]:
    """Who the token belongs to."""
    person = current_person()
    return {"name": person.name, "buying": person.buying, "selling": person.selling, "staff": is_staff()}
