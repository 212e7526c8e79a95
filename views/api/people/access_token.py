"""Signing in: a password for a token that opens what its holder may do, for twelve hours or until it is revoked."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask import Response, current_app, g, jsonify, request
from flask.typing import ResponseReturnValue
from flask_appbuilder.security.sqla.models import User
from flask_login import current_user
from marshmallow import fields, validate

from app.observability import current_request_id
from app.services.people import access_token
from app.services.people.sign_in import Visitor
from app.unit_of_work import unit_of_work
from models.actor import Actor, ActorKind
from models.people.access_token import AccessToken
from models.types import utc_now
from security.passwords import LONGEST
from security.sessions import stamp
from views import tries
from views.api.caller import Unauthorised
from views.api.operation import Operation, body, loaded, plain
from views.api.shapes import Gives, Moment, Takes


class SignIn(Takes):
    """`label` names the program, for whoever looks at the audit trail."""

    email = fields.String(required=True, validate=validate.Length(1, 320))
    password = fields.String(required=True, validate=validate.Length(1, LONGEST))
    label = fields.String(load_default="", validate=validate.Length(max=120))


class Token(Gives):
    """`access_token` is shown this once; send it as `Authorization: Bearer …`."""

    access_token = fields.String()
    token_type = fields.Constant("Bearer")
    expires_at = Moment()


class WrongPassword(Unauthorised):
    """One answer for every failure."""

    def __init__(self) -> None:
        super().__init__(given=False)
        self.args = ("This e-mail address and password do not belong together.",)


@tries.signing_in
def sign_in() -> ResponseReturnValue:
    """Sign in with e-mail address and password; tries are limited by address and by account."""
    asked = loaded(SignIn, body())
    user = current_app.extensions["appbuilder"].sm.auth_user_db(asked["email"].strip(), asked["password"])
    if user is None:
        raise WrongPassword
    user_id, mark, actor, now = user.id, stamp(user), _themselves(user), utc_now()
    with unit_of_work(actor) as work:
        row, secret = access_token.issue(work, user_id=user_id, stamp=mark, label=asked["label"], now=now)
        person = work.get_one(User, user_id)
        access_token.warn_of_new_program(work, row, user=person, visitor=_program(), now=now)
        told = Token().dump({"access_token": secret, "expires_at": row.expires_at})
    answer = jsonify(told)
    answer.status_code = HTTPStatus.CREATED
    answer.headers["Cache-Control"] = "no-store"
    return answer


def sign_out() -> ResponseReturnValue:
    """Revoke the token this request came with."""
    token_id: UUID = g.access_token_id
    with unit_of_work(_themselves(current_user)) as work:
        access_token.revoke(work, work.get_one(AccessToken, token_id), now=utc_now())
    return Response(status=HTTPStatus.NO_CONTENT)


def _program() -> Visitor:
    """Where this request comes from; a program keeps no cookie and is given none."""
    return Visitor("", request.user_agent.string, (request.remote_addr or "")[:45])


def _themselves(user: Any) -> Actor:
    staff = current_app.extensions["appbuilder"].sm.is_staff(user)
    return Actor(ActorKind.operator if staff else ActorKind.buyer, user.id, request_id=current_request_id())


plain(
    Operation(
        "sign_in", "POST", "/tokens", sign_in.__doc__ or "", Token, SignIn, status=HTTPStatus.CREATED, public=True
    ),
    sign_in,
)
plain(
    Operation("sign_out", "DELETE", "/tokens/current", sign_out.__doc__ or "", None, status=HTTPStatus.NO_CONTENT),
    sign_out,
)
