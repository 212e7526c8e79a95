"""Proof for outsiders: the page that says what is proven, the checker, the published heads, and a receipt's proof."""

from __future__ import annotations

import json
from datetime import date
from functools import cache
from hashlib import sha256
from pathlib import Path

from flask import Response, current_app, render_template
from flask.typing import ResponseReturnValue

from app.parts import Parts
from app.services.commerce.receipt import proof_file
from app.services.platform import seal_head
from app.session import session
from models.actor import ActorKind
from models.errors import NotFound
from reports.commerce import fixnado_verify
from views.storefront.blueprint import storefront
from views.storefront.commerce import party
from views.storefront.guard import customer, provider, public

CHECKER = "fixnado_verify.py"
CHAIN = "ledger"
DAYS_SHOWN = 31
AN_HOUR, FOR_EVER = "public, max-age=3600", "public, max-age=31536000, immutable"


def _parts() -> Parts:
    found: Parts = current_app.extensions["parts"]
    return found


@cache
def _checker() -> bytes:
    return Path(fixnado_verify.__file__).read_bytes()


@storefront.get("/proof/")
@public
def proof() -> ResponseReturnValue:
    """What is proven, how to check it, and the heads of the last month."""
    parts = _parts()
    return render_template(
        "storefront/commerce/proof.html",
        heads=seal_head.days(parts.storage, CHAIN, most=DAYS_SHOWN),
        public_key=seal_head.public_key(seal_head.signer(parts.config.seal_signing_key)),
        checker=CHECKER,
        checker_lines=_checker().count(b"\n"),
        checker_sha256=sha256(_checker()).hexdigest(),
    )


@storefront.get(f"/proof/{CHECKER}")
@public
def proof_checker() -> ResponseReturnValue:
    """The very file that the tests run."""
    return _attachment(_checker(), CHECKER, "text/x-python; charset=utf-8", AN_HOUR)


@storefront.get("/proof/heads/<any(ledger, audit):chain>/<day>.json")
@public
def proof_head(chain: str, day: str) -> ResponseReturnValue:
    """The head that was published on a day, byte for byte as it lies in storage. Raises NotFound."""
    try:
        name = seal_head.day_name(chain, date.fromisoformat(day))
    except ValueError as error:
        raise NotFound from error
    return _attachment(_parts().storage.get(name), f"{chain}-head-{day}.json", "application/json", FOR_EVER)


@storefront.get("/orders/<reference>/receipt-proof.json")
@customer
def order_proof(reference: str) -> ResponseReturnValue:
    """The proof of the buyer's receipt. Raises NotFound before there is one."""
    return _proof(reference, ActorKind.buyer)


@storefront.get("/pro/orders/<reference>/receipt-proof.json")
@provider
def pro_order_proof(reference: str) -> ResponseReturnValue:
    """The same for the seller, with what the entry says."""
    return _proof(reference, ActorKind.seller)


def _proof(reference: str, side: ActorKind) -> ResponseReturnValue:
    order = party.order_of(session(), reference, side)
    told = proof_file(session(), _parts().storage, order, with_entry=side is ActorKind.seller)
    name = f"{order.reference}-receipt-proof.json"
    return _attachment(json.dumps(told, indent=1).encode(), name, "application/json", "private, no-store")


def _attachment(data: bytes, name: str, media_type: str, cached: str) -> Response:
    answer = Response(data, content_type=media_type)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Cache-Control"] = cached
    return answer
