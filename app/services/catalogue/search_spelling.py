"""Mistyped words: each unknown one becomes the most alike word of what is on sale, before anything is looked for.

Words first, then full text: comparing every listing with what was typed would read them all.
"""

from __future__ import annotations

import re
from collections import defaultdict
from difflib import SequenceMatcher

import sqlalchemy as sa
from sqlalchemy.orm import Session

_WORD = re.compile(r"(?<![\w-])[A-Za-z]{4,40}(?!\w)")
ALIKE = 0.7
"""Share of letters in common, in order (difflib): boilr and boiler have 0.91."""
MOST_WORDS = 8

_NEIGHBOURS = sa.text("""
select typed.word, near.word
  from unnest(cast(:words as text[])) with ordinality typed(word, place)
 cross join lateral (select tsvector_to_array(to_tsvector('english'::regconfig, typed.word)) stems) own
 cross join lateral (select word, listings from search_lexeme where word % typed.word
                      order by similarity(word, typed.word) desc, listings desc, word limit 6) near
 where cardinality(own.stems) > 0
   and (:all or not exists (select from search_lexeme known
                             where known.word = typed.word or known.lexeme = any (own.stems)))
   and near.word <> typed.word
 order by typed.place, similarity(near.word, typed.word) desc, near.listings desc, near.word
""")


def corrected(session: Session, text: str) -> str:
    """`text` with unknown words replaced by their nearest; the same when every word is known or has none. One
    statement."""
    near = _near(session, text, all_words=False)

    def nearest(found: re.Match[str]) -> str:
        word = found[0].lower()
        best = max(near.get(word, []), key=lambda other: _alike(word, other), default="")
        return best if best and _alike(word, best) >= ALIKE else found[0]

    return _WORD.sub(nearest, text)


def nearest_words(session: Session, text: str, most: int = 4) -> list[str]:
    """Words on sale that look like those typed, for a search that found nothing. One statement."""
    near = _near(session, text, all_words=True)
    return list(dict.fromkeys(word for words in near.values() for word in words))[:most]


def _near(session: Session, text: str, *, all_words: bool) -> dict[str, list[str]]:
    words = list(dict.fromkeys(word.lower() for word in _WORD.findall(text)))[:MOST_WORDS]
    found: dict[str, list[str]] = defaultdict(list)
    for typed, near in session.execute(_NEIGHBOURS, {"words": words, "all": all_words}):
        found[typed].append(near)
    return found


def _alike(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other).ratio()
