"""Client money: what we owe to others and what is there to pay it from, now or as it was, with the list behind it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

import sqlalchemy as sa
from flask import abort, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name
from sqlalchemy.orm import Session

from app.services.commerce import client_money
from app.session import session
from models.commerce.account import Account
from models.platform.stored_file import StoredFile
from views import periods
from views.base import Guarded, operator
from views.console.commerce import file
from views.console.commerce.subject import named
from views.export import answer

SIZE = 50
NEWEST = 7
AS_OF = "as_of"


class ClientMoneyView(Guarded, BaseView):
    """The statement costs the same few statements whatever the number of orders; the list is read a page at a time."""

    resource, label, group, icon = "ClientMoney", "Client money", "Books", "scale"
    class_permission_name = "ClientMoney"
    route_base = "/client-money"
    default_view = "statement"

    @expose("/")
    @has_access
    @permission_name("read")
    def statement(self) -> ResponseReturnValue:
        asked = periods.read(request.args, "", AS_OF)
        rows = session()
        wrong = bool(asked.errors)
        sides = [] if wrong else client_money.statement(rows, at=asked.until)
        after = _cursor(request.args.get("after", ""))
        owed, more = ([], False) if wrong else client_money.owed(rows, at=asked.until, after=after, size=SIZE)
        page = self.render_template(
            "console/client_money.html",
            title=self.label,
            view=self,
            asked=asked,
            sides=sides,
            accounts=_accounts(rows, sides),
            owed=owed,
            names=named(rows, {row.subject for row in owed}, self.appbuilder.sm.may),
            more=f"{owed[-1].subject}/{owed[-1].currency}" if more else "",
            begun=after is not client_money.FROM_THE_TOP,
            kept=_kept(rows),
        )
        return page, 422 if wrong else 200

    @expose("/export/")
    @has_access
    @permission_name("read")
    def export(self) -> ResponseReturnValue:
        """The same as CSV: both sides, then every row of the list."""
        asked = periods.read(request.args, "", AS_OF)
        if asked.errors:
            abort(404)
        return answer(
            "client-money",
            self.resource,
            client_money.HEAD,
            lambda rows: client_money.table(rows, at=asked.until),
            asked=asked.asked,
            actor=operator(),
        )

    @expose("/day/<pk>")
    @has_access
    @permission_name("read")
    def day(self, pk: str) -> ResponseReturnValue:
        """The statement that was kept at the end of a day."""
        try:
            kept = session().get(StoredFile, UUID(pk))
        except ValueError:
            kept = None
        if kept is None or kept.purpose != client_money.PURPOSE:
            abort(404)
        return file.download(kept, kept.original_name or "client-money.csv")


def _cursor(text: str) -> client_money.Cursor:
    subject, slash, currency = text.rpartition("/")
    return (subject[:120], currency[:3]) if slash else client_money.FROM_THE_TOP


def _kept(rows: Session) -> list[StoredFile]:
    newest = sa.select(StoredFile).where(StoredFile.purpose == client_money.PURPOSE)
    return list(rows.scalars(newest.order_by(StoredFile.created_at.desc()).limit(NEWEST)))


def _accounts(rows: Session, sides: Iterable[client_money.Statement]) -> Mapping[tuple[str, str], int]:
    """The accounts that are a line by themselves, by code and currency."""
    codes = {one.shape for side in sides for one in side.resource}
    found = rows.execute(sa.select(Account.code, Account.currency, Account.id).where(Account.code.in_(codes)))
    return {(code, currency): key for code, currency, key in found}
