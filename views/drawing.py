"""How a value looks: money, moments, states, people. Templates and columns draw everything through here.

A state is a word, a shape and a tone, never colour alone. Nothing here reads the database.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from flask import request, url_for
from markupsafe import Markup, escape
from werkzeug.datastructures import MultiDict

from app.services.platform import clock
from views.assets import shape
from views.moments import local, spelled

NONE = Markup('<span class="nil"><span aria-hidden="true">–</span><span class="vh">None</span></span>')  # noqa: RUF001
SYMBOLS = {"GBP": "£", "EUR": "€"}
MINUTE, HOUR, DAY = 60, 3600, 86400
SOON = 6 * HOUR

_LOOKS = """
neutral dashed: draft requested received SellerState.applied
warning clock: submitted in_review waiting kyc_pending pending_acceptance awaiting_payment deferred open awaiting_info
warning clock: proposed ChargebackState.under_review asked offered
info pie1: accepted approved pending
info pie2: in_progress held under_review
progress pie3: delivered
success done: checked live active completed succeeded paid settled settled_manually applied fired
success done: decided_refund decided_release decided_split won published answered
danger diamond: refused rejected failed dead disputed frozen suspended lost
warning triangle: restricted terminating unknown needs_response reported more_needed
neutral cross: removed cancelled abandoned voided refunded_late withdrawn
neutral slash: declined expired closed retired duplicate closed_by_order inquiry_closed hidden
neutral pause: paused
"""
"""Tone and shape of each state, by its name; a name that means two things is told apart by its enum. A test finds
states without a look."""
_TONES: dict[str, tuple[str, str]] = {
    name: (look.split()[0], look.split()[1])
    for look, _, names in (line.partition(":") for line in _LOOKS.strip().splitlines())
    for name in names.split()
}


def tone(state: Enum) -> tuple[str, str]:
    """The tone and the shape of a state."""
    own = f"{type(state).__name__}.{state.name}"
    return _TONES.get(own) or _TONES.get(state.name, ("neutral", "dashed"))


def has_tone(state: Enum) -> bool:
    """Whether somebody decided how this state looks."""
    return state.name in _TONES


def pill(colour: str, form: str, word: object) -> Markup:
    """A state: shape, word, tone."""
    return Markup('<span class="status" data-tone="{}">{}<span>{}</span></span>').format(colour, shape(form), word)


def status(state: Enum) -> Markup:
    """A member of a machine's states as a pill."""
    return pill(*tone(state), state.value)


def money(minor: int | None, currency: str = "GBP") -> Markup:
    """Minor units as `£1,250.00`, with a real minus sign."""
    if minor is None:
        return NONE
    sign = "−" if minor < 0 else ""  # noqa: RUF001  U+2212, as wide as the figures
    whole, part = divmod(abs(minor), 100)
    return escape(f"{sign}{SYMBOLS.get(currency, currency + ' ')}{whole:,}.{part:02d}")


def _time(moment: datetime, words: str) -> Markup:
    stamp = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(stamp.isoformat(), spelled(moment), words)


