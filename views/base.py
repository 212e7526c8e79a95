"""The console's screens: Flask-AppBuilder's ModelView, with each hazard of its own closed and held by tests/compat.

A screen is columns, facets and one-line verbs. It reads in the request's session; it writes only inside
`unit_of_work(actor)`, opened here and nowhere below. Row-level rules are `base_filters`, and everything that takes an
identifier from outside goes through them: lists, records, forms, moves, actions, type-ahead.
"""

from __future__ import annotations

import builtins
import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import sqlalchemy as sa
from flask import abort, flash, g, has_request_context, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import ModelView, expose
from flask_appbuilder.security.decorators import has_access
from flask_login import current_user
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.datastructures import MultiDict

from app.observability import current_request_id
from app.services.platform.idempotency_key import once
from app.unit_of_work import unit_of_work
from models.actor import Actor
from models.errors import Invalid, NotAllowed, Refused
from security.permissions import READ, WRITE, stored
from views.audit_context import role_names
from views.columns import Column, Facet, Tab
from views.export import of_list
from views.forms import Converter
from views.interface import Interface, refusal
from views.listing import Page, page_of
from views.saved import beside

SAVED = "Saved"
READERS, WRITERS = ("list", "show"), ("add", "edit")


def operator() -> Actor:
    """The member of staff who is signed in, as every verb wants them."""
    return Actor.operator(current_user.id, current_request_id(), role=role_names(current_user))


@dataclass(frozen=True)
class Duty:
    """Something that waits for whoever has `verb` on its screen. `count` is a SELECT count(…); `args` are the query
    parameters that list the same rows; `urgent` says that it should not wait until tomorrow."""

    label: str
    verb: str
    count: Any
    args: Mapping[str, Sequence[str]]
    urgent: bool = False


class Guarded:
    """What a view says about itself. `resource` is its name in security/permissions.py."""

    resource: ClassVar[str] = ""
    label: ClassVar[str] = ""
    group: ClassVar[str] = ""
    icon: ClassVar[str] = "list-details"
    verbs: ClassVar[tuple[str, ...]] = ()
    """Permissions beyond reading and writing that the screen asks for by itself."""

    appbuilder: Any
    base_permissions: Any

    landing: ClassVar[Mapping[str, builtins.list[str]]] = {}
    """Query parameters of the menu's link: the tab people come for."""

    def duties(self) -> Sequence[Duty]:
        """What waits on this screen for whom, for the first page."""
        return ()

    def waiting(self) -> sa.Select[Any] | None:
        """SELECT count(…) of what waits on this screen, for the menu. A method, because Flask-AppBuilder looks for
        marks like `_limit` on every attribute of a view, and a statement has that one."""

    def may(self, verb: str) -> bool:
        """Whether the person who is signed in has this verb on this screen."""
        return bool(self.appbuilder.sm.may(self.resource, verb))

    def demand(self, verb: str) -> None:
        """Raises NotAllowed without it."""
        if not self.may(verb):
            raise NotAllowed("Your roles do not include this. Ask an administrator if they should.")

    def update_redirect(self) -> None:
        """Flask-AppBuilder keeps the last five addresses in the cookie; ours lead back by their breadcrumb."""


