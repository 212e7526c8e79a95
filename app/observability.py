"""Logs, request ids and traces: what a reader needs to follow one request into its jobs. Free of Flask.

Logs are JSON lines on standard output. Tracing is off unless a collector is configured.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import structlog
from opentelemetry import propagate, trace

request_id: ContextVar[str] = ContextVar("request_id", default="")


def current_request_id() -> str:
    """The id of the request (or of the request that caused this job); empty outside of both."""
    return request_id.get()


def current_traceparent() -> str:
    """The W3C trace context to hand on, empty when tracing is off."""
    carrier: dict[str, str] = {}
    propagate.inject(carrier)
    return carrier.get("traceparent", "")


def setup(level: str, process: str, collector: str = "") -> None:
    """Once per process. `collector` is the address of an OpenTelemetry collector (OTLP over HTTP), empty for none."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        _where(process),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for chatty in ("rq", "weasyprint.progress"):  # the latter speaks already while it is imported
        logging.getLogger(chatty).setLevel(logging.WARNING)
    if collector:
        _trace_to(collector, process)


def _where(process: str) -> structlog.types.Processor:
    def add(_: object, __: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
        event["process"] = process
        if request_id.get():
            event["request_id"] = request_id.get()
        span = trace.get_current_span().get_span_context()
        if span.is_valid:
            event["trace_id"] = format(span.trace_id, "032x")
        return event

    return add


def _trace_to(collector: str, process: str) -> None:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource.create({"service.name": f"fixnado-{process}"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{collector.rstrip('/')}/v1/traces")))
    trace.set_tracer_provider(provider)


@contextmanager
def job_context(name: str, caused_by: str, parent: str) -> Iterator[None]:
    """Logs and spans of a job carry the request id and the trace of what caused it."""
    token = request_id.set(caused_by)
    context = propagate.extract({"traceparent": parent}) if parent else None
    try:
        with trace.get_tracer("fixnado").start_as_current_span(name, context=context):
            yield
    finally:
        request_id.reset(token)
