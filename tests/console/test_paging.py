"""Page 2 of every screen, in every order it has; and nothing typed into an address breaks it."""

from __future__ import annotations

import base64
import html
import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.services.commerce import dispute
from models.commerce.dispute import Dispute
from tests.factories import commerce
from tests.factories import question as questions
from tests.factories.staff import account, signed_in
from views import keyset, listing
from views.console.screens import SCREENS
from views.keyset import Key

LISTS = [view for view in SCREENS if hasattr(view, "datamodel")]
MOMENT = datetime(2026, 3, 1, 12, tzinfo=UTC)
SAMPLES = (
    (sa.Boolean, True),
    (sa.SmallInteger, 2),
    (sa.Integer, 3),
    (sa.Numeric, Decimal("0.25")),
    (sa.Uuid, UUID(int=7)),
    (sa.String, "words"),
)
WALKED = 4
"""Pages of one row: the audit trail of a small story is long already."""


def sample(kind):
    if isinstance(kind, sa.Enum):
        return next(iter(kind.enum_class))
    if isinstance(kind, sa.DateTime):
        return MOMENT if kind.timezone else MOMENT.replace(tzinfo=None)
    return next(value for type_, value in SAMPLES if isinstance(kind, type_))


def typed(*values):
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def following(page):
    found = re.search(r'rel="next" href="([^"]+)"', page)
    return html.unescape(found[1]) if found else ""


@pytest.fixture
def auditor(app, session):
    return signed_in(app, account(session, "Auditor"))


@pytest.fixture
def problems(session):
    """Two that wait, the later one reported first, and one that is over."""
    told = commerce.story(session)
    rows = []
    for _ in range(3):
        order = commerce.delivered(session, told)
        rows.append(
            dispute.open_dispute(session, order, actor=told.buyer.actor, code="not_done", text="It is not done.")
        )
        questions.asked(session, told)
    dispute.withdraw(session, rows[2], actor=told.buyer.actor, reason="It is done now.")
    session.commit()
    return rows


@pytest.mark.parametrize("view", LISTS, ids=lambda view: view.__name__)
def test_a_page_begins_behind_a_place_in_every_order_of_a_screen(app, auditor, view):
    screen = next(one for one in app.appbuilder.baseviews if type(one) is view)
    names = [column.name for column in view.columns if column.order is not None]
    for order in ("", *names, *(f"-{name}" for name in names)):
        with app.test_request_context():
            keys = [Key.of(clause, view.datamodel.obj) for clause in listing._order(screen, order)[2]]
        values = [sample(key.column.type) for key in keys]
        for place in (values, [None] * len(keys)):
            token = keyset.token(place)
            assert keyset.place(keys, token) == place, order
            for side in ("after", "before"):
                answer = auditor.get(f"/console{view.route_base}/list/?order={order}&{side}={token}&rows=1")
                assert answer.status_code == 200, (order, side)


@pytest.mark.parametrize("view", LISTS, ids=lambda view: view.__name__)
def test_the_pages_of_every_screen_follow_each_other(auditor, problems, view):
    address = f"/console{view.route_base}/list/?rows=1"
    for _ in range(WALKED):
        answer = auditor.get(address)
        assert answer.status_code == 200, address
        if not (address := following(answer.text)):
            break


def test_every_problem_is_on_one_page_soonest_deadline_first(auditor, problems):
    address, seen = "/console/problems/list/?rows=1", []
    while address:
        page = auditor.get(address)
        assert page.status_code == 200
        found = re.findall(r"/console/problems/show/([0-9a-f-]{36})", page.text)
        seen += dict.fromkeys(found)
        address = following(page.text)
    assert len(seen) == len(problems)
    assert seen[:2] == [str(row.id) for row in problems[:2]]
    assert seen[2] == str(problems[2].id)


@pytest.mark.parametrize("kind", [sa.types.NullType(), sa.LargeBinary(), sa.JSON()])
def test_a_list_is_not_ordered_by_what_no_place_holds(kind):
    with pytest.raises(TypeError, match="type_coerce"):
        Key.of(sa.column("x", kind).asc().nulls_last(), Dispute)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (sa.SmallInteger(), 2**15),
        (sa.SmallInteger(), -(2**15) - 1),
        (sa.Integer(), 2**31),
        (sa.Integer(), True),
        (sa.Integer(), 1.5),
        (sa.BigInteger(), 2**63),
        (sa.BigInteger(), "1"),
        (sa.Boolean(), 1),
        (sa.DateTime(timezone=True), "2026-03-01T12:00:00"),
        (sa.DateTime(timezone=True), "0001-01-01T00:00:00+23:00"),
        (sa.DateTime(), "2026-03-01T12:00:00+00:00"),
        (sa.Numeric(3, 2), "NaN"),
        (sa.Numeric(3, 2), "1e999999"),
        (sa.Numeric(3, 2), "1e-999999"),
        (sa.Enum("a", "b"), "c"),
        (sa.Uuid(), "x"),
        (sa.String(), "a\0b"),
        (sa.String(), "\ud800"),
        (sa.String(), 1),
        (sa.JSON(), "1"),
        (sa.types.NullType(), "1"),
    ],
    ids=lambda one: ascii(one)[:40],
)
def test_a_value_that_does_not_fit_its_column_is_no_place(kind, value):
    key = SimpleNamespace(column=SimpleNamespace(type=kind))
    assert keyset.place([key], typed(value)) is None


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (sa.SmallInteger(), -(2**15)),
        (sa.SmallInteger(), 2**15 - 1),
        (sa.Integer(), -(2**31)),
        (sa.BigInteger(), 2**63 - 1),
        (sa.Enum("a", "b"), "b"),
    ],
    ids=lambda one: ascii(one)[:40],
)
def test_a_value_at_the_edge_of_its_column_is_a_place(kind, value):
    key = SimpleNamespace(column=SimpleNamespace(type=kind))
    assert keyset.place([key], typed(value)) == [value]


@pytest.mark.parametrize("address", ["order-reviews/list/?order=stars", "outbox/list/?order=failures", "people/list/?"])
def test_a_place_too_large_for_its_column_is_the_first_page(auditor, address):
    for number in (2**31, 2**62, -(2**62), True):
        for token in (typed(number, str(UUID(int=1))), typed(number, 1), typed(number)):
            assert auditor.get(f"/console/{address}&after={token}").status_code == 200


def test_a_place_nested_without_end_is_the_first_page(auditor):
    token = base64.urlsafe_b64encode(b"[" * 1500).decode()
    assert auditor.get(f"/console/orders/list/?after={token}").status_code == 200
