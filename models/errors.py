"""The one family of errors whose text is safe to show. Edges translate them once; anything else is a 500."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar


class Refused(Exception):  # noqa: N818  the names read as answers, not as accidents
    """The request was understood and is refused; `str(error)` is a sentence for people."""

    status: ClassVar[int] = 400


class NotFound(Refused):
    """No such thing, or not yours: the two must look the same."""

    status = 404


class NotAllowed(Refused):
    """You are known, and this is not for you."""

    status = 403


class Conflict(Refused):
    """Someone else was first, or the thing changed under your hands."""

    status = 409


class IllegalMove(Conflict):
    """The state machine has no such move from here."""


class GuardFailed(Conflict):
    """The move exists, and its guard says no; the text is the reason."""


class Invalid(Refused):
    """What was typed cannot be taken. `fields` maps a form field to what is wrong with it."""

    status = 422

    def __init__(self, message: str, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.fields = dict(fields or {})


class Unavailable(Refused):
    """A part of ours or a third party does not answer; nothing was lost, try again."""

    status = 503
