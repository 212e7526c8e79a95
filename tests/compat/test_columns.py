"""Column types of PostgreSQL in lists, forms and filters, where the stock views fail or corrupt."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask_appbuilder.forms import FieldConverter
from flask_appbuilder.models.sqla.filters import SQLAFilterConverter
from wtforms import TextAreaField

from tests.compat.lab import Jar, JarView, Tone
from views.filters import EnumEqual, NumberGreater, UuidEqual
from views.interface import Interface

TYPED = {"name": "mine too", "weight": "2.5", "tone": "loud", "facts": '{"a": 1}', "sealed": "y"}


def saved(session, name="mine too"):
    session.expire_all()
    return session.scalar(sa.select(Jar).where(Jar.name == name))


def test_a_row_with_every_kind_of_column_is_added_listed_shown_and_edited(visitor, session, jar):
    twin = uuid4()
    answer = visitor.post("/console/jars/add", data={**TYPED, "twin": str(twin), "opened_at": "2026-07-01T10:30"})
    assert answer.status_code == 303, answer.text
    row = saved(session)
    assert (row.twin, row.weight, row.tone, row.facts) == (twin, Decimal("2.500"), Tone.loud, {"a": 1})
    for page in ("list/", f"show/{row.id}", f"edit/{row.id}"):
        assert visitor.get(f"/console/jars/{page}").status_code == 200, page


def test_json_stays_an_object_when_a_form_is_opened_and_saved(visitor, session, jar):
    row = jar(facts={"k": [0, True], "ü": "x"})
    page = visitor.get(f"/console/jars/edit/{row.id}").text
    assert "&#34;k&#34;: [" in page or '"k": [' in page
    visitor.post(f"/console/jars/edit/{row.id}", data={**TYPED, "facts": '{"k": [0, true], "ü": "x"}'})
    assert saved(session).facts == {"k": [0, True], "ü": "x"}


def test_broken_json_is_said_at_the_field_and_kept_as_typed(visitor, jar):
    row = jar()
    answer = visitor.post(f"/console/jars/edit/{row.id}", data={**TYPED, "facts": "{'a': 1}"})
    assert answer.status_code == 422
    assert "This is not JSON" in answer.text
    assert "{&#39;a&#39;: 1}" in answer.text


def test_a_forged_enum_value_is_a_wrong_answer_and_not_a_fault(visitor, jar):
    assert visitor.post("/console/jars/add", data={**TYPED, "tone": "shrill"}).status_code == 422


def test_a_not_null_boolean_can_be_saved_as_false(visitor, session, jar):
    row = jar(sealed=True)
    data = {name: value for name, value in TYPED.items() if name != "sealed"}
    assert visitor.post(f"/console/jars/edit/{row.id}", data=data).status_code == 303
    assert saved(session).sealed is False


def test_a_moment_is_typed_in_business_time_and_stored_in_utc(visitor, session, jar):
    row = jar(opened_at=datetime(2026, 7, 1, 9, 30, tzinfo=UTC))
    assert 'value="2026-07-01T10:30"' in visitor.get(f"/console/jars/edit/{row.id}").text
    visitor.post(f"/console/jars/edit/{row.id}", data={**TYPED, "opened_at": "2026-07-01T11:00"})
    assert saved(session).opened_at == datetime(2026, 7, 1, 10, 0, tzinfo=UTC)


def test_an_hour_that_the_clocks_skip_is_refused(visitor, jar):
    answer = visitor.post("/console/jars/add", data={**TYPED, "opened_at": "2026-03-29T01:30"})
    assert answer.status_code == 422
    assert "The clocks skip this hour" in answer.text


@pytest.mark.parametrize(
    ("kind", "column", "value", "found"),
    [
        (NumberGreater, "weight", "2", 1),
        (NumberGreater, "weight", "NaN", 0),
        (NumberGreater, "weight", "a lot", 0),
        (UuidEqual, "id", "not a uuid", 0),
        (EnumEqual, "tone", "soft", 1),
        (EnumEqual, "tone", "shrill", 0),
    ],
)
def test_filters_compare_values_of_the_columns_type(lab, session, jar, kind, column, value, found):
    jar(weight=Decimal(3))
    with lab.app_context():
        model = Interface(Jar)
        filters = model.get_filters().add_filter(column, kind, value)
        assert model.rows(filters).count() == found


def test_json_and_bytes_offer_no_filter(lab):
    with lab.app_context():
        offered = Interface(Jar).get_filters(["facts", "weight"]).get_search_filters()
    assert set(offered) == {"weight"}


def test_validators_of_a_screen_are_not_added_to_each_time_a_form_is_made(lab):
    view = next(v for v in lab.appbuilder.baseviews if isinstance(v, JarView))
    mine: list[object] = []
    from views.forms import Converter

    for _ in range(2):
        Converter(view.datamodel).create_form({}, ["name"], {}, {"name": mine})
    assert mine == []


def test_the_stock_converter_still_takes_json_for_text():
    """When this fails, Flask-AppBuilder has learned JSON and views/forms.py can lose its own field."""
    assert ("is_json", TextAreaField) in {(row[0], row[1]) for row in FieldConverter.conversion_table}


def test_the_stock_filters_still_compare_json_with_ilike():
    """When this fails, views/filters.py may be smaller."""
    assert "is_json" in {row[0] for row in SQLAFilterConverter.conversion_table}
