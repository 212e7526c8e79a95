"""What a reader of logs needs to follow one request into its jobs. (Logging, metrics and traces are set up here.)"""

from __future__ import annotations

from contextvars import ContextVar

request_id: ContextVar[str] = ContextVar("request_id", default="")
traceparent: ContextVar[str] = ContextVar("traceparent", default="")


def current_request_id() -> str:
    """The id of the request (or of the request that caused this job); empty outside of both."""
    return request_id.get()


def current_traceparent() -> str:
    """The W3C trace context to hand on, empty when tracing is off."""
    return traceparent.get()
