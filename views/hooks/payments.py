"""The payment provider's webhook: kept as it came and answered at once; what it means is worked out by a job."""

from __future__ import annotations

import hmac
from http import HTTPStatus

from flask import Blueprint, Response, current_app, request

from app.services.commerce import webhook_inbox
from app.unit_of_work import unit_of_work
from models.actor import Actor
from models.commerce.webhook_inbox import WebhookState

hooks = Blueprint("hooks", __name__, url_prefix="/hooks")

LARGEST_BODY = 256 * 1024
SIGNATURE = "Stripe-Signature"


@hooks.post("/payments/<endpoint_key>")
def receive(endpoint_key: str) -> Response:
    """200 once the message is kept, copies too; 400 for one nobody signed; 404 for a wrong endpoint key.

    Anything but 200 makes the provider try again. Bodies over 256 kB are refused unread (413).
    """
    config = current_app.extensions["parts"].config
    if not hmac.compare_digest(endpoint_key.encode(), config.payments_endpoint_key.encode()):
        return Response(status=HTTPStatus.NOT_FOUND)
    request.max_content_length = LARGEST_BODY
    payload = request.get_data(cache=False)
    with unit_of_work(Actor.system("payment webhook"), verb="webhook.receive") as session:
        row = webhook_inbox.receive(
            session,
            provider=config.payments_provider,
            payload=payload,
            header=request.headers.get(SIGNATURE, ""),
            secrets=config.webhook_secrets,
        )
        believed = row.state is not WebhookState.rejected
    return Response(status=HTTPStatus.OK if believed else HTTPStatus.BAD_REQUEST)
