"""The forms of a problem and the verbs they call. Files are stored before the transaction begins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

from flask_wtf.file import MultipleFileField
from sqlalchemy.orm import Session
from wtforms import IntegerField, RadioField, SelectChoice, TextAreaField
from wtforms.validators import InputRequired, Length, ValidationError
from wtforms.widgets import HiddenInput

from app.clients.storage import StoredContent
from app.services.commerce import dispute as disputes
from app.services.commerce.dispute import CODES, Exhibit
from app.services.platform import stored_file
from app.services.platform.idempotency_key import once
from app.unit_of_work import unit_of_work
from models.actor import Actor, ActorKind
from models.commerce.dispute import Dispute
from models.commerce.order import Order
from models.errors import NotFound
from views.storefront import files
from views.storefront.commerce import party
from views.storefront.commerce.dispute_words import BUYER_CODES, SELLER_CODES
from views.storefront.keyed import Keyed

LONGEST = 4000
MOST_FILES = 5
Kept = tuple[StoredContent, str, str]


class WithFiles(Keyed):
    """What shows it: photos and documents, together as large as one request may be."""

    file = MultipleFileField("Photos or documents", render_kw={"accept": ".pdf,.jpg,.jpeg,.png"})

    def validate_file(self, field: MultipleFileField) -> None:
        """Raises ValidationError for more than five."""
        if len(field.data or ()) > MOST_FILES:
            raise ValidationError(f"Choose at most {MOST_FILES} files at a time")

    def kept(self) -> list[Kept]:
        """Stores what was chosen. Raises Invalid (field `file`)."""
        return list(files.keep_all(self.file.data or ()))


class Report(WithFiles):
    """What is wrong and what happened."""

    code = RadioField("What is wrong?", validate_choice=False)
    text = TextAreaField(
        "What happened?",
        [InputRequired("Say what happened, in a sentence or two"), Length(max=LONGEST)],
        render_kw={"rows": "6"},
    )

    @classmethod
    def for_side(cls, side: ActorKind, *, blank: bool = False) -> Self:
        """With the kinds of trouble this side may have; `blank` reads nothing from the request."""
        form = cls(formdata=None) if blank else cls()
        codes = BUYER_CODES if side is ActorKind.buyer else SELLER_CODES
        form.code.choices = [SelectChoice(code, CODES[code]) for code in codes]
        return form


class Reply(WithFiles):
    """A move on a problem that exists; `event` says which. `version` is the proposal that was read."""

    text = TextAreaField("In your words", [Length(max=LONGEST)], render_kw={"rows": "5"})
    version = IntegerField(widget=HiddenInput())

    def __init__(self, event: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.event = event
        for field in (self.text, self.file):
            field.id = f"{event}-{field.id}"


def newest(work: Session, order: Order) -> Dispute:
    """The problem that the page is about. Raises NotFound for an order that never had one."""
    found = disputes.of_order(work, order)
    if found is None:
        raise NotFound
    return found


def report(reference: str, side: ActorKind, form: Report) -> None:
    """Opens a problem, once per key. Raises Invalid, Conflict."""
    kept, actor = form.kept(), party.actor(side)
    with unit_of_work(actor) as work:
        order = party.order_of(work, reference, side)

        def command() -> dict[str, str]:
            shown = _exhibits(work, kept)
            code, text = form.code.data or "", form.text.data or ""
            row = disputes.open_dispute(work, order, actor=actor, code=code, text=text, exhibits=shown)
            return {"dispute": str(row.id)}

        asked = {"order": str(order.id), **form.contents(), "files": _digests(kept)}
        once(work, "dispute.open", form.key.data or "", asked, command)


def reply(reference: str, side: ActorKind, form: Reply) -> None:
    """Makes the form's move, once per key. Raises Invalid, Conflict, NotFound."""
    kept, actor = form.kept(), party.actor(side)
    with unit_of_work(actor) as work:
        row = newest(work, party.order_of(work, reference, side))

        def command() -> dict[str, str]:
            VERBS[form.event](work, row, actor, form, _exhibits(work, kept))
            return {"state": row.state.name}

        asked = {"dispute": str(row.id), "event": form.event, **form.contents(), "files": _digests(kept)}
        once(work, "dispute.act", form.key.data or "", asked, command)


Verb = Callable[[Session, Dispute, Actor, Reply, list[Exhibit]], object]
VERBS: dict[str, Verb] = {
    "respond": lambda work, row, actor, form, shown: disputes.respond(
        work, row, actor=actor, text=form.text.data or "", exhibits=shown
    ),
    "add": lambda work, row, actor, form, shown: disputes.add(
        work, row, actor=actor, text=form.text.data or "", exhibits=shown
    ),
    "provide": lambda work, row, actor, form, shown: disputes.provide(
        work, row, actor=actor, text=form.text.data or "", exhibits=shown
    ),
    "agree": lambda work, row, actor, form, _shown: disputes.agree(
        work, row, actor=actor, version=form.version.data or 0
    ),
    "reject": lambda work, row, actor, form, _shown: disputes.reject(work, row, actor=actor, text=form.text.data or ""),
    "withdraw": lambda work, row, actor, form, _shown: disputes.withdraw(
        work, row, actor=actor, reason=(form.text.data or "").strip()
    ),
}


def _exhibits(work: Session, kept: list[Kept]) -> list[Exhibit]:
    return [
        Exhibit(stored_file.record(work, content, media_type=media, purpose="dispute", original_name=name))
        for content, media, name in kept
    ]


def _digests(kept: list[Kept]) -> list[str]:
    return [content.sha256.hex() for content, _, _ in kept]
