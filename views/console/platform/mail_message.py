"""Mails as they were written, what became of them, and a copy for whoever did not get one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from flask import Response, abort, flash, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from markupsafe import Markup

from app.services.platform import mail
from app.services.platform.idempotency_key import once
from app.unit_of_work import unit_of_work
from models.errors import Invalid, Refused
from models.platform.mail_message import MailMessage
from views import drawing
from views.assets import policy
from views.base import ConsoleView, Duty, counted, operator
from views.columns import Column, PeriodFacet, Tab, Test, TestFacet
from views.form_key import keep_key
from views.interface import Interface

M = MailMessage
STATES = {
    "queued": Test("Queued", lambda: M.sent_at.is_(None) & M.failed_at.is_(None)),
    "sent": Test("Sent", lambda: M.sent_at.is_not(None)),
    "failed": Test("Failed", lambda: M.failed_at.is_not(None)),
}
LOOKS = {"queued": ("warning", "clock"), "sent": ("success", "done"), "failed": ("danger", "diamond")}
FRAMED = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox"
)
_SECRET = re.compile(r"(https?://[^\s\"'<>]*?)(?<=[/=])(?![0-9a-f]{8}-[0-9a-f]{4}-)[A-Za-z0-9._~-]{20,}")
HIDDEN = "(hidden)"


def state_of(message: MailMessage) -> str:
    """Where a mail is: one of STATES."""
    if message.failed_at:
        return "failed"
    return "sent" if message.sent_at else "queued"


def pill(message: MailMessage) -> Markup:
    """Word, shape and tone."""
    name = state_of(message)
    return drawing.pill(*LOOKS[name], STATES[name].label)


def without_secrets(text: str) -> str:
    """A link that signs somebody in or proves an address is theirs: staff read that it was sent, not where it leads."""
    while (hidden := _SECRET.sub(rf"\1{HIDDEN}", text)) != text:
        text = hidden
    return text


class MailMessageView(ConsoleView):
    """The words are those that were sent; secrets in links are hidden from staff."""

    datamodel = Interface(M)
    resource, label, group, icon, nouns = "MailMessage", "Mails", "Platform", "mail", "mails"
    route_base = "/mails"
    show_template = "console/mail.html"
    include_route_methods = {"list", "show", "html", "resend"}
    verbs = ("resend",)
    newest = (M.created_at,)
    search = (M.to_address, M.subject, M.template)
    columns = (
        Column("subject", "Subject", "title", sub=lambda m: m.template, slot="title"),
        Column("to_address", "To", order=M.to_address, slot="meta", width="l"),
        Column("state", "State", get=pill, width="m", slot="status"),
        Column("attempts", "Attempts", "number", order=M.attempts, width="s", prio=3),
        Column("created_at", "Written", "ago", order=M.created_at, width="s", slot="due"),
    )
    facets = (TestFacet("state", "State", STATES, "list-check"), PeriodFacet("written", "Written", M.created_at))
    tabs = (
        Tab("All"),
        Tab("Queued", {"state": ["queued"]}, counted=True),
        Tab("Failed", {"state": ["failed"]}, counted=True, tone="danger"),
    )

    def duties(self) -> Sequence[Duty]:
        return (Duty("Mails that failed", "resend", counted(M, M.failed_at.is_not(None)), {"state": ["failed"]}),)

    def heading(self, row: MailMessage) -> str:
        return row.subject

    def sections(self, row: MailMessage) -> Sequence[tuple[str, Sequence[tuple[str, Any]]]]:
        first = row.resend_of_id
        copy_of = (
            Markup('<a href="{}">the first mail</a>').format(url_for(f"{self.endpoint}.show", pk=first))
            if first
            else drawing.NONE
        )
        return [
            (
                "Mail",
                [
                    ("State", pill(row)),
                    ("To", row.to_address),
                    ("Template", drawing.code(row.template)),
                    ("Attempts", drawing.plain(row.attempts)),
                    ("Last error", drawing.plain(row.last_error)),
                    ("Copy of", copy_of),
                ],
            ),
            (
                "When",
                [
                    ("Written", drawing.when(row.created_at)),
                    ("Sent", drawing.when(row.sent_at)),
                    ("Failed", drawing.when(row.failed_at)),
                ],
            ),
        ]

    def record(self, row: MailMessage, status: int = 200) -> ResponseReturnValue:
        """The record may show one frame: the mail itself."""
        answer = make_response(*super().record(row, status))  # type: ignore[misc]
        answer.headers["Content-Security-Policy"] = f"{policy(())}; frame-src 'self'"
        return answer

    def text(self, row: MailMessage) -> str:
        """The text without secrets."""
        return without_secrets(row.text)

    @expose("/html/<pk>")
    @has_access
    @permission_name("read")
    def html(self, pk: str) -> ResponseReturnValue:
        """The HTML for the frame on the record: no script, no form, nothing loaded, no way out."""
        answer = Response(without_secrets(self.row(pk).html), mimetype="text/html")
        answer.headers["Content-Security-Policy"] = FRAMED
        answer.headers["X-Frame-Options"] = "SAMEORIGIN"
        answer.headers["Cache-Control"] = "private, no-store"
        return answer

    @expose("/resend/<pk>", methods=["POST"])
    @has_access
    @permission_name("resend")
    def resend(self, pk: str) -> ResponseReturnValue:
        """A copy, once for the key of the form."""
        reason, copies = request.form.get("reason", "").strip(), []
        row = self.row(pk)
        try:
            with unit_of_work(operator(), reason=reason) as session:
                message = self.row(pk) or abort(404)

                def command() -> dict[str, str]:
                    copies.append(mail.resend(session, message, actor=operator(), reason=reason).id)
                    return {"copy": str(copies[-1])}

                asked = {"pk": pk, "reason": reason}
                answer = once(session, "console.MailMessage", request.form.get("key", ""), asked, command)
        except Refused as refused:
            keep_key("resend", request.form.get("key", ""))
            words = [str(refused), *(refused.fields.values() if isinstance(refused, Invalid) else ())]
            flash(" ".join(words), "danger")
            return self.record(row, refused.status)
        flash("It is sent again", "success")
        return redirect(url_for(f"{self.endpoint}.show", pk=answer["copy"]), 303)
