"""Tells the audit trail who is asking, also for what Flask-AppBuilder commits by itself (role and user screens)."""

from __future__ import annotations

from typing import Any

from flask import Flask, current_app, has_request_context
from flask_login import current_user

from app import audit_trail
from app.observability import current_request_id
from models.actor import Actor, ActorKind


def install(app: Flask) -> None:
    """For every request of this application."""

    @app.before_request
    def remember() -> None:
        audit_trail.outside_actor.set(whoever_asks)


def whoever_asks() -> Actor | None:
    """The person of this request; None outside of one."""
    if not has_request_context():
        return None
    if not current_user.is_authenticated:
        return Actor.system("somebody not signed in", current_request_id())
    staff = current_app.appbuilder.sm.is_staff(current_user)  # type: ignore[attr-defined]
    kind = ActorKind.operator if staff else ActorKind.buyer
    return Actor(kind, current_user.id, request_id=current_request_id(), role=role_names(current_user))


def role_names(user: Any) -> str:
    """The roles a person holds, as the trail names them."""
    return ", ".join(sorted(role.name for role in user.roles))
