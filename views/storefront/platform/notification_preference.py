"""How somebody wants to be told: channels by group, quiet hours, one by one or gathered."""

from __future__ import annotations

from http import HTTPStatus

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import RadioField, SelectField, TimeField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Optional

from app.services.platform import notification_preference
from app.services.platform.notification_event import EVENTS, GROUPS, Channel, optional_groups
from app.services.platform.notification_hours import zones
from app.session import session
from app.unit_of_work import unit_of_work
from models.errors import Invalid
from models.platform.notification_preference import Digest
from views.storefront.blueprint import storefront
from views.storefront.fields import Ticks
from views.storefront.guard import person
from views.storefront.people.person import current_person

CHANNELS = [SelectChoice(Channel.in_app.value, "On this site"), SelectChoice(Channel.mail.value, "By mail")]


class PreferenceForm(FlaskForm):
    """Everything somebody may choose; each group that may be switched off is a field of its own, added below."""

    form_errors: list[str]
    digest = RadioField("Mails that may wait", choices=[SelectChoice(one.name, one.value) for one in Digest])
    quiet_from = TimeField("No mails from", validators=[Optional()])
    quiet_to = TimeField("until", validators=[Optional()])
    zone = SelectField("Your time zone", choices=[SelectChoice(one, one.replace("_", " ")) for one in zones()])


for _group in optional_groups():
    setattr(
        PreferenceForm, f"group_{_group}", Ticks(GROUPS[_group][0], choices=CHANNELS, description=GROUPS[_group][1])
    )


def _filled() -> PreferenceForm:
    row = notification_preference.preferences(session(), current_person().user_id or 0)
    off = set(row.switched_off)
    now = {
        f"group_{group}": [one.value for one in Channel if f"{group}:{one}" not in off] for group in optional_groups()
    }
    times = {"quiet_from": row.quiet_from, "quiet_to": row.quiet_to, "zone": row.zone, "digest": row.digest.name}
    return PreferenceForm(data={**now, **times})


@storefront.get("/account/notifications")
@person
def account_notification_preferences() -> ResponseReturnValue:
    """As they are now."""
    return _page(_filled())


@storefront.post("/account/notifications")
@person
def account_change_notification_preferences() -> ResponseReturnValue:
    """All of it is saved, or none and the form comes back."""
    form = PreferenceForm()
    if not form.validate():
        return _page(form), 422
    on = {(group, Channel(one)) for group in optional_groups() for one in form[f"group_{group}"].data or ()}
    try:
        with unit_of_work(current_person().themselves()) as work:
            notification_preference.change_preferences(
                work,
                current_person().user_id or 0,
                on=on,
                quiet_from=form.quiet_from.data,
                quiet_to=form.quiet_to.data,
                zone=form.zone.data,
                digest=Digest[form.digest.data],
            )
    except Invalid as error:
        for name, text in error.fields.items():
            form[name].errors = [*form[name].errors, text]
        return _page(form), 422
    flash("Saved", "success")
    return redirect(url_for("storefront.account_notification_preferences"), HTTPStatus.SEE_OTHER)


def _page(form: PreferenceForm) -> str:
    always = sorted({GROUPS[one.group][0] for one in EVENTS.values() if not one.may_be_switched_off})
    return render_template(
        "storefront/platform/notification_preferences.html", form=form, groups=optional_groups(), always=always
    )
