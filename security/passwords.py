"""What a password must be: long, and nothing that an attacker tries first (NIST SP 800-63B, 5.1.1.2)."""

from __future__ import annotations

from collections.abc import Iterable

from zxcvbn import zxcvbn

SHORTEST, LONGEST = 12, 128  # longer than LONGEST only costs hashing time
FEWEST_DIFFERENT = 5
RUN = 6
SHORT_NAME = 3  # shorter names occur in ordinary words
WEIGHED = 72
"""Characters that are weighed; what comes after them makes nothing weaker, and the weighing slow."""
GOOD_ENOUGH = 3
"""Of 4: more than a hundred million guesses, by lists of leaked passwords, words and names, dates and patterns."""
_ROWS = ("abcdefghijklmnopqrstuvwxyz", "01234567890123456789", "qwertyuiop", "asdfghjkl", "zxcvbnm")


def objection(password: str, about: Iterable[str] = ()) -> str:
    """Why this password cannot be used, as a sentence; empty when it can. `about` are the person's names and e-mail."""
    plain = password.casefold()
    names = [part for word in about if len(part := word.casefold().split("@")[0]) > SHORT_NAME]
    tests = (
        (len(password) < SHORTEST, f"Use at least {SHORTEST} characters; four unrelated words are easy to keep"),
        (len(password) > LONGEST, f"Use at most {LONGEST} characters"),
        (len(set(plain)) < FEWEST_DIFFERENT, f"Use at least {FEWEST_DIFFERENT} different characters"),
        (_is_a_run(plain), "Avoid rows of the keyboard and counting"),
        (any(name in plain for name in names), "Leave your name and e-mail address out of it"),
    )
    reason = next((reason for fails, reason in tests if fails), "")
    if not reason and zxcvbn(password[:WEIGHED], user_inputs=[*names, "fixnado"])["score"] < GOOD_ENOUGH:
        return "This is one of the passwords that are tried first; choose another"
    return reason


def _is_a_run(text: str) -> bool:
    rows = [row for one in _ROWS for row in (one, one[::-1])]
    covered = sum(RUN for i in range(0, len(text) - RUN + 1, RUN) if any(text[i : i + RUN] in row for row in rows))
    return covered * 2 >= len(text)
