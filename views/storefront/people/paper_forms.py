"""The forms of a trader's documents. A file sent together with a slip elsewhere is kept, not asked for again."""

from __future__ import annotations

from typing import Any

from flask import current_app
from flask_wtf.file import FileField
from itsdangerous import BadSignature, URLSafeTimedSerializer
from wtforms import DateField, HiddenField, RadioField, SelectChoice
from wtforms.validators import Optional

from app.clients.storage import StoredContent
from app.services.people.trader_document import PAPERS
from models.errors import Invalid
from models.people.trader_document import DocumentKind
from views.storefront import files
from views.storefront.fields import Pounds
from views.storefront.keyed import Keyed
from views.storefront.people.person import current_person
from views.storefront.people.setup_forms import plain

Kept = tuple[StoredContent, str, str]
_HOUR = 3600


class WithPaper(Keyed):
    """One file. `held` names what was sent before, signed for this person and an hour."""

    file = FileField("The document", render_kw={"accept": ".pdf,.jpg,.jpeg,.png"})
    held = HiddenField()
    held_name = ""

    def paper(self) -> Kept:
        """Stores what was sent, or finds what was kept. Raises Invalid (field `file`)."""
        kept = files.keep(self.file.data) if self.file.data and self.file.data.filename else self._kept()
        content, media, name = kept
        self.held.data = _signer().dumps([content.key, content.sha256.hex(), content.size, media, name, _who()])
        self.held_name = name
        return kept

    def contents(self) -> dict[str, Any]:
        """The signature changes from press to press and says nothing."""
        return {name: value for name, value in super().contents().items() if name != "held"}

    def _kept(self) -> Kept:
        try:
            key, digest, size, media, name, who = _signer().loads(self.held.data or "", max_age=_HOUR)
        except BadSignature:
            who = None
        if who is None or who != _who():
            raise Invalid("There is no file.", {"file": "Choose the document: a PDF, a JPEG or a PNG file."})
        return StoredContent(key, bytes.fromhex(digest), size), media, name


class IdentityPaper(WithPaper):
    """What shows who they are."""

    paper_kind = RadioField(
        "What is it?", choices=[SelectChoice(*one) for one in PAPERS.items()], validate_choice=False
    )
    valid_until = DateField("Valid until", [Optional()])

    def take(self, error: Invalid) -> None:
        """The verb calls it `paper`."""
        super().take(Invalid(str(error), {n.replace("paper", "paper_kind"): t for n, t in error.fields.items()}))


class PolicyPaper(WithPaper):
    """A certificate of insurance."""

    kind = RadioField(
        "Which insurance?", choices=[SelectChoice(one.name, one.value) for one in DocumentKind if one.insures],
        default=DocumentKind.public_liability.name, validate_choice=False,
    )  # fmt: skip
    insurer = plain("Insurer")
    policy_number = plain("Policy number")
    sum_insured = Pounds("Sum insured", render_kw={"inputmode": "numeric"}, description="For one claim, like 2,000,000")
    valid_from = DateField("First day", [Optional()])
    valid_until = DateField("Last day", [Optional()])


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="trader-paper")


def _who() -> int:
    return current_person().user_id or 0
