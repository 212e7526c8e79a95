"""Staff: who works in the console, and with which roles. Flask-AppBuilder's table, our rules. Everybody's accounts are
views/console/people/person.py."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask import abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from flask_appbuilder.security.sqla.models import Role, User
from sqlalchemy.orm import selectinload
from werkzeug.security import generate_password_hash
from wtforms import PasswordField
from wtforms.validators import InputRequired

from app.services.people.person import ADMINISTRATOR, LONGEST_ADDRESS, is_last_administrator
from app.session import session
from app.unit_of_work import unit_of_work
from models.errors import Invalid
from models.types import utc_now
from security.passwords import objection
from security.roles import BY_NAME, conflicts
from views import drawing
from views.base import ConsoleView, operator
from views.columns import Column, Test, TestFacet
from views.forms import ConsoleForm, TickField
from views.interface import Interface

ROLES_HINT = "What they may see and do. Some roles may not be held together."


def known_roles() -> list[Role]:
    """Roles of the table, in its order; hand-made ones cannot be given out here."""
    found = {role.name: role for role in session.scalars(sa.select(Role))}
    return [found[name] for name in BY_NAME if name in found]


class PasswordForm(ConsoleForm):
    """A new password for somebody."""

    password = PasswordField(
        "New password",
        [InputRequired("Enter a password")],
        description="Twelve characters or more; tell them in person",
    )


class UserView(ConsoleView):
    """Colleagues are never deleted: they are stopped from signing in, so that history keeps their names. Who has no
    role is a customer or provider and is not found here."""

    datamodel = Interface(User, eager=(selectinload(User.roles),))
    resource, label, group, icon, nouns = "User", "Staff", "Administration", "shield", "colleagues"
    route_base = "/staff"
    add_title = "New colleague"
    include_route_methods = {"list", "show", "add", "edit", "password"}
    method_permission_name = {"password": "reset"}
    search = (User.first_name, User.last_name, User.username, User.email)
    columns = (
        Column(
            "name",
            "Name",
            "title",
            get=User.get_full_name,
            sub=lambda u: "" if u.username == u.email else u.username,
            order=User.last_name,
            slot="title",
        ),
        Column("email", "E-mail", order=User.email, slot="meta", prio=2),
        Column("roles", "Roles", "tags", slot="status"),
        Column("active", "May sign in", "yes", order=User.active, width="s", slot="due"),
        Column("last_login", "Last sign-in", "ago", order=User.last_login, width="s", slot="hide", prio=2),
    )
    facets = (
        TestFacet("access", "Access", {"stopped": Test("May not sign in", lambda: User.active.is_(False))}, "lock"),
    )
    label_columns = {
        "first_name": "First name",
        "last_name": "Last name",
        "email": "E-mail",
        "username": "User name",
        "active": "May sign in",
    }
    description_columns = {
        "username": "Used to sign in",
        "active": "Untick to stop the person signing in; their history stays",
    }
    add_form_extra_fields = edit_form_extra_fields = {
        "roles": TickField("Roles", query_func=known_roles, get_pk_func=lambda role: role.id, description=ROLES_HINT)
    }
    _person = (
        "Person",
        {"fields": ["first_name", "last_name", "email"], "help": "As colleagues see them in histories."},
    )
    _access = ("Access", {"fields": ["username", "active", "roles"], "help": "Each change is kept in the audit trail."})
    add_fieldsets = edit_fieldsets = [_person, _access]

    def narrowed(self) -> Any:
        return super().narrowed().filter(User.roles.any())

    def row(self, pk: str) -> Any:
        found = super().row(pk)
        return found if found.roles else abort(404)

    def sections(self, row: User) -> Sequence[tuple[str, Sequence[tuple[str, Any]]]]:
        return [
            (
                "Person",
                [("Name", row.get_full_name()), ("E-mail", row.email), ("User name", row.username)],
            ),
            (
                "Access",
                [
                    ("May sign in", drawing.yes(row.active)),
                    ("Roles", drawing.tags(list(row.roles), most=8)),
                    ("Last sign-in", drawing.when(row.last_login)),
                    ("Sign-ins", drawing.plain(row.login_count or 0)),
                    ("Failed tries since", drawing.plain(row.fail_login_count or 0)),
                    ("Added", drawing.when(row.created_on)),
                ],
            ),
        ]

    def actions_of(self, row: User) -> Sequence[tuple[str, str, str]]:
        if not self.may("reset"):
            return []
        return [("Set password", "key", url_for("UserView.password", pk=row.id))]

    def pre_add(self, item: User) -> None:
        item.password = generate_password_hash(secrets.token_urlsafe(24), method="scrypt")
        _check(item)

    def pre_update(self, item: User) -> None:
        _check(item)
        _keep_an_administrator(item)
        item.changed_on = utc_now().replace(tzinfo=None)

    @expose("/password/<pk>", methods=["GET", "POST"])
    @has_access
    def password(self, pk: str) -> ResponseReturnValue:
        """Sets somebody's password; all their sessions end with the old one."""
        user, form = self.row(pk), PasswordForm()
        if request.method == "POST" and form.validate() and accept_password(form.password, user):
            with unit_of_work(operator(), reason="password set by an administrator"):
                self.row(pk).password = generate_password_hash(form.password.data, method="scrypt")
            flash("The password is set, and every session of this person has ended", "success")
            return redirect(url_for("UserView.show", pk=pk), 303)
        return self._form(form, f"Set password: {user}", None, ["password"])


def accept_password(field: Any, user: User) -> bool:
    """Whether the password may be used; else the reason is on the field."""
    reason = objection(field.data or "", (user.first_name, user.last_name, user.username, user.email))
    if reason:
        field.errors = [*field.errors, reason]
    return not reason


def _check(user: User) -> None:
    user.username, user.email = user.username.strip().lower(), user.email.strip().lower()
    if max(len(user.username), len(user.email)) > LONGEST_ADDRESS:
        raise Invalid("That is too long.", {"username": f"Name and address have at most {LONGEST_ADDRESS} characters"})
    names = [role.name for role in user.roles]
    if not names:
        raise Invalid("Who works here has a role.", {"roles": "Choose one. To stop somebody, untick “May sign in”"})
    if reasons := conflicts(names):
        raise Invalid("These roles may not be held by one person.", {"roles": ". ".join(reasons)})
    me = operator().user_id
    if user.id == me and not user.active:
        raise Invalid("You cannot stop yourself signing in.", {"active": "Ask a colleague"})
    if user.id == me and "Administrator" not in names:
        raise Invalid("You cannot take your own administration away.", {"roles": "Ask a colleague"})


def _keep_an_administrator(user: User) -> None:
    """Raises Invalid when nobody could give out roles any more."""
    stays = user.active and any(role.name == ADMINISTRATOR for role in user.roles)
    if not stays and is_last_administrator(session(), user.id):
        raise Invalid("This is the last administrator.", {"roles": "Make somebody else an administrator first"})
