"""Addresses that make trouble on purpose: the first word of the local part says which."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Trouble:
    """`answer` is what SMTP hears; `after` says whether the mail is kept before the answer is lost."""

    word: str
    told: str
    answer: str = ""
    after: bool = False


TROUBLES = (
    Trouble("bounce", "nobody has this address, for good", "550 5.1.1 Nobody here has this address"),
    Trouble("busy", "not now; the same mail may be taken later", "451 4.3.2 Busy, come again later"),
    Trouble("full", "the mailbox is full; not now", "452 4.2.2 Mailbox full"),
    Trouble("lost", "the mail is taken and the connection breaks before the answer", after=True),
)


def trouble(address: str) -> Trouble | None:
    """`bounce@…` or `bounce+anything@…`, else None."""
    word = address.partition("@")[0].partition("+")[0].lower()
    return next((one for one in TROUBLES if one.word == word), None)
