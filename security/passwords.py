"""What a password must be. Length does the work; the rest refuses what an attacker tries first (NIST SP 800-63B, 5.1.1.2)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

SHORTEST, LONGEST = 12, 128  # longer than LONGEST only costs hashing time
FEWEST_DIFFERENT = 5
RUN = 6
_COMMON = frozenset((Path(__file__).parent / "common_passwords.txt").read_text(encoding="utf-8").split())
_ROWS = ("abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm")


def objection(password: str, about: Iterable[str] = ()) -> str:
    """Why this password cannot be used, as a sentence; empty when it can. `about` are the person's names and e-mail."""
    plain = password.casefold()
    if len(password) < SHORTEST:
        return f"Use at least {SHORTEST} characters; four unrelated words are easy to keep"
    if len(password) > LONGEST:
        return f"Use at most {LONGEST} characters"
    if len(set(plain)) < FEWEST_DIFFERENT:
        return f"Use at least {FEWEST_DIFFERENT} different characters"
    if _plain_words(plain) in _COMMON:
        return "This is one of the passwords that are tried first; choose another"
    if _is_a_run(plain):
        return "Avoid rows of the keyboard and counting"
    for word in about:
        part = word.casefold().split("@")[0]
        if len(part) > 3 and part in plain:  # noqa: PLR2004  shorter names occur in ordinary words
            return "Leave your name and e-mail address out of it"
    return ""


def _plain_words(text: str) -> str:
    """The word behind it: digits and signs at the ends are what people add to a common word."""
    return re.sub(r"^[\W\d_]+|[\W\d_]+$", "", text) or text


def _is_a_run(text: str) -> bool:
    rows = [row for one in _ROWS for row in (one, one[::-1])]
    covered = sum(
        RUN for i in range(0, len(text) - RUN + 1, RUN) if any(text[i : i + RUN] in row for row in rows)
    )
    return covered * 2 >= len(text)