def ago(moment: datetime | None) -> Markup:
    """`4 h ago`, after a week the day; the full time is the title. In real time: most of these say when rows were made,
    and a moment that a moved clock wrote is spelled out."""
    if moment is None:
        return NONE
    there, now = local(moment), local(datetime.now(UTC))
    passed = (now - there).total_seconds()
    if passed < 0:
        return when(moment)
    steps = ((MINUTE, "just now", 1), (HOUR, "{} min ago", MINUTE), (DAY, "{} h ago", HOUR), (7 * DAY, "{} d ago", DAY))
    for limit, words, unit in steps:
        if passed < limit:
            return _time(moment, words.format(int(passed // unit)))
    return _time(moment, f"{there.day} {there:%b}" + ("" if there.year == now.year else f" {there.year}"))


def due(moment: datetime | None) -> Markup:
    """`in 4 h`, with a clock under six hours and a triangle when it is late."""
    if moment is None:
        return NONE
    left = (local(moment) - clock.now()).total_seconds()
    size = abs(left)
    span = f"{int(size // 60)} min" if size < HOUR else f"{int(size // HOUR)} h"
    if size >= 2 * DAY:
        span = f"{int(size // DAY)} d"
    words, colour, form = f"in {span}", "plain", ""
    if left < 0:
        words, colour, form = f"{span} late", "danger", "triangle"
    elif left < SOON:
        colour, form = "warning", "clock"
    mark = shape(form) if form else ""
    return Markup('<span class="due" data-tone="{}">{}{}</span>').format(colour, mark, _time(moment, words))


def when(moment: datetime | None) -> Markup:
    """`24 Nov 2026, 09:05`."""
    if moment is None:
        return NONE
    there = local(moment)
    return _time(moment, f"{there.day} {there:%b %Y, %H:%M}")


def day(text: str) -> str:
    """A day of an address, `2026-11-24`, as people read it: `24 Nov 2026`."""
    found = date.fromisoformat(text)
    return f"{found.day} {found:%b %Y}"


def person(name: object) -> Markup:
    """Initials in a disc, and the name."""
    if not name:
        return Markup('<span class="nil">Nobody</span>')
    words = str(name).split()
    initials = (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()
    hue = sum(map(ord, str(name))) % 6
    disc = Markup('<span class="avatar avatar-xs" aria-hidden="true" data-hue="{}" data-i="{}"></span>').format(
        hue, initials
    )
    return Markup('<span class="person">{}{}</span>').format(disc, name)


def code(text: object) -> Markup:
    """An identifier or a hash, in figures of one width."""
    return Markup('<code class="mono">{}</code>').format(text) if text not in {None, ""} else NONE


def paragraphs(text: str) -> Markup:
    """Text as somebody typed it: an empty line begins a paragraph, other line ends are spaces."""
    blocks = [" ".join(block.split()) for block in text.split("\n\n") if block.strip()]
    return Markup("").join(Markup("<p>{}</p>").format(block) for block in blocks) if blocks else NONE


def yes(value: object) -> Markup:
    """Yes or no, with its shape."""
    mark = shape("done" if value else "slash")
    return Markup('<span class="yesno" data-on="{}">{}{}</span>').format(
        int(bool(value)), mark, "Yes" if value else "No"
    )


def tags(values: list[Any], most: int = 4) -> Markup:
    """A few words, and how many more there are."""
    if not values:
        return NONE
    shown = Markup("").join(Markup('<span class="tag">{}</span>').format(v) for v in values[:most])
    rest = len(values) - most
    return shown + (Markup('<span class="tag">+{} more</span>').format(rest) if rest > 0 else "")


def plain(value: Any) -> Markup:
    """How any value looks when nobody said otherwise."""
    if value is None or value == "":
        return NONE
    if isinstance(value, Markup):
        return value
    kinds: tuple[tuple[Any, Any], ...] = (
        (bool, yes),
        (Enum, lambda v: status(v) if has_tone(v) else escape(v.value)),
        (datetime, when),
        (date, lambda v: escape(f"{v.day} {v:%b %Y}")),
        (UUID, lambda v: code(str(v)[-12:])),
        (bytes, lambda v: code(v.hex())),
        (Decimal, lambda v: escape(f"{v:f}")),
        ((list, tuple, set), lambda v: tags(list(v))),
    )
    for kind, draw in kinds:
        if isinstance(value, kind):
            return Markup(draw(value))  # noqa: S704  every branch escapes
    return escape(value)


def link(
    change: dict[str, Any] | None = None, *, drop: tuple[str, ...] = (), only: dict[str, Any] | None = None
) -> str:
    """This page with other query parameters; repeated ones are kept (Flask-AppBuilder's own links drop them)."""
    arguments = MultiDict(request.args if only is None else only)
    for name in drop:
        arguments.poplist(name)
    for name in [name for name in arguments if name == "endpoint" or name.startswith("_")]:
        arguments.poplist(name)  # words that url_for keeps for itself; nothing of ours is called so
    for name, value in (change or {}).items():
        arguments.setlist(name, value if isinstance(value, list) else [value])
    return url_for(str(request.endpoint), **{**(request.view_args or {}), **dict(arguments.lists())})
