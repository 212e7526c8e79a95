"""Numbers for Prometheus, safe with many processes. Free of Flask.

Requests are counted in files of PROMETHEUS_MULTIPROC_DIR, which every web process shares. Jobs are counted in Redis,
because each runs in a process of its own; a count that Redis forgets begins again at 0, as a counter may. What the
database knows (queues, timers, seals, heartbeats) is asked at scrape time. docs/ARCHITECTURE.md lists the names.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from redis import Redis
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)
JOBS_KEY = "metrics:jobs"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds."""

REQUESTS = Counter(
    "fixnado_http_requests_total", "Requests answered, by route template", ["method", "route", "status"], registry=None
)
SECONDS = Histogram(
    "fixnado_http_request_seconds",
    "Seconds until the answer began, by route template",
    ["method", "route"],
    registry=None,
    buckets=BUCKETS,
)


@dataclass(frozen=True, slots=True)
class Reading:
    """One number asked for at scrape time: `values` maps the value of `label` (or "" without one) to the number."""

    name: str
    text: str
    values: Mapping[str, float]
    label: str = ""


def count_request(method: str, route: str, status: int, seconds: float) -> None:
    """`route` is the template (`/orders/<order_id>`), never an address: numbers per order would never end."""
    method = method if method in METHODS else "OTHER"
    REQUESTS.labels(method, route or "(none)", str(status)).inc()
    SECONDS.labels(method, route or "(none)").observe(seconds)


def count_job(redis: Redis, name: str, outcome: str) -> None:
    """`outcome`: done, failed, dead, postponed or superseded. A Redis that is away costs the count, not the job."""
    try:
        redis.hincrby(JOBS_KEY, f"{name} {outcome}", 1)
    except RedisError as error:
        log.debug("job not counted", job=name, outcome=outcome, error=str(error))


def job_counts(redis: Redis) -> Iterator[tuple[str, str, int]]:
    """(job, outcome, how often) since Redis last began. Raises RedisError."""
    for key, value in sorted(redis.hgetall(JOBS_KEY).items()):
        name, _, outcome = (key if isinstance(key, str) else key.decode()).partition(" ")
        yield name, outcome, int(value)


def exposition(ask: Callable[[], Iterable[Reading]], redis: Redis) -> bytes:
    """Everything in Prometheus' text format. A part that does not answer is left out, and `fixnado_up` says so."""
    registry = CollectorRegistry()
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        for own in (REQUESTS, SECONDS):
            registry.register(own)
    registry.register(_Asked(ask, redis))
    return generate_latest(registry)


class _Asked(Collector):
    def __init__(self, ask: Callable[[], Iterable[Reading]], redis: Redis) -> None:
        self._ask = ask
        self._redis = redis

    def collect(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("fixnado_up", "1 while this part answers", labels=["part"])
        for part, look in (("database", self._readings), ("redis", self._jobs)):
            try:
                found = list(look())
            except Exception as error:  # noqa: BLE001  a scrape shows what it can, whatever is broken
                log.warning("not measured", part=part, error=type(error).__name__)
                up.add_metric([part], 0)
            else:
                up.add_metric([part], 1)
                yield from found
        yield up

    def _readings(self) -> Iterator[Metric]:
        for one in self._ask():
            family = GaugeMetricFamily(one.name, one.text, labels=[one.label] if one.label else [])
            for value_of_label, value in one.values.items():
                family.add_metric([value_of_label] if one.label else [], value)
            yield family

    def _jobs(self) -> Iterator[Metric]:
        family = CounterMetricFamily("fixnado_jobs", "Jobs run, by outcome", labels=["job", "outcome"])
        for name, outcome, count in job_counts(self._redis):
            family.add_metric([name, outcome], count)
        yield family
