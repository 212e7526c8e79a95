"""Forms that carry a key made with the page: the same form sent twice does one thing."""

from __future__ import annotations

from typing import Any

from flask_wtf import FlaskForm
from wtforms import FileField, HiddenField
from wtforms.validators import InputRequired, Length

from app.services.platform.idempotency_key import IdempotencyMismatch
from models.errors import Invalid, Refused
from views.form_key import new_key


class Keyed(FlaskForm):
    """A form with its key."""

    form_errors: list[str]
    key = HiddenField(validators=[InputRequired(), Length(max=64)])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.key.data = self.key.data or new_key()

    def contents(self) -> dict[str, Any]:
        """What was typed: the same form sent again says the same. A file is compared by whoever reads it."""
        aside = {"key", "csrf_token"}
        typed = (one for one in self if one.short_name not in aside and not isinstance(one, FileField))
        return {one.short_name: one.data for one in typed}

    def again(self, refusal: Refused) -> None:
        """Readies what was typed to be sent again. What is still being done keeps its key, so that the next press finds
        its answer; what was sent before with other contents becomes a command of its own."""
        if isinstance(refusal, IdempotencyMismatch):
            self.key.data = new_key()

    def take(self, error: Invalid) -> None:
        """Shows a verb's field errors at their fields, and those that no field here has at the top."""
        for name, text in error.fields.items():
            if name in self:
                self[name].errors = [*self[name].errors, text]
            else:
                self.form_errors.append(text)
        if not error.fields:
            self.form_errors.append(str(error))
