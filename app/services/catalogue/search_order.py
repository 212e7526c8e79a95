"""In which order results come, what goes into it, and the cursor that goes on after the last one shown.

Every order is one whole number, the greatest first, then what came into the shop last (its first approval),
then the id: a cursor compares exactly.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TSQUERY

from app.services.catalogue.search_filter import Predicate, query
from app.services.catalogue.search_price import Priced
from models.catalogue.listing import Listing

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
_MILLION = 1_000_000
_LARGEST = 2**62


class Sort(Enum):
    """The name is what the address says."""

    recommended = "Recommended"
    price = "Lowest price"
    newest = "Newest"


@dataclass(frozen=True, slots=True)
class Why:
    """Why a result stands where it does: how well it matches, and where the words are."""

    title: str
    slug: str
    words_percent: int
    found_in: tuple[str, ...]


PLACES = {
    "a": "the title",
    "b": "the category, its other names, the details or the provider",
    "c": "the description",
}


@dataclass(frozen=True, slots=True)
class Order:
    """`rank` is the number to sort by."""

    sort: Sort
    rank: sa.ColumnElement[int]

    def of(self, question: Any) -> Any:
        """The question in this order."""
        return question.order_by(self.rank.desc(), Listing.published_at.desc(), Listing.id.desc())

    def beyond(self, after: str) -> list[Predicate]:
        """What comes after a cursor of this order; nothing when it is empty or not ours."""
        try:
            sort, rank, moment, key = base64.urlsafe_b64decode(after + "=" * (-len(after) % 4)).decode().split(".")
            if sort != self.sort.name:
                return []
            edge = sa.tuple_(
                sa.literal(max(min(int(rank), _LARGEST), -_LARGEST), sa.BigInteger),
                sa.literal(EPOCH + int(moment) * MICROSECOND, sa.DateTime(timezone=True)),
                sa.literal(UUID(key), sa.Uuid),
            )
        except (ValueError, binascii.Error, OverflowError):
            return []
        return [sa.tuple_(self.rank, Listing.published_at, Listing.id) < edge]

    def cursor(self, rank: int, listing: Listing) -> str:
        """Goes on after this one."""
        if listing.published_at is None:
            raise RuntimeError(f"listing {listing.id} is live and was never published")
        moment = (listing.published_at - EPOCH) // MICROSECOND
        plain = f"{self.sort.name}.{rank}.{moment}.{listing.id}"
        return base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")


def order(sort: Sort, text: str, priced: Priced) -> Order:
    """Recommended: how well the words match, then what came into the shop last. Nobody can pay for a place in any of
    them. By price, `priced` has to be joined to the question."""
    if sort is Sort.price:
        return Order(sort, -priced.all_in)
    return Order(sort, words_rank(text) if sort is Sort.recommended else sa.literal(0, sa.BigInteger))


def words_rank(text: str) -> sa.ColumnElement[int]:
    """How well the words match, in millionths: title before category and provider before description."""
    if not text.strip():
        return sa.literal(0, sa.BigInteger)
    rank = sa.func.ts_rank_cd(Listing.search, query(text), 32)  # 32: rank / (rank + 1), from 0 to 1
    return sa.cast(sa.func.round(sa.cast(rank, sa.Numeric) * _MILLION), sa.BigInteger)


def found_in(text: str) -> list[sa.ColumnElement[Any]]:
    """For each place of PLACES whether any of the words is there, and how well they match, in percent."""
    if not text.strip():
        return [*(sa.false() for _ in PLACES), sa.literal(0)]
    any_of = sa.cast(sa.func.replace(sa.cast(query(text), sa.Text), "&", "|"), TSQUERY)
    weights: Any = (sa.literal_column(f"'{{{place}}}'::\"char\"[]") for place in PLACES)
    hits = [sa.func.ts_filter(Listing.search, weight).bool_op("@@")(any_of) for weight in weights]
    return [*hits, sa.func.round(sa.cast(words_rank(text), sa.Numeric) / (_MILLION // 100))]


def why(listing: Listing, hits: list[Any]) -> Why:
    """The parts of one result's place, in words."""
    *places, percent = hits
    told = tuple(name for name, hit in zip(PLACES.values(), places, strict=True) if hit)
    return Why(listing.title, listing.slug, int(percent), told)
