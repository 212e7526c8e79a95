"""Forms: one hook dresses every field, one converter knows PostgreSQL's types. Nothing in Flask-AppBuilder is patched.

Stock forms store JSON as the text that was typed, show its Python form, cannot save a NOT NULL boolean as false, forget
the zone of a moment, and answer a forged enum value with an error page.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from flask_appbuilder.fields import EnumField, QuerySelectField, QuerySelectMultipleField
from flask_appbuilder.forms import DynamicForm, GeneralModelConverter
from flask_appbuilder.validators import Unique
from wtforms import (
    BooleanField,
    DateTimeLocalField,
    DecimalField,
    IntegerField,
    StringField,
    TextAreaField,
    validators,
    widgets,
)
from wtforms.fields.choices import Choice, SelectChoice
from wtforms.widgets.core import clean_key

from views.moments import business_zone, from_business_time

MANY_CHOICES = 12


class _Dress:
    """WTForms merges this with FlaskForm's Meta: every rendered field gets its class, its error and its hint."""

    def render_field(self, field: Any, render_kw: dict[str, Any]) -> Any:
        words = {clean_key(k): v for k, v in {**(field.render_kw or {}), **render_kw}.items()}
        widget = field.widget
        if field.type in {"HiddenField", "CSRFTokenField"}:
            return widget(field, **words)
        base = "form-control"
        if isinstance(widget, widgets.CheckboxInput):
            base = "form-check-input"
            words.pop("required", None)
        elif isinstance(widget, widgets.Select):
            base = "form-select"
        wrong = " is-invalid" if field.errors else ""
        words["class"] = " ".join(filter(None, (base, words.get("class", "")))) + wrong
        described = [f"{field.id}-hint"] * bool(field.description) + [f"{field.id}-error"] * bool(field.errors)
        if described:
            words.setdefault("aria-describedby", " ".join(described))
        if field.errors:
            words["aria-invalid"] = "true"
        return widget(field, **words)


def one_of(pairs: Iterable[tuple[str, str]]) -> list[SelectChoice]:
    """The options of a list nobody has chosen from yet: (value, label)."""
    return [SelectChoice("", "Choose"), *(SelectChoice(value, label) for value, label in pairs)]


class ConsoleForm(DynamicForm):
    """The base of every form here."""

    Meta = _Dress


class JsonField(TextAreaField):
    """An object in the database, its text in the box."""

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else json.dumps(self.data, indent=2, ensure_ascii=False)

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = None
        if valuelist and valuelist[0].strip():
            try:
                self.data = json.loads(valuelist[0])
            except ValueError as error:
                raise ValueError(f"This is not JSON: {error}") from error


class UuidField(StringField):
    """An identifier."""

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = None
        if valuelist and valuelist[0].strip():
            try:
                self.data = UUID(valuelist[0].strip())
            except ValueError as error:
                raise ValueError("This is not an identifier") from error

    def _value(self) -> str:
        return str(self.raw_data[0] if self.raw_data else self.data or "")


class LocalTimeField(DateTimeLocalField):
    """The business time zone in the box, UTC in the row. A time the clocks skip is refused, never guessed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("format", ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M"])
        super().__init__(*args, **kwargs)

    def process_data(self, value: Any) -> None:
        self.data = value
        if value is not None and value.tzinfo:
            self.data = value.astimezone(business_zone()).replace(tzinfo=None, second=0, microsecond=0)

    def process_formdata(self, valuelist: list[str]) -> None:
        super().process_formdata(valuelist)
        if self.data is not None:
            from_business_time(self.data)

    def populate_obj(self, obj: Any, name: str) -> None:
        setattr(obj, name, from_business_time(self.data) if self.data else None)


class StrictEnumField(EnumField):
    """A member by its name; an unknown name is a wrong answer, not a fault of ours."""

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = None
        if valuelist:
            try:
                self.data = self.coerce(valuelist[0])
            except KeyError as error:
                raise ValueError("Choose one of these") from error

    def pre_validate(self, form: Any) -> None:  # noqa: ARG002
        if self.data is None and not any(isinstance(v, validators.Optional) for v in self.validators):
            raise validators.ValidationError("Choose one of these")


class _Choices:
    """WTForms 4 no longer takes the bare tuples that Flask-AppBuilder's fields hand out."""

    def iter_choices(self) -> Iterator[Choice]:
        for value, label, selected, extra in super().iter_choices():  # type: ignore[misc]
            yield Choice(value, label, selected, extra)


