"""Somebody's news: the list, and what was read."""

from __future__ import annotations

from http import HTTPStatus
from uuid import UUID

from flask import abort, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.services.platform import notification
from app.services.platform.notification_event import EVENTS
from app.session import session
from app.unit_of_work import unit_of_work
from views.storefront.blueprint import storefront
from views.storefront.guard import person, safe_next
from views.storefront.people.person import current_person


def unread() -> int:
    """How many lines the person who looks has not read; asked once per page."""
    if "unread" not in g:
        me = current_person().user_id
        g.unread = notification.unread_count(session(), me) if me is not None else 0
    found: int = g.unread
    return found


def _id(text: str | None) -> UUID | None:
    """A key that is none is taken for none given."""
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


@storefront.get("/notifications")
@person
def account_notifications() -> ResponseReturnValue:
    """Newest first, a page at a time."""
    page = notification.page(session(), current_person().user_id or 0, after=_id(request.args.get("before")))
    return render_template("storefront/platform/notifications.html", page=page, events=EVENTS, unread_now=unread())


@storefront.post("/notifications/<uuid:notification_id>/open")
@person
def account_open_notification(notification_id: UUID) -> ResponseReturnValue:
    """Read, and on to what it is about. Another person's is not there."""
    with unit_of_work(current_person().themselves()) as work:
        link = notification.opened(work, current_person().user_id or 0, notification_id)
    if link is None:
        abort(404)
    return redirect(safe_next(link, url_for("storefront.account_notifications")), HTTPStatus.SEE_OTHER)


@storefront.post("/notifications/read")
@person
def account_read_notifications() -> ResponseReturnValue:
    """All that this person has seen; what came after the page was drawn stays unread."""
    with unit_of_work(current_person().themselves()) as work:
        notification.mark_read(work, current_person().user_id or 0, until=_id(request.form.get("until")))
    return redirect(url_for("storefront.account_notifications"), HTTPStatus.SEE_OTHER)
