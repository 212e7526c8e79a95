"""Every word of what is on sale, with how many listings have it: what a mistyped word is corrected to."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class SearchLexeme(Base):
    """Kept by a trigger at the commit that puts a listing in the shop, changes it there or takes it out; the
    application only reads. `lexeme` is the word's stem; words that searching passes over (the, with) are left out."""

    __tablename__ = "search_lexeme"
    __table_args__ = (
        sa.CheckConstraint("listings > 0", name="somebody_uses_it"),
        sa.Index(
            "ix_search_lexeme_word_trigrams", "word", postgresql_using="gin", postgresql_ops={"word": "gin_trgm_ops"}
        ),
        sa.Index("ix_search_lexeme_lexeme", "lexeme"),
    )

    word: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    lexeme: Mapped[str] = mapped_column(sa.String(40))
    listings: Mapped[int]
