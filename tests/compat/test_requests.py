"""What an address or a body may make a view do: nothing that is not on the page."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa
from flask_appbuilder import urltools

from tests.compat.lab import Jar, JarView, Shelf


@pytest.mark.parametrize(
    "query",
    [
        "after=x", "before=_", "after=WyJ4Il0&at=-1", "at=abc", "count=none", "rows=abc",
        "rows=0", "order=nope", "order=-", "order=shelf",
        "page_JarView=-1", "psize_JarView=abc", "_oc_JarView=nope&_od_JarView=asc", "_flt_0_facts=x", "_flt_9_name=x",
        "tone=shrill", "q=%25%5C_", "q=" + "x" * 500,
    ],
)  # fmt: skip
def test_nonsense_in_the_address_still_shows_the_list(visitor, jar, query):
    jar()
    assert visitor.get(f"/console/jars/list/?{query}").status_code == 200


def test_a_page_never_has_more_rows_than_the_screen_allows(visitor, session, jar):
    session.add_all([Jar(name=f"mine {n:03}") for n in range(130)])
    session.commit()
    page = visitor.get("/console/jars/list/?rows=100000").text
    assert page.count("data-row") == JarView.max_page_size


@pytest.mark.parametrize(
    "key", ["nonsense", "0", "99999999999999999999", "' or 1=1", "00000000-0000-0000-0000-000000000000"]
)
def test_a_malformed_or_unknown_key_is_not_found(visitor, key):
    for path in (f"jars/show/{key}", f"jars/edit/{key}", f"shelves/show/{key}", f"shelves/edit/{key}"):
        assert visitor.get(f"/console/{path}").status_code == 404, path
    assert visitor.post(f"/console/jars/action/open/{key}").status_code == 404


def test_a_hidden_column_cannot_be_ordered_by(visitor, jar):
    jar("mine a", secret="z")
    jar("mine b", secret="a")
    for query in ("", "?order=secret", "?order=-secret"):
        page = visitor.get(f"/console/jars/list/{query}").text
        assert page.index(">mine b<") < page.index(">mine a<"), query


def test_an_action_sees_only_rows_that_the_filters_show(visitor, session, jar):
    mine, other = jar("mine"), jar("yours")
    assert visitor.post(f"/console/jars/action/open/{other.id}").status_code == 404
    both = {"action": "open", "rowid": [str(mine.id), str(other.id)]}
    assert visitor.post("/console/jars/action_post", data=both).status_code == 404
    session.expire_all()
    assert (mine.sealed, other.sealed) == (True, True)
    assert visitor.post(f"/console/jars/action/open/{mine.id}", data={"key": "k"}).status_code == 302
    session.expire_all()
    assert mine.sealed is False


def test_an_action_is_never_a_get_and_never_an_unknown_name(visitor, jar):
    row = jar()
    assert visitor.get(f"/console/jars/action/open/{row.id}").status_code == 405
    assert visitor.post(f"/console/jars/action/explode/{row.id}").status_code == 404
    assert visitor.post("/console/jars/action_post", data={}).status_code == 404


def test_a_row_outside_the_filters_cannot_be_opened_or_edited(visitor, session, jar):
    other = jar("yours")
    assert visitor.get(f"/console/jars/show/{other.id}").status_code == 404
    assert visitor.post(f"/console/jars/edit/{other.id}", data={"name": "mine", "weight": "1"}).status_code == 404


def test_another_requests_filter_never_moves_a_row_to_another_parent(lab, visitor, session, jar):
    """Stock views keep one filter object per process: 11 % of edits landed under a wrong parent with four threads."""
    shelves = [Shelf(name=name) for name in ("one", "two")]
    session.add_all(shelves)
    session.commit()
    jars = [jar(f"mine {shelf.name}", shelf_id=shelf.id) for shelf in shelves]
    data = {"weight": "1", "tone": "soft", "facts": ""}

    def edit(row, foreign):
        for _ in range(25):
            address = f"/console/jars/edit/{row.id}?_flt_0_shelf={foreign.id}"
            visitor.post(address, data={**data, "name": row.name})

    threads = [threading.Thread(target=edit, args=pair) for pair in zip(jars, reversed(shelves), strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    session.expire_all()
    assert [row.shelf_id for row in jars] == [shelf.id for shelf in shelves]
    session.execute(sa.update(Jar).values(shelf_id=None))
    session.execute(sa.delete(Shelf))
    session.commit()


def test_filters_of_a_view_belong_to_the_request(lab):
    view = next(v for v in lab.appbuilder.baseviews if isinstance(v, JarView))
    with lab.test_request_context():
        first = view._filters
        assert view._filters is first
    with lab.test_request_context():
        assert view._filters is not first


def test_there_is_no_way_to_delete_or_download_through_flask_appbuilder(app):
    methods = {
        rule.endpoint.rpartition(".")[2] for rule in app.url_map.iter_rules() if rule.rule.startswith("/console/")
    }
    assert not methods & {"delete", "download", "userinfo", "back", "get_menu_data", "security"}


def test_stock_paging_still_breaks_on_a_word(app):
    """When this fails, Flask-AppBuilder reads its page numbers with care."""
    with app.test_request_context("/?page_X=abc"), pytest.raises(ValueError, match="invalid literal"):
        urltools.get_page_args()
