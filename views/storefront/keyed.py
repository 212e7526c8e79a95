"""Forms that carry a key made with the page: the same form sent twice does one thing."""

from __future__ import annotations

from typing import Any

from flask_wtf import FlaskForm
from wtforms import HiddenField
from wtforms.validators import InputRequired, Length

from models.errors import Invalid
from models.types import uuid7


def new_key() -> str:
    """A fresh idempotency key (UUIDv7), made when a page is drawn."""
    return str(uuid7())


class Keyed(FlaskForm):
    """A form with its key."""

    form_errors: list[str]
    key = HiddenField(validators=[InputRequired(), Length(max=64)])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.key.data = self.key.data or new_key()

    def take(self, error: Invalid) -> None:
        """Shows a verb's field errors at their fields, and those that no field here has at the top."""
        for name, text in error.fields.items():
            if name in self:
                self[name].errors = [*self[name].errors, text]
            else:
                self.form_errors.append(text)
        if not error.fields:
            self.form_errors.append(str(error))