class ConsoleView(Guarded, ModelView):
    """A list and a record page over one model."""

    datamodel: Interface
    columns: ClassVar[tuple[Column, ...]] = ()
    facets: ClassVar[tuple[Facet, ...]] = ()
    tabs: ClassVar[tuple[Tab, ...]] = ()
    search: ClassVar[tuple[Any, ...]] = ()
    newest: ClassVar[tuple[Any, ...]] = ()
    """SQL expressions the list is ordered by at first, each descending; default: the key, newest first."""
    nouns: ClassVar[str] = ""
    empty: ClassVar[str] = "When there are some, they will be listed here."
    page_size = 25
    max_page_size = 100
    list_template = "console/list.html"
    show_template = "console/show.html"
    add_template = edit_template = "console/form.html"
    include_route_methods: ClassVar[set[str]] = {*READERS}
    method_permission_name: Any = None
    list_columns: Any = None
    search_columns: Any = None
    add_row_message = edit_row_message = SAVED

    def __init_subclass__(cls, **words: Any) -> None:
        super().__init_subclass__(**words)
        cls.include_route_methods = {*cls.include_route_methods, "export"}  # what is listed can be taken along

    def __init__(self) -> None:
        self.class_permission_name = self.resource
        names = {
            **dict.fromkeys((*READERS, "export", "lookup", "move", "download"), READ),
            **dict.fromkeys(WRITERS, WRITE),
        }
        self.method_permission_name = {**names, **(self.method_permission_name or {})}
        self.list_columns = self.list_columns or [self.datamodel.get_pk_name()]
        self.search_columns = self.search_columns or [self.datamodel.get_pk_name()]
        super().__init__()
        offered = {*self.base_permissions, *map(stored, self.verbs)}
        self.base_permissions = sorted(offered)

    # ---- what Flask-AppBuilder keeps on the instance, for all threads at once ----

    @property
    def _filters(self) -> Any:
        """This request's own: one object for the process let another thread move a row to a wrong parent."""
        proto = self.__dict__.get("_filters_proto")
        if proto is None or not has_request_context():
            return proto
        mine: dict[int, Any] = g.setdefault("_console_filters", {})
        if id(self) not in mine:
            mine[id(self)] = copy.copy(proto)
            mine[id(self)].clear_filters()
        return mine[id(self)]

    @_filters.setter
    def _filters(self, value: Any) -> None:
        self.__dict__["_filters_proto"] = value

    def _init_forms(self) -> None:
        make = Converter(self.datamodel).create_form
        extra = {"add": self.add_form_extra_fields or {}, "edit": self.edit_form_extra_fields or {}}
        words = (self.label_columns, self.description_columns, self.validators_columns)
        routes = self.include_route_methods or set()
        self.search_form = make({}, [])
        for kind, columns in (("add", self.add_columns), ("edit", self.edit_columns)):
            if getattr(self, f"{kind}_form") is None:
                fields = columns if kind in routes else []
                setattr(self, f"{kind}_form", make(words[0], fields, words[1], words[2], extra[kind]))

    # ---- list ----

    @expose("/list/")
    @has_access
    def list(self) -> ResponseReturnValue:
        """Ordering, paging and narrowing come from allow-lists; whatever else stands in the address is ignored."""
        page = self.page(request.args)
        words = {"page": page, "saved": beside(self, page), "title": self.title_of()}
        return str(self.render_template(self.list_template, view=self, **words))

    def title_of(self) -> str:
        """The heading of the list."""
        return self.label

    @expose("/export/")
    @has_access
    def export(self) -> ResponseReturnValue:
        """The list as CSV, under the filters of its address."""
        return of_list(self, request.args, actor=operator())

    def page(self, args: MultiDict[str, str]) -> Page:
        """The rows these query parameters ask for, within the row filters."""
        page = page_of(self, args)
        self.enrich(page.rows)
        return page

    def enrich(self, rows: Sequence[Any]) -> None:
        """Puts on the rows what their columns show and no relation brings: one statement for all of them."""

    def first_order(self) -> tuple[Any, ...]:
        """How the list is ordered until somebody chooses a column."""
        return tuple(column.desc() for column in self.newest)

    def narrowed(self) -> Any:
        """The query of every row this person may see here."""
        return self.datamodel.rows(self._base_filters)

    # ---- record ----

    @expose("/show/<pk>", methods=["GET"])
    @has_access
    def show(self, pk: str) -> ResponseReturnValue:
        return self.record(self.row(pk))

    def row(self, pk: str) -> Any:
        """The row with this key within the row filters, or 404."""
        return self.datamodel.get(pk, self._base_filters) or abort(404)

    def record(self, row: Any, status: int = 200) -> ResponseReturnValue:
        """The page of one row."""
        page = self.render_template(self.show_template, view=self, item=row, pk=self.key(row), title=self.heading(row))
        return page, status

    def heading(self, row: Any) -> str:
        """The title of a record: what stands in the first column of the list."""
        return self.columns[0].cell(row).striptags()

    def key(self, row: Any) -> Any:
        """What stands in the address for this row."""
        return self.datamodel.get_pk_value(row)

    def sections(self, row: Any) -> Sequence[tuple[str, Sequence[tuple[str, Any]]]]:
        """The generic record page: headings, each with (label, value). Default: the list's columns."""
        return [("Details", [(column.label, column.cell(row)) for column in self.columns])]

    def actions_of(self, row: Any) -> Sequence[tuple[str, str, str]]:  # noqa: ARG002
        """Links in the head of the record: (label, icon, address)."""
        return []

    # ---- forms: nothing typed is lost, whatever says no ----

    @expose("/add", methods=["GET", "POST"])
    @has_access
    def add(self) -> ResponseReturnValue:
        form = self.add_form()
        if request.method == "POST" and (row := self._written(form, None)):
            flash(str(self.add_row_message), "success")
            return redirect(url_for(f"{self.endpoint}.show", pk=self.key(row)), 303)
        return self._form(form, str(self.add_title), self.add_fieldsets, self.add_columns)

    @expose("/edit/<pk>", methods=["GET", "POST"])
    @has_access
    def edit(self, pk: str) -> ResponseReturnValue:
        row = self.row(pk)
        key, name = self.key(row), self.heading(row)
        form = self.edit_form(obj=row)
        form._id = key  # noqa: SLF001  Flask-AppBuilder's Unique validator reads it
        if request.method == "POST" and self._written(form, key):
            flash(str(self.edit_row_message), "success")
            return redirect(url_for(f"{self.endpoint}.show", pk=key), 303)
        return self._form(form, name, self.edit_fieldsets, self.edit_columns)

    def _written(self, form: Any, key: Any) -> Any:
        """The saved row, or None with the reasons on the form."""
        try:
            with unit_of_work(operator()) as session:
                if not form.validate():
                    return None
                row = self.row(key) if key is not None else self.datamodel.obj()
                with session.no_autoflush:  # a half-filled row is not yet anybody's business
                    form.populate_obj(row)
                    self.pre_add(row) if key is None else self.pre_update(row)
                self.datamodel.add(row) if key is None else self.datamodel.edit(row)
                return row
        except Refused as refused:
            explain(form, refused)
        except SQLAlchemyError as error:  # a deferred rule speaks at the commit
            explain(form, refusal(error))
        return None

    def _form(self, form: Any, title: str, fieldsets: Any, columns: Any) -> ResponseReturnValue:
        groups = fieldsets or [("", {"fields": columns})]
        status = 422 if form.errors or form.form_errors else 200
        page = self.render_template(self.edit_template, view=self, form=form, groups=groups, title=title)
        return page, status

    # ---- actions on rows ----

    @expose("/action/<string:name>/<pk>", methods=["POST"])
    def action(self, name: str, pk: str) -> ResponseReturnValue:
        """On one record. Never by GET, and only on rows the filters show."""
        return self._act(name, [pk], single=True)

    @expose("/action_post", methods=["POST"])
    def action_post(self) -> ResponseReturnValue:
        """On ticked rows."""
        return self._act(request.form.get("action", ""), request.form.getlist("rowid"), single=False)

    def _act(self, name: str, pks: builtins.list[str], *, single: bool) -> ResponseReturnValue:
        action = self.actions.get(name) or abort(404)
        if not self.appbuilder.sm.has_access(self.get_action_permission_name(name), self.class_permission_name):
            abort(403)
        if not (action.single if single else action.multiple) or not pks:
            abort(404)
        done: builtins.list[ResponseReturnValue] = []
        with unit_of_work(operator(), reason=request.form.get("reason", "").strip()) as session:
            rows = [self.row(pk) for pk in pks[: self.max_page_size]]

            def command() -> dict[str, str]:
                done.append(action.func(rows[0] if single else rows))
                return {}

            once(
                session, f"console.{self.resource}", request.form.get("key", ""), {"action": name, "pks": pks}, command
            )
        return done[0] if done else same_page(self)


def explain(form: Any, refused: Refused) -> None:
    """Puts a refusal where people look: at its field, else above the form."""
    fields = refused.fields if isinstance(refused, Invalid) else {}
    for name, text in fields.items():
        if name in form:
            form[name].errors = [*form[name].errors, text]
        else:
            form.form_errors.append(f"{refused} {text}")
    if not fields:
        form.form_errors.append(str(refused))


def same_page(view: ConsoleView) -> ResponseReturnValue:
    """Back to the list an action came from, with its filters; a foreign referrer leads to the plain list."""
    plain = url_for(f"{view.endpoint}.list")
    query = (
        (request.referrer or "").partition("?")[2] if (request.referrer or "").partition("?")[0].endswith(plain) else ""
    )
    return redirect(f"{plain}?{query}" if query else plain, 303)


def counted(model: Any, *conditions: Any) -> Any:
    """`SELECT count(*)` of a model's rows, for a badge."""
    return sa.select(sa.func.count()).select_from(model).where(*conditions)
