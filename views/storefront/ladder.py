"""A cancellation ladder as people read it: until when, and how much of the price comes back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup
from wtforms import SelectChoice

from app.services.commerce import cancellation_policy, quote
from app.services.commerce.cancellation_policy import Rung
from app.services.commerce.money import WHOLE, percent, written
from app.services.platform import clock
from app.session import session
from models.commerce.cancellation_policy import CancellationPolicy
from views.storefront import words

DAY = 24
_SHARES = {WHOLE: "Everything", WHOLE // 2: "Half", 0: "Nothing"}


@dataclass(frozen=True, slots=True)
class Line:
    """One rung. `holds` is None without a visit: then nobody can say which one it is."""

    until: str
    back: str
    over: bool = False
    holds: bool = False


@dataclass(frozen=True, slots=True)
class Ladder:
    """What a page shows of a policy."""

    name: str
    summary: str
    lines: list[Line]


def on_offer() -> list[CancellationPolicy]:
    """The policies a listing may choose from today."""
    return cancellation_policy.on_offer(session(), clock.now().astimezone(quote.UK).date())


def of_code(code: str) -> CancellationPolicy:
    """The policy a listing has today. Raises Unavailable when none is recorded."""
    return cancellation_policy.of_code(session(), code, clock.now().astimezone(quote.UK).date())


def choices() -> list[SelectChoice]:
    """The policies on offer as a form takes them."""
    return [SelectChoice(one.code, one.name) for one in on_offer()]


def in_general(policy: CancellationPolicy) -> Ladder:
    """Without a visit: hours and days before it, shares of the price."""
    found = cancellation_policy.rungs(policy)
    lines = [Line(_before(rung, last=rung is found[-1]), _SHARES.get(rung.bps, percent(rung.bps))) for rung in found]
    return Ladder(policy.name, policy.summary, lines)


def of_visit(
    policy: CancellationPolicy | None,
    visit_start: datetime,
    gross_minor: int,
    currency: str,
    *,
    after: datetime | None = None,
) -> Ladder:
    """For one visit: dates, sums, and which rung holds now. Until `after` a consumer's right to cancel stands above it:
    what ends before that is left out, and a visit that begins before it leaves no line."""
    now, lines = clock.now(), []
    before = after is not None and now < after
    for rung in cancellation_policy.rungs(policy):
        until = rung.until(visit_start)
        if after is not None and until <= after:
            continue
        over = now > until or (now == until and not rung.hours)
        holds = not over and not before
        before = before or holds
        back = written(rung.back_minor(gross_minor), currency) if rung.bps else _SHARES[0]
        lines.append(Line(_dated(rung, until), back, over, holds))
    return Ladder(policy.name if policy else "", policy.summary if policy else "", lines)


def _before(rung: Rung, *, last: bool) -> str:
    if last and not rung.hours:
        return "After that, until the visit begins"
    days, rest = divmod(rung.hours, DAY)
    span = f"{days} days" if days > 2 and not rest else f"{rung.hours} hours"  # noqa: PLR2004  48 hours is what people say
    return f"Until {span} before the visit"


def _dated(rung: Rung, until: datetime) -> str:
    moment = words.short_moment(until)
    return Markup("Until {}").format(moment) if rung.hours else Markup("Until the visit begins, {}").format(moment)
