"""What the OpenAPI document says in words: how to ask, and what the codes of refusals mean."""

from __future__ import annotations

from views.api.operation import KEY

ABOUT = """The verbs of the shop for programs. Sign in at `/tokens` and send `Authorization: Bearer …`.

Every POST that changes something needs an `Idempotency-Key` that you make (a UUID) and keep for each repetition. The
same key with the same body answers what the first sending answered, with `Idempotent-Replayed: true`; while the first
is still being done the answer is 409 `idempotency_in_flight` with `Retry-After`; another body under the key is 422
`idempotency_mismatch`. What was refused left no key behind and can be sent again. Keys are kept for 30 days.

Refusals are problem documents (RFC 9457); `code` is for programs, `detail` for people, `errors` for fields.
"""
CODES = {
    "guard_failed": "The move exists and is not open now; `detail` says why.",
    "illegal_move": "There is no such move from the present state.",
    "conflict": "Somebody was faster, or the thing has moved on. Read it again.",
    "price_changed": "The price is another than the one that was seen. Read the checkout again.",
    "invalid": "Some fields cannot be taken; `errors` says which.",
    "not_found": "There is no such thing, or it is not yours.",
    "not_allowed": "You are known, and this is not for you.",
    "unauthorised": "No token, or one that does not count any more.",
    "wrong_password": "E-mail address and password do not belong together.",
    "key_missing": f"The header {KEY} is missing.",
    "idempotency_in_flight": "The first request with this key is still being done.",
    "idempotency_mismatch": "The key was used before, for something else.",
    "unavailable": "Something of ours or of a third party does not answer. Ask again with the same key.",
}
