"""The problem desk: what is held for whom, until when, what both sides say, and the decision."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask import abort
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from sqlalchemy.orm import Session, aliased, joinedload, selectinload

from app.services.commerce import dispute, freeze, money, rate
from app.services.commerce.freeze import ALARM_AFTER, LIMIT_AFTER
from app.services.platform import clock
from models.actor import Actor, ActorKind
from models.commerce.dispute import LIVE, Dispute, DisputeState
from models.commerce.dispute_file import DisputeFile
from models.commerce.dispute_statement import DisputeStatement
from models.commerce.escrow import Escrow
from models.commerce.evidence import Evidence
from models.commerce.order import Order
from models.people.organisation import Organisation
from models.platform.timer import TimerRow, TimerState
from views import drawing
from views.base import Duty, counted
from views.columns import Column, EnumFacet, Tab, Test, TestFacet, WordFacet
from views.console.commerce import dispute_report, settlement
from views.console.commerce.file import download
from views.console.commerce.order import PROBLEMS, party
from views.console.commerce.refund import order_link
from views.console.platform import timer
from views.interface import Interface
from views.record import REASON, Ask, RecordView, Step, Verb, names_of
from views.worksheet import worked

D, S = Dispute, DisputeState
BUYER, SELLER = aliased(Organisation), aliased(Organisation)
PARTIES = (("buyer", "The customer"), ("seller", "The provider"))
SIDES = {"buyer": "Customer", "seller": "Provider", "operator": "Staff", "system": "Fixnado"}
WHOM = Ask("party", "Whom to ask", choices=PARTIES)
QUESTION = Ask("question", "Question", "Both parties read it; the one who is asked has five days.")
NOTE = Ask("text", "Note", "Both parties read it.")
DECISIONS = ("decide_refund", "decide_release", "decide_split")


def _deadline() -> Any:
    """The first thing that happens by itself: the dispute's own timer, or the end of the hold."""
    own = sa.select(sa.func.min(TimerRow.due_at)).where(
        TimerRow.subject_id == D.id, TimerRow.state == TimerState.waiting
    )
    first = sa.func.least(Escrow.captured_at + LIMIT_AFTER, own.scalar_subquery())
    return sa.type_coerce(sa.case((D.state.in_(LIVE), first)), sa.DateTime(timezone=True))


def _ask(session: Session, row: Dispute, *, actor: Actor, party: str, question: str) -> Any:
    return dispute.request_info(session, row, actor=actor, party=ActorKind(party), question=question)


