"""Every job is filed under its name, every queue has a worker, every schedule and every message has a job."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator

from jobs.base import QUEUES, REGISTRY, JobRun, load_all
from jobs.schedule import SCHEDULES
from tests.house.tree import ROOT, Source, sample, sources

load_all()
NAME = re.compile(r"[a-z_]+\.[a-z_]+\.[a-z_]+")
JOBS = {name: entry for name, entry in REGISTRY.items() if not name.startswith("test.")}


def _misfiled(name: str, module: str) -> str | None:
    return None if module == f"jobs.{name.rpartition('.')[0]}" else f"{name} is written in {module}"


def test_a_job_s_name_is_where_it_is_written() -> None:
    """`commerce.contract.write` stands in jobs/commerce/contract.py."""
    found = [told for name, (_, function) in JOBS.items() if (told := _misfiled(name, function.__module__))]
    assert not found, found
    assert len(JOBS) >= 5
    assert _misfiled("commerce.contract.write", "jobs.commerce.paper")


def test_every_queue_has_a_worker() -> None:
    """One worker program listens to every queue; a queue nobody listens to keeps its jobs for ever."""
    used = {queue for queue, _ in JOBS.values()}
    assert used <= set(QUEUES)
    worker = (ROOT / "jobs" / "worker.py").read_text(encoding="utf-8")
    assert "for name in QUEUES" in worker
    started = "\n".join(source.text for source in sources("app/supervise"))
    assert "jobs.worker" in started, "the supervisor starts no worker"
    assert "jobs.clock" in started, "the supervisor starts no clock"


def test_every_schedule_has_a_job_that_needs_nothing() -> None:
    for schedule in SCHEDULES:
        assert schedule.job in JOBS, f"{schedule.job} is scheduled and does not exist"
        parameters = inspect.signature(JOBS[schedule.job][1]).parameters
        assert list(parameters) == ["run"], f"{schedule.job}: a scheduled run carries no payload"


def test_a_job_takes_its_run_and_then_only_named_values() -> None:
    for name, (_, function) in JOBS.items():
        first, *rest = inspect.signature(function, eval_str=True).parameters.values()
        assert first.annotation is JobRun, f"{name}: the first parameter is `run: JobRun`"
        assert all(one.kind is one.KEYWORD_ONLY for one in rest), f"{name}: make the payload keyword-only"
        assert all(one.annotation in (str, int, bool, list[str]) for one in rest), (
            f"{name}: a payload is ids, as JSON has them"
        )


def test_a_job_says_what_will_be_true() -> None:
    for name, (_, function) in JOBS.items():
        assert inspect.getdoc(function), f"{name} has no sentence"


def _sent(source: Source) -> Iterator[tuple[str, str, str, set[str] | None]]:
    """(where, job, queue, names in the payload) of every `send` that names its job."""
    for name, call in source.calls():
        if name.split(".")[-1] != "send" or len(call.args) < 2 or not isinstance(call.args[1], ast.Constant):
            continue
        words = {keyword.arg: keyword.value for keyword in call.keywords}
        queue, payload = words.get("queue"), words.get("payload")
        names = (
            {key.value for key in payload.keys if isinstance(key, ast.Constant)}
            if isinstance(payload, ast.Dict)
            else None
        )
        if NAME.fullmatch(str(call.args[1].value)):
            said = str(queue.value) if isinstance(queue, ast.Constant) else "default"
            yield source.at(call), str(call.args[1].value), said, names if payload else set()


def _wrong(source: Source) -> Iterator[str]:
    for where, job, queue, names in _sent(source):
        if job not in JOBS:
            yield f"{where}: no job is called {job}"
            continue
        registered, function = JOBS[job]
        if queue != registered:
            yield f"{where}: {job} is registered for the queue {registered}, and sent to {queue}"
        wanted = set(inspect.signature(function).parameters) - {"run"}
        if names is not None and names != wanted:
            yield f"{where}: {job} takes {sorted(wanted)}, and is sent {sorted(names)}"


def test_every_message_has_a_job_that_takes_it_on_its_queue() -> None:
    found = [line for source in sources("app", "views", "jobs", "security") for line in _wrong(source)]
    assert not found, "\n".join(found)
    assert sum(1 for source in sources("app") for _ in _sent(source)) >= 5


def test_a_message_to_nobody_is_seen() -> None:
    def told(text: str) -> list[str]:
        return list(_wrong(sample(text)))

    assert told('send(session, "commerce.contract.lose", key="k")') == [
        "app/services/people/sample.py:1: no job is called commerce.contract.lose"
    ]
    assert (
        "is sent ['order']"
        in told('send(s, "commerce.contract.write", key="k", payload={"order": 1}, queue="paper")')[0]
    )
    assert "sent to default" in told('send(s, "commerce.contract.write", key="k", payload={"order_id": 1})')[0]


def _plain_queue_use(source: Source) -> list[str]:
    return [
        source.at(call)
        for name, call in source.calls()
        if name.split(".")[-1] in {"enqueue", "enqueue_at", "enqueue_in"}
    ]


def test_only_the_clock_feeds_the_queue() -> None:
    """A job enqueued by hand is lost with Redis: write an outbox row with app.outbox.send."""
    found = [line for source in sources() if source.name != "jobs/clock.py" for line in _plain_queue_use(source)]
    assert not found, found
    assert _plain_queue_use(sample("queue.enqueue(f, 1)"))


CLOCKS = {"utc_now", "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns"}
SQL_CLOCKS = {"now", "current_timestamp", "clock_timestamp", "statement_timestamp", "current_date", "localtimestamp"}
REAL = {
    "app/clients/mail.py": "the Date of a mail is when it travels",
    "app/clients/storage.py": "the age of a file on disk",
    "app/commands/clock.py": "says how far real time and the clock are apart",
    "app/outbox.py": "when a message was written; the machinery waits in real time",
    "app/services/commerce/webhook_inbox.py": "the age of a signature, which the provider made in real time",
    "app/services/commerce/webhook_door.py": "when a row was made, as the models write it",
    "app/services/people/person.py": "when an account was made, as Flask-AppBuilder writes it",
    "app/services/platform/clock.py": "is the clock",
    "app/services/platform/heartbeat.py": "whether a program lives",
    "app/services/platform/outbox_message.py": "leases",
    "app/services/platform/seal.py": "the age of what waits for its seal",
    "jobs/people/access_token.py": "how long a program may stay signed in",
    "jobs/people/sign_in.py": "how long a session is remembered",
    "jobs/platform/idempotency_key.py": "how long an answer is kept",
    "jobs/sealer.py": "when a head was published, which is evidence",
    "models/types.py": "is where real time comes from",
    "security/manager.py": "when somebody signed in",
    "security/sessions.py": "when a session began and was last seen",
    "views/api/caller.py": "how long a program may stay signed in",
    "views/api/people/access_token.py": "how long a program may stay signed in",
    "views/console/people/user.py": "when an account was changed, as Flask-AppBuilder writes it",
    "views/console/platform/invariant.py": "when the page asked",
    "views/drawing.py": "how long ago a row was made",
    "views/storefront/people/account_security.py": "which sessions and tokens count now",
}
"""The only modules that ask another clock than app.services.platform.clock, each with what must be real about it."""


def _other_clocks(source: Source) -> list[str]:
    found = []
    for name, call in source.calls():
        sql = name.startswith(("func.", "sa.func.")) and name.rpartition(".")[2] in SQL_CLOCKS
        if name in CLOCKS or name.rpartition(".")[2] == "utc_now" or sql:
            found.append(source.at(call))
    return found


def test_nobody_asks_another_clock() -> None:
    """What a verb, a guard, a timer or a list compares with must move when `flask clock advance` moves the time."""
    asked = {source.name: found for source in sources() if (found := _other_clocks(source))}
    asked = {name: found for name, found in asked.items() if not name.startswith("app/simulators/")}
    strangers = [line for name, found in asked.items() if name not in REAL for line in found]
    assert not strangers, f"ask app.services.platform.clock: {strangers}"
    assert REAL.keys() <= asked.keys(), f"needs no exception any more: {REAL.keys() - asked.keys()}"


def test_another_clock_is_seen() -> None:
    for text in ("utc_now()", "types.utc_now()", "datetime.now(UTC)", "sa.func.now()", "date.today()", "time.time()"):
        assert _other_clocks(sample(text)), text
    assert not _other_clocks(sample("clock.now()"))
    assert not _other_clocks(sample("clock.real()"))
