"""People: everybody's account, what became of it, and what staff may do to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_appbuilder.security.sqla.models import User

from app.services.people import account_desk
from app.services.platform.idempotency_key import once
from app.unit_of_work import unit_of_work
from models.errors import Refused
from models.people.account_standing import AccountStanding
from models.people.organisation import OrganisationKind
from models.people.sign_in import SignIn
from views import drawing
from views.base import operator
from views.columns import Column, PeriodFacet, Tab, Test, TestFacet
from views.console.people import person_file
from views.console.people.person_standing import LEAVES, acts_for, is_confirmed, standing, suspended_at
from views.interface import Interface
from views.record import REASON, Ask, Elsewhere, RecordView, Verb

A = AccountStanding
ASKED_WHY = Ask("reason", "Why", "Kept in the history of the account.")
TOLD_WHY = Ask("reason", "Reasons", "They are mailed these words, and that they may contest them for six months.")


class PersonView(RecordView):
    """Nobody edits somebody else's account: staff help, suspend with reasons, and read its story."""

    datamodel = Interface(User)
    resource, label, group, icon, nouns = "Person", "People", "People", "users", "people"
    route_base = "/people"
    show_template = "console/person.html"
    include_route_methods = {"list", "show", "move", "end_session"}
    newest = (User.created_on,)
    search = (User.first_name, User.last_name, User.email)
    landing = {"who": ["customers", "providers"]}
    columns = (
        Column("name", "Name", "title", get=User.get_full_name, sub=lambda u: u.email, order=User.last_name,
               slot="title", width="xl"),
        Column("standing", "Standing", get=standing, width="ml", slot="status"),
        Column("confirmed", "E-mail confirmed", "yes", get=is_confirmed, width="m", prio=2),
        Column("suspended", "Suspended", "when", get=suspended_at, width="ml", prio=3),
        Column("organisations", "Organisations", "tags", get=lambda u: u.__dict__.get("organisations", ()), prio=2,
               slot="meta"),
        Column("seen", "Last seen", "ago", get=lambda u: u.__dict__.get("seen"), width="s", slot="due"),
        Column("created_on", "Joined", "ago", order=User.created_on, width="s", prio=2),
    )  # fmt: skip
    facets = (
        TestFacet(
            "who",
            "Who",
            {
                "customers": Test("Customers", lambda: acts_for(OrganisationKind.customer)),
                "providers": Test("Providers", lambda: acts_for(OrganisationKind.provider)),
                "staff": Test("Staff", User.roles.any),
            },
            "users",
        ),
        TestFacet(
            "email",
            "E-mail",
            {
                "confirmed": Test("Confirmed", lambda: A.user_id.is_(None) | A.confirmed_at.is_not(None)),
                "open": Test("Not confirmed", lambda: A.user_id.is_not(None) & A.confirmed_at.is_(None)),
            },
            "mail",
        ),
        TestFacet(
            "standing",
            "Standing",
            {
                "suspended": Test("Suspended", lambda: A.suspended_at.is_not(None)),
                "stopped": Test("May not sign in", lambda: User.active.is_(False)),
                "leaves": Test("Asked to be deleted", lambda: LEAVES),
                "deleted": Test("Deleted", lambda: A.closed_at.is_not(None)),
            },
            "lock",
        ),
        PeriodFacet("joined", "Joined", User.created_on),
    )
    tabs = (
        Tab("Customers and providers", {"who": ["customers", "providers"]}),
        Tab("Not confirmed", {"email": ["open"]}, counted=True),
        Tab("Suspended", {"standing": ["suspended"]}, counted=True, tone="danger"),
        Tab("Staff", {"who": ["staff"]}),
        Tab("Everybody"),
    )
    verbs_of = (
        Verb("resend_confirmation", "Send the confirmation again", "help", account_desk.resend_confirmation,
             "The link that confirms their address, to that address", "mail", "", (), "c"),
        Verb("send_password_link", "Send a password link", "help", account_desk.send_password_link,
             "They choose a new password; you never see the link", "key", "", (ASKED_WHY,), "p"),
        Verb("end_sessions", "End all sessions", "help", account_desk.end_sessions,
             "Every browser and program is signed out at once", "logout", "", (ASKED_WHY,), "e"),
        Verb("reactivate", "Open again", "suspend", account_desk.reactivate,
             "They may sign in again, and are mailed why", "lock-open", "primary", (REASON,)),
        Verb("suspend", "Suspend", "suspend", account_desk.suspend,
             "Signed out at once and kept out; orders that are open go on", "lock", "danger", (TOLD_WHY,)),
    )  # fmt: skip

    def narrowed(self) -> Any:
        return super().narrowed().outerjoin(A, A.user_id == User.id)

    def enrich(self, rows: Sequence[User]) -> None:
        """One statement for all of them: standing, organisations, when they were seen last."""
        person_file.put_on(self.datamodel.session(), rows)

    def heading(self, row: User) -> str:
        return str(row.get_full_name())

    def record(self, row: User, status: int = 200) -> ResponseReturnValue:
        session, may = self.datamodel.session(), self.appbuilder.sm.may
        self.enrich([row])
        page = self.render_template(
            self.show_template,
            view=self,
            item=row,
            pk=self.key(row),
            title=self.heading(row),
            pill=standing(row),
            offers=self.offers(row),
            others=(),
            file=person_file.of(session, row, may=may),
        )
        return page, status

    def facts(self, row: User) -> Sequence[tuple[str, Any]]:
        held = row.__dict__.get("standing")
        return [
            ("E-mail", drawing.plain(row.email)),
            ("Confirmed", drawing.when(held.confirmed_at) if held else drawing.plain("By an administrator")),
            ("Joined", drawing.when(row.created_on)),
            ("Last seen", drawing.when(row.__dict__.get("seen"))),
            ("Last sign-in", drawing.when(row.last_login)),
            ("Sign-ins", drawing.plain(row.login_count or 0)),
            ("Failed tries since", drawing.plain(row.fail_login_count or 0)),
            *([("Deleted", drawing.when(held.closed_at))] if held and held.closed_at else []),
            *([("Roles", drawing.tags(list(row.roles), most=8))] if row.roles else []),
        ]

    def open_moves(self, row: User) -> dict[str, str]:
        return account_desk.refusals(self.datamodel.session(), row, actor=operator())

    def others(self, row: User) -> list[Elsewhere]:  # noqa: ARG002  an account has no machine
        return []

    def outcome(self, row: User) -> str:
        return "open" if row.active else "closed"

    def on_the_trail(self, answers: Mapping[str, str]) -> str:  # noqa: ARG002  it names people: it lies aside
        return ""

    @expose("/end-session/<pk>/<sign_in_id>", methods=["POST"])
    @has_access
    @permission_name("help")
    def end_session(self, pk: str, sign_in_id: str) -> ResponseReturnValue:
        """One browser of this person, once for the key of the form."""
        self.row(pk)
        try:
            with unit_of_work(operator()) as session:
                row, key = self.row(pk), Interface(SignIn).key(sign_in_id)

                def command() -> dict[str, str]:
                    account_desk.end_session(session, row, actor=operator(), sign_in_id=key)
                    return {"ended": str(key)}

                asked = {"pk": pk, "sign_in": sign_in_id}
                once(session, "console.Person.end_session", request.form.get("key", ""), asked, command)
        except Refused as refused:
            return self._refused(pk, refused)
        flash("The session is ended", "success")
        return redirect(self.after(pk), 303)
