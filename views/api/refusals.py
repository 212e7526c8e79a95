"""Every refusal and every fault of the API as a problem document, in one place."""

from __future__ import annotations

from http import HTTPStatus

import structlog
from flask import Response, request
from redis.exceptions import ConnectionError as RedisGone
from redis.exceptions import TimeoutError as RedisSilent
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from app.services.platform.idempotency_key import IdempotencyInFlight
from models.errors import Conflict, Refused
from views.api.blueprint import api
from views.api.caller import Unauthorised
from views.api.operation import BadFields
from views.problem import code_of, of_refusal, problem

log = structlog.get_logger(__name__)
IN_FLIGHT_SECONDS = "2"
_AWAY = "Something of ours does not answer. Nothing was lost: ask again with the same key."


def refused(refusal: Refused) -> Response:
    """A verb, a check of the fields or the door said no."""
    if isinstance(refusal, Unauthorised):
        return of_refusal(refusal, {"WWW-Authenticate": refusal.challenge})
    if isinstance(refusal, BadFields):
        return problem(refusal.status, code="invalid", detail=str(refusal), errors=refusal.errors)
    headers = {"Retry-After": IN_FLIGHT_SECONDS} if isinstance(refusal, IdempotencyInFlight) else None
    return of_refusal(refusal, headers)


def http_error(error: HTTPException) -> Response:
    """Werkzeug's own errors."""
    status = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    detail = error.description or ""
    allowed = error.valid_methods if isinstance(error, MethodNotAllowed) else None
    return problem(status, detail=detail, headers={"Allow": ", ".join(sorted(allowed))} if allowed else None)


def changed_meanwhile(_error: StaleDataError) -> Response:
    """Somebody else changed the row between its reading and its writing; nothing of this request was kept."""
    return problem(HTTPStatus.CONFLICT, code=code_of(Conflict()), detail="It changed meanwhile. Read it again.")


def gone(error: Exception) -> Response:
    """The database or the cache does not answer; the transaction is rolled back."""
    log.warning("unavailable", error=type(error).__name__, path=request.path)
    return problem(HTTPStatus.SERVICE_UNAVAILABLE, code="unavailable", detail=_AWAY)


def unexpected(error: Exception) -> Response:
    """A fault of ours: the log has the trace, the answer the reference to it."""
    log.error("unexpected", exc_info=error, path=request.path)
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, detail="It is our fault. Give us the request_id.")


def install() -> None:
    """For every operation of the API; addresses that do not exist are answered by views/storefront/errors.py."""
    api.register_error_handler(Refused, refused)
    api.register_error_handler(HTTPException, http_error)
    api.register_error_handler(StaleDataError, changed_meanwhile)
    for kind in (OperationalError, InterfaceError, NoConnectionFree, RedisGone, RedisSilent):
        api.register_error_handler(kind, gone)
    api.register_error_handler(Exception, unexpected)
