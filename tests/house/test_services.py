"""Verbs never commit, edges do once; what is audited is written row by row; what is public says what it does."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator

import models
from app.audit_trail import UNAUDITED
from models.base import Base
from tests.house.tree import Source, sample, sources

for _found in pkgutil.walk_packages(models.__path__, "models."):
    importlib.import_module(_found.name)

COMMITS = {
    "app/unit_of_work.py": "the one place",
    "security/manager.py": "Flask-AppBuilder commits a sign-in by itself; audited as its own actor",
}
QUIET = ("models", "app/services", "reports", "app/clients")
"""Floors that never end a transaction, nor open one."""
ENDS = {"commit", "rollback", "begin"}

BULK = {
    "app/services/commerce/asked.py": "when the sweep last asked: machinery, every minute, and nothing about money",
    "app/services/people/sign_in.py": "when a session was last seen; how often a name failed, which is noted besides",
    "app/services/commerce/review_figure.py": "follows from reviews, which are audited; I29 adds them up",
    "app/services/commerce/webhook_door.py": "hundreds a second: the same statement writes the audit row",
}
"""Places that may write audited tables past the session, each with its reason."""
SQL = re.compile(r"^\s*(?:insert\s+into|update|delete\s+from)\s+(?:public\.)?\"?([a-z_]+)", re.IGNORECASE)
OWN_DATABASE = ("app/simulators/",)  # the payment provider's own SQLite


def _ends(source: Source) -> Iterator[str]:
    for name, call in source.calls():
        holder, _, last = name.rpartition(".")
        if last in ENDS and holder.split(".")[-1] in {"session", "work", "connection", "current", "session()"}:
            yield f"{source.at(call)} {name}()"


def _opens(source: Source) -> Iterator[str]:
    for name, call in source.calls():
        if name.split(".")[-1] == "unit_of_work":
            yield f"{source.at(call)} {name}()"


def test_commits_happen_in_the_unit_of_work_and_nowhere_else() -> None:
    found = [
        line
        for source in sources()
        if source.name not in COMMITS and not source.name.startswith(OWN_DATABASE)
        for line in _ends(source)
        if ".commit()" in line
    ]
    assert not found, "open a unit_of_work at the edge instead:\n" + "\n".join(found)


def test_no_verb_or_noun_ends_or_opens_a_transaction() -> None:
    found = [line for source in sources(*QUIET) for line in (*_ends(source), *_opens(source))]
    assert not found, "the edge that called decides; flush if you need an id:\n" + "\n".join(found)


def test_a_commit_in_a_verb_is_seen() -> None:
    assert list(_ends(sample("def pay(session):\n    session.commit()"))) == [
        "app/services/people/sample.py:2 session.commit()"
    ]
    assert list(_opens(sample("with unit_of_work(actor) as session: ...")))


def _tables() -> dict[str, str]:
    """Class name → table, for every model."""
    return {mapper.class_.__name__: str(mapper.class_.__tablename__) for mapper in Base.registry.mappers}


def _bulk_writes(source: Source) -> Iterator[tuple[str, str]]:
    """(where, table) of every statement that writes rows past the session."""
    tables, short = _tables(), _aliases(source)
    for name, call in source.calls():
        last = name.split(".")[-1]
        if last in {"insert", "update", "delete"} and call.args and isinstance(call.args[0], ast.Name | ast.Attribute):
            model = ast.unparse(call.args[0]).split(".")[-1]
            model = short.get(model, model)
            if model in tables and not name.startswith(("session.", "work.")):
                yield source.at(call), tables[model]
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and (found := SQL.match(node.value)):
            yield source.at(node), found[1].lower()


def _aliases(source: Source) -> dict[str, str]:
    """`M = OutboxMessage` at the top of a module."""
    return {
        ast.unparse(node.targets[0]): ast.unparse(node.value)
        for node in source.tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Name)
    }


def _unseen_writes(source: Source) -> list[str]:
    known = {table.name for table in Base.metadata.sorted_tables}
    return [
        f"{where} writes {table}" for where, table in _bulk_writes(source) if table in known and table not in UNAUDITED
    ]


def test_audited_tables_are_written_row_by_row() -> None:
    """Bulk SQL leaves no audit row: change the objects, or list the place with its reason."""
    found = [
        line
        for source in sources()
        if source.name not in BULK and not source.name.startswith(OWN_DATABASE)
        for line in _unseen_writes(source)
    ]
    assert not found, "\n".join(found)


def test_a_bulk_write_is_seen_under_another_name_and_as_text() -> None:
    assert _unseen_writes(sample("S = Seller\nsession.execute(sa.update(S).values(state='active'))"))
    assert _unseen_writes(sample("session.execute(sa.text('UPDATE seller SET state = 1'))"))
    assert not _unseen_writes(sample("session.execute(sa.update(Heartbeat).values(at=now))"))


def test_every_listed_place_still_needs_its_exception() -> None:
    assert all(_unseen_writes(sources(name)[0]) for name in BULK)
    assert all("commit()" in sources(name)[0].text for name in COMMITS)


def _undocumented(source: Source) -> Iterator[str]:
    if source.text.strip() and not ast.get_docstring(source.tree):
        yield f"{source.name}: say in a sentence what lives here"
    for node in source.tree.body:
        public = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith(
            "_"
        )
        if public and not ast.get_docstring(node):  # type: ignore[arg-type]
            yield f"{source.at(node)} {node.name}"  # type: ignore[attr-defined]


def test_every_public_function_and_class_says_what_its_name_does_not() -> None:
    found = [
        line
        for source in sources("config.py", *("app", "views", "models", "security", "reports", "jobs"))
        if not source.name.startswith("app/simulators/payments/endpoints.py")  # the provider's own routes, one each
        for line in _undocumented(source)
    ]
    assert not found, "add a sentence: units, errors, the source of a rule:\n" + "\n".join(found)


def test_a_function_without_a_sentence_is_seen() -> None:
    assert list(_undocumented(sample('"""Doc."""\ndef pay(): ...'))) == ["app/services/people/sample.py:2 pay"]
    assert not list(_undocumented(sample('"""Doc."""\ndef _pay(): ...')))


def _loose_verbs(source: Source) -> Iterator[str]:
    """Public verbs whose actor could be forgotten, or given by position."""
    for node in source.tree.body:
        public = isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
        if public and "actor" in {argument.arg for argument in node.args.args}:  # type: ignore[attr-defined]
            yield f"{source.at(node)} {node.name}: make actor keyword-only"  # type: ignore[attr-defined]


def test_the_actor_of_a_verb_is_named_and_never_positional() -> None:
    found = [line for source in sources("app/services") for line in _loose_verbs(source)]
    assert not found, "\n".join(found)


def test_a_positional_actor_is_seen() -> None:
    assert list(_loose_verbs(sample("def pay(session, row, actor): ...")))
