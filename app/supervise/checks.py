"""Looks before the start: each returns, or raises Trouble with one sentence about what to do."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from urllib.parse import parse_qs, urlsplit

from app.supervise.terminal import Trouble

OLDEST_POSTGRES = 15  # since then only the owner may create in schema public, and `merge` and unique nulls exist
PATIENCE = 5  # seconds
LAST_PORT = 65535


def where(url: str) -> str:
    """An address without its user and password."""
    parts = urlsplit(url)
    host = parts.hostname or parse_qs(parts.query).get("host", [""])[0]
    return f"{host}{f':{parts.port}' if parts.port else ''}{parts.path}"


def _address(url: str) -> str:
    """SQLAlchemy's spelling (postgresql+psycopg://) and the old one (postgres://) as libpq reads them."""
    return "postgresql" + url[url.index("://") :] if "://" in url else url


def database(name: str, url: str) -> None:
    """`name` is the variable that `url` came from."""
    import psycopg  # late: `make stop` needs none of it

    address = _address(url)
    try:
        with psycopg.connect(address, connect_timeout=PATIENCE, autocommit=True) as connection:
            version = connection.info.server_version // 10000
    except (psycopg.Error, ValueError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise Trouble(f"{name}: PostgreSQL at {where(url)} cannot be used: {reason}") from None
    if version < OLDEST_POSTGRES:
        raise Trouble(f"{name}: PostgreSQL {version} at {where(url)} is too old; {OLDEST_POSTGRES} or later is needed")


def application_role(url: str) -> None:
    """After the first migration made the group: the product's role must be able to act as its member."""
    import psycopg

    question = "select current_user, pg_has_role(current_user, 'fixnado_application', 'member')"
    with psycopg.connect(_address(url), connect_timeout=PATIENCE) as connection:
        user, member = connection.execute(question).fetchone() or ("", False)
    if not member:
        grant = f'grant fixnado_application to "{user}"'
        raise Trouble(f"DATABASE_URL: {user} is not the application's role; run once as a superuser: {grant}")


def redis(url: str) -> None:
    """Raises Trouble with one sentence when nothing answers there."""
    from redis import Redis, RedisError

    try:
        Redis.from_url(url, socket_connect_timeout=PATIENCE, socket_timeout=PATIENCE).ping()
    except (RedisError, ValueError, OSError) as error:
        raise Trouble(f"REDIS_URL: Redis at {where(url)} cannot be reached: {str(error).splitlines()[0]}") from None


def listen(asked: str | None, otherwise: Iterable[int]) -> socket.socket:
    """A listening socket on 127.0.0.1: the port asked for, else the first free one. The port is ours from here on."""
    if asked is not None and not (asked.isdigit() and int(asked) <= LAST_PORT):
        raise Trouble(f"PORT={asked} is not a port number; say for example: make run PORT=8080")
    tried = [int(asked)] if asked is not None else list(otherwise)
    for port in tried:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
            listener.listen(128)
        except OSError:
            listener.close()
            continue
        return listener
    if asked is not None:
        raise Trouble(f"port {asked} on 127.0.0.1 is taken or not allowed; say another: make run PORT=8080")
    raise Trouble(f"ports {tried[0]}-{tried[-1]} on 127.0.0.1 are taken; say one: make run PORT=9000")


def free_port(wanted: Iterable[int]) -> int:
    """A port nobody listens on now; for a program that opens it itself a moment later."""
    with listen(None, [*wanted, 0]) as listener:
        return int(listener.getsockname()[1])
