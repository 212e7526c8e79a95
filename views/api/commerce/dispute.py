"""A problem with an order: reported, answered, talked about and decided, by both parties and by staff."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from sqlalchemy.orm import Session

from app.services.commerce import dispute as verbs
from app.services.platform import stored_file
from app.session import session
from models.actor import Actor, ActorKind
from models.commerce.dispute import Dispute
from models.commerce.order import Order
from models.errors import Invalid, NotFound
from models.platform.transition import Transition
from views.api.commerce.dispute_forms import Agreement, Decision, Proposal, Question, Report, Said, TakenBack
from views.api.commerce.dispute_shape import DisputeShape, whole
from views.api.commerce.side import BUYER, SELLER, STAFF, Side, acting, order_of
from views.api.commerce.upload import Kept, kept_files
from views.api.operation import Deed, does, reads
from views.api.shapes import Moved

OPEN, WORK, PROPOSE, DECIDE = (("Dispute", verb) for verb in ("open", "work", "propose", "decide"))


@reads("/orders/<reference>/problem", gives=DisputeShape)
def problem_of_order(reference: str) -> dict[str, Any]:
    """The newest problem of an order, with all that was said."""
    order, kind = order_of(reference)
    return whole(session(), order, _newest(session(), order), kind)


@does("/orders/<reference>/report-problem", takes=Report, gives=Moved, status=HTTPStatus.CREATED, files=True)
def report_problem(asked: dict[str, Any], reference: str) -> Deed:
    """Something is wrong: the hold is frozen until it is decided."""
    side = acting(reference, BUYER, SELLER, STAFF, permission=OPEN)
    files = kept_files()

    def run(work: Session) -> dict[str, Any]:
        order = side.order(work)
        row = verbs.open_dispute(
            work, order, actor=side.actor, code=asked["code"], text=asked["text"], exhibits=_exhibits(work, files)
        )
        return _moved(order, "report", row, None)

    return Deed(side.actor, run, _hashes(files))


@does("/orders/<reference>/problem/respond", takes=Said, gives=Moved, files=True)
def respond_to_problem(asked: dict[str, Any], reference: str) -> Deed:
    """The other party's side of it."""
    return _saying("respond", acting(reference, BUYER, SELLER), verbs.respond, asked["text"])


@does("/orders/<reference>/problem/add", takes=Said, gives=Moved, files=True)
def add_to_problem(asked: dict[str, Any], reference: str) -> Deed:
    """Add something while it is open."""
    return _saying("add", acting(reference, BUYER, SELLER, STAFF, permission=WORK), verbs.add, asked["text"])


@does("/orders/<reference>/problem/provide", takes=Said, gives=Moved, files=True)
def provide_information(asked: dict[str, Any], reference: str) -> Deed:
    """Answer what staff asked."""
    return _saying("provide", acting(reference, BUYER, SELLER), verbs.provide, asked["text"])


@does("/orders/<reference>/problem/withdraw", takes=TakenBack, gives=Moved)
def withdraw_problem(asked: dict[str, Any], reference: str) -> Deed:
    """Whoever reported it takes it back: the order goes on."""
    side = acting(reference, BUYER, SELLER, STAFF, permission=OPEN)
    return _moving("withdraw", side, verbs.withdraw, reason=asked["reason"])


@does("/orders/<reference>/problem/agree", takes=Agreement, gives=Moved)
def agree_to_proposal(asked: dict[str, Any], reference: str) -> Deed:
    """Agree to the proposal that was read; when both parties have, it is carried out."""
    return _moving("agree", acting(reference, BUYER, SELLER), verbs.agree, version=asked["version"])


@does("/orders/<reference>/problem/reject", takes=Said, gives=Moved)
def reject_proposal(asked: dict[str, Any], reference: str) -> Deed:
    """Do not agree, and say why."""
    return _moving("reject", acting(reference, BUYER, SELLER), verbs.reject, text=asked["text"])


@does("/orders/<reference>/problem/take-up", gives=Moved)
def take_up_problem(_asked: dict[str, Any], reference: str) -> Deed:
    """Staff begin without waiting for the other party's answer."""
    return _moving("take_up", acting(reference, STAFF, permission=WORK), verbs.take_up)


@does("/orders/<reference>/problem/request-info", takes=Question, gives=Moved)
def request_information(asked: dict[str, Any], reference: str) -> Deed:
    """Staff ask one party something."""
    side, party = acting(reference, STAFF, permission=WORK), ActorKind(asked["party"])
    return _moving("request_info", side, verbs.request_info, party=party, question=asked["question"])


@does("/orders/<reference>/problem/propose", takes=Proposal, gives=Moved)
def propose_division(asked: dict[str, Any], reference: str) -> Deed:
    """Staff propose how what is held is divided."""
    side = acting(reference, STAFF, permission=PROPOSE)
    return _moving("propose", side, verbs.propose, buyer_minor=_minor(side, asked["buyer"]), text=asked["text"])


@does("/orders/<reference>/problem/decide", takes=Decision, gives=Moved)
def decide_problem(asked: dict[str, Any], reference: str) -> Deed:
    """Staff decide, with a statement of reasons; above the limit another person than the one who proposed it."""
    side = acting(reference, STAFF, permission=DECIDE)
    minor = _minor(side, asked["buyer"])
    return _moving("decide", side, verbs.decide, buyer_minor=minor, fee=asked["fee"], reasons=asked["reasons"])


def _saying(event: str, side: Side, verb: Callable[..., Any], said: str) -> Deed:
    files = kept_files()

    def speak(work: Session, row: Dispute, *, actor: Actor) -> Any:
        return verb(work, row, actor=actor, text=said, exhibits=_exhibits(work, files))

    return _moving(event, side, speak, besides=_hashes(files))


def _moving(
    event: str, side: Side, verb: Callable[..., Any], *, besides: dict[str, Any] | None = None, **named: Any
) -> Deed:
    def run(work: Session) -> dict[str, Any]:
        order = side.order(work)
        row = _newest(work, order)
        return _moved(order, event, row, verb(work, row, actor=side.actor, **named))

    return Deed(side.actor, run, besides or {})


def _moved(order: Order, event: str, row: Dispute, done: Any) -> dict[str, Any]:
    at = done.at if isinstance(done, Transition) else row.state_entered_at
    return {"reference": order.reference, "event": event, "state": row.state.name, "at": at}


def _newest(work: Session, order: Order) -> Dispute:
    found = verbs.of_order(work, order)
    if found is None:
        raise NotFound("Nobody has reported a problem with this order.")
    return found


def _minor(side: Side, given: dict[str, Any]) -> int:
    if given["currency"] != side.order(session()).currency:
        raise Invalid("Some of that cannot be taken.", {"buyer/currency": "This order is in another currency."})
    return int(given["amount_minor"])


def _exhibits(work: Session, files: list[Kept]) -> list[verbs.Exhibit]:
    return [
        verbs.Exhibit(
            stored_file.record(work, one.content, media_type=one.media_type, purpose="dispute", original_name=one.name)
        )
        for one in files
    ]


def _hashes(files: list[Kept]) -> dict[str, Any]:
    return {"files": [one.sha256 for one in files]}