class DisputeView(RecordView):
    """Soonest deadline first. Whoever decides reads both sides; above a limit two people decide."""

    datamodel = Interface(
        D,
        eager=(
            joinedload(D.order).options(joinedload(Order.buyer_organisation), joinedload(Order.seller_organisation)),
        ),
    )
    resource, label, group, icon, nouns = "Dispute", "Problems", "Commerce", "scale", "problems"
    route_base = "/problems"
    show_template = "console/dispute.html"
    empty = "When somebody reports a problem with an order, it will be listed here."
    include_route_methods = {"list", "show", "move", "file", "report", "propose", "decide"}
    landing = {"state": [state.name for state in LIVE]}
    road = (S.open, S.under_review, S.proposed, S.decided_split)
    covered = frozenset(DECISIONS)
    search = (Order.reference, BUYER.name, SELLER.name)
    columns = (
        Column("order", "Order", "title", get=lambda d: d.order.reference, sub=lambda d: PROBLEMS.get(d.code, d.code),
               order=Order.reference, slot="title", width="l"),
        Column("buyer", "Customer", get=lambda d: d.order.buyer_organisation.name, order=BUYER.name, width="l",
               slot="meta", prio=2),
        Column("seller", "Provider", get=lambda d: d.order.seller_organisation.name, order=SELLER.name, width="l",
               prio=2),
        Column("state", "State", "status", order=D.state, width="ml", slot="status"),
        Column("held", "Held", "number", get=lambda d: drawing.money(getattr(d, "held", None), d.order.currency),
               width="s", slot="end"),
        Column("two_people", "Two people", "yes", order=D.two_people, width="s", prio=3),
        Column("deadline", "Deadline", "due", get=lambda d: getattr(d, "deadline", None), width="s", slot="due"),
    )  # fmt: skip
    facets = (
        EnumFacet("state", "State", D.state, "list-check"),
        WordFacet("what", "What", D.code, PROBLEMS, "message-question"),
        TestFacet("size", "Size", {"above": Test("Two people decide", lambda: D.two_people & D.state.in_(LIVE))}),
    )
    tabs = (
        Tab("Open", {"state": [state.name for state in LIVE]}, counted=True),
        Tab("To decide", {"state": ["under_review"]}, counted=True, tone="warning"),
        Tab("Waiting for an answer", {"state": ["open", "awaiting_info", "proposed"]}, counted=True),
        Tab("Above the limit", {"size": ["above"]}, counted=True),
        Tab("Closed", {"state": [state.name for state in S if state not in LIVE]}),
        Tab("All"),
    )
    verbs_of = (
        Verb("take_up", "Take up", "work", dispute.take_up, "Work begins without waiting for the answer", "hand-grab",
             "primary", key="t"),
        Verb("decide", "Decide", "decide", None, "Refund, release or divide, worked out before it is done", "gavel",
             "primary", key="d", page="DisputeView.decide"),
        Verb("propose", "Propose", "propose", None, "A division that both parties may agree to", "scale", "",
             key="p", page="DisputeView.propose"),
        Verb("request_info", "Ask a party", "work", _ask, "They have five days to answer", "message-question", "",
             (WHOM, QUESTION), "q"),
        Verb("add", "Add a note", "work", dispute.add, "Both parties read it", "message-2", "", (NOTE,), "n"),
        Verb("withdraw", "Take the report back", "open", dispute.withdraw, "The order goes on from where it was",
             "arrow-back-up", "danger", (REASON,)),
    )  # fmt: skip

    def waiting(self) -> Any:
        return counted(D, D.state == S.under_review)

    def duties(self) -> Sequence[Duty]:
        return (
            Duty("Problems to decide", "decide", counted(D, D.state == S.under_review), {"state": ["under_review"]}),
            Duty("New problems, not taken up", "work", counted(D, D.state == S.open), {"state": ["open"]}),
        )

    def narrowed(self) -> Any:
        query = super().narrowed().join(Order, Order.id == D.order_id).join(Escrow, Escrow.order_id == D.order_id)
        query = query.join(BUYER, BUYER.id == Order.buyer_organisation_id)
        return query.join(SELLER, SELLER.id == Order.seller_organisation_id)

    def first_order(self) -> tuple[Any, ...]:
        return (_deadline().asc().nulls_last(), D.created_at.desc())

    def enrich(self, rows: Sequence[Any]) -> None:
        held = Escrow.captured_minor - Escrow.released_minor - Escrow.refunded_minor - Escrow.charged_back_minor
        asked = sa.select(D.id, held, _deadline()).join(Escrow, Escrow.order_id == D.order_id)
        found = self.datamodel.session().execute(asked.where(D.id.in_([row.id for row in rows])))
        facts = {key: (minor, moment) for key, minor, moment in found}
        for row in rows:
            row.held, row.deadline = facts.get(row.id, (None, None))

    def heading(self, row: Dispute) -> str:
        return f"{PROBLEMS.get(row.code, row.code)}, {row.order.reference}"

    def arguments(self, row: Dispute) -> dict[str, Any]:
        return {**super().arguments(row), "buyer_minor": row.proposed_minor}

    def open_moves(self, row: Dispute) -> dict[str, str]:
        found = super().open_moves(row)
        found.pop("withdraw", None)
        if not row.live:
            return found
        found["add"] = ""
        if row.opened_by == ActorKind.operator:
            found["withdraw"] = ""
        if "decide_split" in found:
            contested = freeze.order_contested(self.datamodel.session(), row.order)
            found["decide"] = freeze.CONTESTED if contested else found["decide_split"]
        return found

    def road_of(self, row: Dispute) -> tuple[Any, ...]:
        second = S.awaiting_info if row.state is S.awaiting_info else S.under_review
        last = row.state if row.state in (S.decided_refund, S.decided_release) else S.decided_split
        return (S.open, second, S.proposed, last)

    def steps(self, row: Dispute, past: Sequence[Any]) -> list[Step]:
        steps = super().steps(row, past)
        return [*steps[:-1], Step("Decided", "todo")] if steps[-1].state == "todo" else steps

    def facts(self, row: Dispute) -> Sequence[tuple[str, Any]]:
        order = row.order
        names = names_of(self.datamodel.session(), [row.proposed_by_user_id, row.decided_by_user_id])
        return [
            ("Order", order_link(self, order)),
            ("Customer", party(order.buyer_organisation)),
            ("Provider", party(order.seller_organisation)),
            ("What", PROBLEMS.get(row.code, row.code)),
            ("Reported by", SIDES.get(row.opened_by, row.opened_by)),
            ("Reported", drawing.when(row.created_at)),
            ("Proposed by", drawing.person(names.get(row.proposed_by_user_id or 0)) if row.proposals else drawing.NONE),
            ("Decided by", drawing.plain(names.get(row.decided_by_user_id or 0))),
            ("Closed", drawing.when(row.closed_at)),
        ]

    def more(self, row: Dispute) -> dict[str, Any]:
        session, order = self.datamodel.session(), row.order
        hold = session.scalars(sa.select(Escrow).where(Escrow.order_id == order.id)).one()
        said = session.scalars(
            sa.select(DisputeStatement)
            .options(selectinload(DisputeStatement.files).joinedload(DisputeFile.stored_file))
            .where(DisputeStatement.dispute_id == row.id)
            .order_by(DisputeStatement.created_at, DisputeStatement.id)
        ).all()
        shown = sa.select(Evidence).options(joinedload(Evidence.stored_file)).where(Evidence.order_id == order.id)
        captured = hold.captured_at or order.captured_at
        limit = rate.two_person_limit(session, order.currency, clock.now().astimezone(dispute.UK).date())
        return {
            "order": order,
            "hold": hold,
            "age": (clock.now() - captured).days,
            "alarm_at": captured + ALARM_AFTER,
            "ends_at": captured + LIMIT_AFTER,
            "limit": money.written(limit, order.currency),
            "said": said,
            "names": names_of(session, [one.user_id for one in said]),
            "sides": SIDES,
            "evidence": session.scalars(shown.order_by(Evidence.id)).all(),
            "timers": timer.waiting_for(session, [row.id, order.id, hold.id]),
            "what": timer.what,
            "becomes": timer.becomes,
        }

    @expose("/file/<pk>/<file_id>")
    @has_access
    @permission_name("read")
    def file(self, pk: str, file_id: str) -> ResponseReturnValue:
        """A file of this problem, and of no other."""
        row, key = self.row(pk), Interface(DisputeFile).key(file_id)
        mine = sa.select(DisputeFile).join(DisputeStatement, DisputeStatement.id == DisputeFile.statement_id)
        found = self.datamodel.session().scalar(
            mine.where(DisputeStatement.dispute_id == row.id, DisputeFile.id == key)
        )
        if found is None:
            abort(404)
        return download(found.stored_file, found.stored_file.original_name or f"{row.order.reference}-file")

    @expose("/report/<pk>", methods=["GET", "POST"])
    @has_access
    @permission_name("open")
    def report(self, pk: str) -> ResponseReturnValue:
        """Staff report a problem with one order, for a party who told them."""
        order = Interface(Order).get(pk) or abort(404)
        return worked(dispute_report.sheet(self, order))

    @expose("/propose/<pk>", methods=["GET", "POST"])
    @has_access
    @permission_name("propose")
    def propose(self, pk: str) -> ResponseReturnValue:
        """A division for both parties to agree to."""
        return worked(settlement.proposal(self, self.datamodel.session(), self.row(pk)))

    @expose("/decide/<pk>", methods=["GET", "POST"])
    @has_access
    @permission_name("decide")
    def decide(self, pk: str) -> ResponseReturnValue:
        """The decision."""
        return worked(settlement.decision(self, self.datamodel.session(), self.row(pk)))
