"""How often somebody may try. Nothing here asks whether an account exists, and nothing here lets strangers lock its
owner out: what is counted by name is counted by network too, and a flood from everywhere still lets in a browser in
which that person signed in before."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from flask import Response, request
from flask_appbuilder.utils.limit import Limit

from app.extensions import limiter
from app.services.people import sign_in
from app.session import session
from security.sessions import known_device

LONGEST_NAME = 320
BY_NETWORK = "20 per minute; 100 per hour"
BY_NAME_AND_NETWORK = "10 per 15 minutes"
BY_NAME = "100 per hour"
FORMS_BY_NETWORK = "10 per 10 minutes; 40 per day"
"""Sign-ups and forgotten passwords: each may send a mail to somebody."""


def network() -> str:
    """The address; of IPv6 the /64, because one customer has all of it."""
    try:
        address = ipaddress.ip_address(request.remote_addr or "")
    except ValueError:
        return "unknown"
    if address.version == 4:  # noqa: PLR2004  the two kinds there are
        return str(address)
    return str(ipaddress.ip_network((address, 64), strict=False))


def typed_name() -> str:
    """The name somebody tries, of a form or of JSON, as it is counted."""
    sent = request.get_json(silent=True) if request.is_json else request.form
    said = sent if isinstance(sent, Mapping) else {}
    return str(said.get("email") or said.get("username") or "").strip().casefold()[:LONGEST_NAME]


def name_here() -> str:
    """A name from a network."""
    return f"account:{typed_name()}@{network()}"


def name_anywhere() -> str:
    """A name, wherever it is tried."""
    return f"account:{typed_name()}"


def was_wrong(answer: Response) -> bool:
    """Only failures count against a name: guessing is what is limited, not coming back often."""
    return answer.status_code >= HTTPStatus.BAD_REQUEST


def is_known_browser() -> bool:
    """Whether this browser's name was seen at a sign-in under the typed name. The cookie is random and signed, so
    nobody can claim it; a browser without one is told nothing that depends on the name."""
    device = known_device()
    return bool(device) and sign_in.knows_device(session(), name=typed_name(), device=device)


def signing_in(view: Callable[..., Any]) -> Callable[..., Any]:
    """For a view that takes a name and a password."""
    for limit in (
        limiter.limit(BY_NAME, key_func=name_anywhere, deduct_when=was_wrong, exempt_when=is_known_browser),
        limiter.limit(BY_NAME_AND_NETWORK, key_func=name_here, deduct_when=was_wrong),
        limiter.limit(BY_NETWORK, key_func=network),
    ):
        view = limit(view)
    return view


def asking(view: Callable[..., Any]) -> Callable[..., Any]:
    """For a view that may send somebody a mail."""
    limited: Callable[..., Any] = limiter.limit(FORMS_BY_NETWORK, key_func=network)(view)
    return limited


CONSOLE: list[Any] = [
    Limit(BY_NETWORK, key_func=network, methods=("POST",)),
    Limit(BY_NAME_AND_NETWORK, key_func=name_here, methods=("POST",), deduct_when=was_wrong),
    Limit(BY_NAME, key_func=name_anywhere, methods=("POST",), deduct_when=was_wrong, exempt_when=is_known_browser),
]
"""The same for the console's door."""
