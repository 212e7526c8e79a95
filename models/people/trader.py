"""What a seller says of itself as a trader (DSA 2022/2065 art. 30): asked before anything is sold, shown to buyers."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.people.legal_form import LegalForm
from models.types import Short


class Trader(Base):
    """One row per seller. The name, number, address, telephone and e-mail stand with the organisation, because papers
    print them; the address there is made of the parts here. `register` is the public register, or its court or place.
    """

    __tablename__ = "trader"
    __personal__ = frozenset({"responsible_name", "street", "street_more", "town", "postcode"})
    __table_args__ = (sa.CheckConstraint("country ~ '^([A-Z]{2})?$'", name="country_is_a_code"),)

    seller_id: Mapped[UUID] = mapped_column(sa.ForeignKey("seller.id"), primary_key=True)
    responsible_name: Mapped[Short] = mapped_column(default="", server_default="")
    legal_form: Mapped[LegalForm | None] = mapped_column(
        sa.Enum(LegalForm, name="legal_form", native_enum=False, create_constraint=True, length=20)
    )
    register: Mapped[Short] = mapped_column(default="", server_default="")
    street: Mapped[Short] = mapped_column(default="", server_default="")
    street_more: Mapped[Short] = mapped_column(default="", server_default="")
    town: Mapped[Short] = mapped_column(default="", server_default="")
    postcode: Mapped[str] = mapped_column(sa.String(12), default="", server_default="")
    country: Mapped[str] = mapped_column(sa.String(2), default="", server_default="")
    certified_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    """When they certified to offer only what the law allows (art. 30(1)(e))."""
    certified_by_user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("ab_user.id"))
