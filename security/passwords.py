"""What a password must be: long, and nothing that an attacker tries first (NIST SP 800-63B, 5.1.1.2)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

SHORTEST, LONGEST = 12, 128  # longer than LONGEST only costs hashing time
FEWEST_DIFFERENT = 5
RUN = 6
SHORT_NAME = 3  # shorter names occur in ordinary words
_COMMON = frozenset((Path(__file__).parent / "common_passwords.txt").read_text(encoding="utf-8").split())
_ROWS = ("abcdefghijklmnopqrstuvwxyz", "01234567890123456789", "qwertyuiop", "asdfghjkl", "zxcvbnm")


def objection(password: str, about: Iterable[str] = ()) -> str:
    """Why this password cannot be used, as a sentence; empty when it can. `about` are the person's names and e-mail."""
    plain = password.casefold()
    names = [part for word in about if len(part := word.casefold().split("@")[0]) > SHORT_NAME]
    tests = (
        (len(password) < SHORTEST, f"Use at least {SHORTEST} characters; four unrelated words are easy to keep"),
        (len(password) > LONGEST, f"Use at most {LONGEST} characters"),
        (len(set(plain)) < FEWEST_DIFFERENT, f"Use at least {FEWEST_DIFFERENT} different characters"),
        (_plain_words(plain) in _COMMON, "This is one of the passwords that are tried first; choose another"),
        (_is_a_run(plain), "Avoid rows of the keyboard and counting"),
        (any(name in plain for name in names), "Leave your name and e-mail address out of it"),
    )
    return next((reason for fails, reason in tests if fails), "")


def _plain_words(text: str) -> str:
    """The word behind it: digits and signs at the ends are what people add to a common word."""
    return re.sub(r"^[\W\d_]+|[\W\d_]+$", "", text) or text


def _is_a_run(text: str) -> bool:
    rows = [row for one in _ROWS for row in (one, one[::-1])]
    covered = sum(RUN for i in range(0, len(text) - RUN + 1, RUN) if any(text[i : i + RUN] in row for row in rows))
    return covered * 2 >= len(text)
