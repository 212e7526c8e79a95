"""Ledger accounts, each with what it stands at, and the statement of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import abort, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from markupsafe import Markup
from sqlalchemy.orm import Session

from app.services.commerce import account
from app.services.commerce.account import Place
from models.commerce.account import Account, AccountKind
from reports.layout import spreadsheet
from views import periods
from views.base import ConsoleView, operator
from views.columns import Column, EnumFacet
from views.console.commerce.subject import named
from views.export import Rows, answer
from views.interface import Interface

A = Account
DEBIT_SIDE = {AccountKind.asset, AccountKind.expense}
SIZE = 50
SINCE, UNTIL = "since", "until"
HEAD = ("Posted", "Entry", "Event", "About", "Amount", "Balance", "Currency")


def standing(row: Account, total: int) -> int:
    """The balance as people read it: positive on the side the account stands on. Minor units."""
    return total if row.kind in DEBIT_SIDE else -total


class AccountView(ConsoleView):
    """Balances are counted from postings since the last closing, one statement for the page."""

    datamodel = Interface(A)
    resource, label, group, icon, nouns = "Account", "Accounts", "Books", "building-bank", "accounts"
    route_base = "/accounts"
    show_template = "console/account.html"
    include_route_methods = {"list", "show", "statement"}
    search = (A.code,)
    columns = (
        Column("code", "Account", "title", order=A.code, slot="title"),
        Column("kind", "Kind", get=lambda a: a.kind.value, order=A.kind, slot="meta", width="m"),
        Column("guarded", "Never below zero", "yes", order=A.guarded, width="m", prio=2),
        Column("currency", "Currency", order=A.currency, width="s", prio=3),
        Column("balance", "Balance", "money", get=lambda a: a.__dict__.get("standing", 0), slot="end", width="m"),
    )
    facets = (EnumFacet("kind", "Kind", A.kind, "scale"),)

    def enrich(self, rows: Sequence[Account]) -> None:
        totals = account.standings(self.datamodel.session(), [one.id for one in rows])
        for one in rows:
            one.__dict__["standing"] = standing(one, totals[one.id])

    def record(self, row: Account, status: int = 200) -> ResponseReturnValue:
        """The statement: newest lines first, between what it opened and what it closed with."""
        asked, session, told = _asked(), self.datamodel.session(), None
        names: Mapping[str, Markup] = {}
        if not asked.errors:
            after, before = _place("newer"), _place("older")
            told = account.statement(
                session, row, since=asked.since, until=asked.until, after=after, before=before, size=SIZE
            )
            names = named(session, {line.subject for line in told.lines}, self.appbuilder.sm.may)
        page = self.render_template(
            self.show_template,
            view=self,
            item=row,
            pk=row.id,
            title=row.code,
            asked=asked,
            told=told,
            names=names,
            stands=lambda amount: standing(row, amount),
        )
        return page, 422 if asked.errors else status

    @expose("/statement/<pk>")
    @has_access
    @permission_name("read")
    def statement(self, pk: str) -> ResponseReturnValue:
        """All lines of the same days as CSV, oldest first."""
        key, asked = self.row(pk).id, _asked()
        if asked.errors:
            abort(404)

        def lines(session: Session) -> Rows:
            row = session.get_one(Account, key)
            for one in account.every_line(session, row, since=asked.since, until=asked.until):
                sums = (spreadsheet.money(standing(row, amount)) for amount in (one.amount, one.balance))
                yield [one.at, one.entry_id, one.event, one.subject, *sums, row.currency]

        facts = {"account": self.row(pk).code, **asked.asked}
        return answer("account-statement", self.resource, HEAD, lines, asked=facts, actor=operator())

    def actions_of(self, row: Account) -> Sequence[tuple[str, str, str]]:
        """The way to the file."""
        address: dict[str, Any] = {"pk": row.id, **_asked().asked}
        return [("Export CSV", "download", url_for("AccountView.statement", **address))]


def _asked() -> periods.Period:
    """The days of the address. `as_of` is another word for the last of them: the books as they stood at its end."""
    args = request.args.copy()
    if UNTIL not in args and "as_of" in args:
        args[UNTIL] = args["as_of"]
    return periods.read(args, SINCE, UNTIL)


def _place(name: str) -> Place | None:
    """A line of the journal in the address, as `<entry>.<line>`; nonsense is no line."""
    entry, _, line = request.args.get(name, "").partition(".")
    if not (entry.isascii() and entry.isdigit() and len(entry) < 19 and line.isascii() and line.isdigit()):  # noqa: PLR2004
        return None
    return int(entry), min(int(line[:5]), 2**15 - 1)
