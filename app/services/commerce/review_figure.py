"""The figures of reviews: count, average, distribution; changed in the transaction that publishes or hides one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.services.commerce.money import half_up
from models.commerce.review import Review
from models.commerce.review_figure import ReviewFigure

COLUMNS = ("ones", "twos", "threes", "fours", "fives")


@dataclass(frozen=True, slots=True)
class Summary:
    """`distribution` counts one star to five, in that order; `average_tenths` is 43 for 4.3, 0 without reviews."""

    distribution: tuple[int, int, int, int, int] = (0, 0, 0, 0, 0)

    @property
    def count(self) -> int:
        """How many there are."""
        return sum(self.distribution)

    @property
    def average_tenths(self) -> int:
        """Tenths of a star, halves rounded up."""
        total = sum(stars * number for stars, number in enumerate(self.distribution, 1))
        return half_up(10 * total, self.count) if self.count else 0

    @property
    def average(self) -> str:
        """`4.3`."""
        return f"{self.average_tenths // 10}.{self.average_tenths % 10}"


def counted(session: Session, review: Review, by: int) -> None:
    """Adds (1) or takes away (-1) a review that everybody may read, wherever it counts; always in the same order."""
    column = COLUMNS[review.stars - 1]
    subjects = [("seller" if review.author == "buyer" else "buyer", review.subject_organisation_id)]
    if review.author == "buyer" and review.listing_id:
        subjects.append(("listing", review.listing_id))
    for kind, subject in sorted(subjects):
        new = insert(ReviewFigure).values(kind=kind, subject_id=subject, **{column: by})
        more = {column: getattr(ReviewFigure, column) + by}
        if by > 0:
            session.execute(new.on_conflict_do_update(index_elements=["kind", "subject_id"], set_=more))
        else:
            here = (ReviewFigure.kind == kind, ReviewFigure.subject_id == subject)
            session.execute(sa.update(ReviewFigure).where(*here).values(more))


def summaries(session: Session, kind: str, subjects: Iterable[UUID]) -> Mapping[UUID, Summary]:
    """Of several in one statement; whoever has none is left out."""
    columns = [getattr(ReviewFigure, name) for name in COLUMNS]
    asked = sa.select(ReviewFigure.subject_id, *columns).where(
        ReviewFigure.kind == kind, ReviewFigure.subject_id.in_(list(subjects))
    )
    found = {subject: Summary(tuple(numbers)) for subject, *numbers in session.execute(asked)}
    return {subject: one for subject, one in found.items() if one.count}


def summary(session: Session, kind: str, subject: UUID) -> Summary:
    """Of one seller, buyer or listing."""
    return summaries(session, kind, [subject]).get(subject, Summary())
