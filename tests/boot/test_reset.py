"""The ground under the other tests: what one test commits, the next does not see."""

from __future__ import annotations

import socket
import time

import psycopg
import pytest
from flask import Flask, g
from flask.testing import FlaskClient

from tests.databases import Database


@pytest.fixture
def private(committed: Database) -> Database:
    with psycopg.connect(committed.superuser_url) as admin:
        admin.execute("insert into ab_view_menu (name) values ('Orders'), ('Holds')")
    committed.remember_baseline()
    return committed


def test_the_application_connects_as_the_role_that_may_not_alter(database_url: str) -> None:
    with psycopg.connect(database_url) as database, pytest.raises(psycopg.errors.InsufficientPrivilege):
        database.execute("alter table ab_user add column forged text")


def test_the_application_may_not_truncate(database_url: str) -> None:
    with psycopg.connect(database_url) as database, pytest.raises(psycopg.errors.InsufficientPrivilege):
        database.execute("truncate ab_register_user")


@pytest.mark.parametrize("turn", [1, 2])
def test_a_committed_row_is_gone_in_the_next_test(database_url: str, turn: int) -> None:
    with psycopg.connect(database_url) as database:
        assert database.execute("select count(*) from ab_register_user").fetchone() == (0,), turn
        database.execute(
            "insert into ab_register_user (id, first_name, last_name, username, email) values (1, 'A', 'B', 'a', 'a@b')"
        )


@pytest.mark.parametrize(
    "write",
    [
        "delete from ab_view_menu where name = 'Orders'",
        "update ab_view_menu set name = 'Other' where name = 'Holds'",
        "insert into ab_view_menu (name) values ('New')",
    ],
)
def test_baseline_rows_come_back_as_they_were(private: Database, write: str) -> None:
    def names() -> list[tuple[str]]:
        with psycopg.connect(private.url) as database:
            return database.execute("select id, name from ab_view_menu order by id").fetchall()

    before = names()
    with psycopg.connect(private.url) as database:
        database.execute(write.encode())
    assert names() != before
    private.reset()
    assert names() == before


def test_a_transaction_left_open_is_named(private: Database) -> None:
    assert private.connection
    private.connection.execute("set lock_timeout = '50ms'")
    with psycopg.connect(private.url) as database:
        database.execute("insert into ab_view_menu (name) values ('Kept')")
        database.commit()
        database.execute("select 1 from ab_view_menu for update")
        with pytest.raises(AssertionError, match="left a transaction open"):
            private.reset()


def test_a_reset_of_an_untouched_database_is_quick(private: Database) -> None:
    for _ in range(10):
        private.reset()
    began = time.perf_counter()
    for _ in range(20):
        private.reset()
    assert (time.perf_counter() - began) / 20 < 0.05


def test_two_clients_are_two_people(app: Flask, client: FlaskClient) -> None:
    """A fresh context per request: `g` of one request is never seen by the next."""
    seen = []

    def look() -> None:
        seen.append(g.get("visitor"))
        g.visitor = "first"

    app.before_request_funcs.setdefault(None, []).append(look)  # other tests have used this application before
    try:
        client.get("/healthz")
        app.test_client().get("/healthz")
    finally:
        app.before_request_funcs[None].remove(look)
    assert seen == [None, None]


def test_the_network_is_closed_to_tests() -> None:
    with socket.socket() as probe, pytest.raises(AssertionError, match="reached for the network"):
        probe.connect(("192.0.2.1", 80))
    with pytest.raises(AssertionError, match="another machine"):
        socket.getaddrinfo("example.org", 80)