class RelationField(_Choices, QuerySelectField):
    """One row of a small table; a large one wants a look-up."""


class RelationsField(_Choices, QuerySelectMultipleField):
    """Several rows of a small table."""


class TickField(RelationsField):
    """A few rows to tick, each with its label; no list box."""

    widget = widgets.ListWidget(prefix_label=False)
    option_widget = widgets.CheckboxInput()


class Converter(GeneralModelConverter):
    """From columns to fields, with PostgreSQL's types."""

    @staticmethod
    def _get_validators(col_name: str, validators_columns: dict[str, list[Any]]) -> list[Any]:
        """A copy: Flask-AppBuilder adds to the class's own list each time a form is made."""
        return list(validators_columns.get(col_name, []))

    def create_form(self, *args: Any, **kwargs: Any) -> type[ConsoleForm]:
        """As Flask-AppBuilder's, on our base."""
        made = super().create_form(*args, **kwargs)
        own = {name: value for name, value in vars(made).items() if hasattr(value, "field_class")}
        return type("ConsoleModelForm", (ConsoleForm,), own)

    def _convert_simple(
        self, name: str, label: str, description: str, rules: list[Any], props: dict[str, Any]
    ) -> dict[str, Any]:
        model, ours = self.datamodel, self._field(name)
        if ours is None:
            return dict(super()._convert_simple(name, label, description, rules, props))
        kind, extra = ours
        needed = not model.is_nullable(name) and kind is not BooleanField
        checks = [*rules, validators.InputRequired() if needed else validators.Optional()]
        if (longest := model.get_max_length(name)) > 0 and kind in {StringField, TextAreaField}:
            checks.append(validators.Length(max=longest))
        if model.is_unique(name):
            checks.append(Unique(model, name))
        props[name] = kind(
            label=label, description=description, validators=checks, default=model.get_col_default(name), **extra
        )
        return props

    def _field(self, name: str) -> tuple[type, dict[str, Any]] | None:
        model = self.datamodel
        if model.is_enum(name):
            column = model.list_columns[name].type
            choice = {"enum_class": column.enum_class, "enums": column.enums, "widget": widgets.Select()}
            return StrictEnumField, choice
        for test, kind in _KINDS:
            if getattr(model, test)(name):
                return kind, {}
        return None

    def _convert_many_to_one(self, *args: Any) -> dict[str, Any]:
        props: dict[str, Any] = super()._convert_many_to_one(*args)
        return _undressed(props, args[0], RelationField, widgets.Select())

    def _convert_many_to_many(self, *args: Any) -> dict[str, Any]:
        props: dict[str, Any] = super()._convert_many_to_many(*args)
        return _undressed(props, args[0], RelationsField, widgets.Select(multiple=True))


_KINDS: tuple[tuple[str, type], ...] = (
    ("is_uuid", UuidField),
    ("is_json", JsonField),
    ("is_instant", LocalTimeField),
    ("is_citext", StringField),
    ("is_boolean", BooleanField),
    ("is_text", TextAreaField),
    ("is_string", StringField),
    ("is_integer", IntegerField),
    ("is_decimal", DecimalField),
)


def _undressed(props: dict[str, Any], name: str, kind: type, widget: Any) -> dict[str, Any]:
    """The same unbound field with a plain widget: Flask-AppBuilder's asks for Select2."""
    unbound = props[name]
    props[name] = kind(*unbound.args, **{**unbound.kwargs, "widget": widget})
    return props
