"""Errors as the provider's API words them."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """`executed` says that the work had begun, so the answer is kept under its idempotency key."""

    def __init__(
        self,
        status: int,
        kind: str,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        executed: bool = False,
    ) -> None:
        super().__init__(message)
        self.status, self.kind, self.code, self.param, self.executed = status, kind, code, param, executed

    def body(self) -> dict[str, Any]:
        """The JSON document that the provider's SDK takes apart."""
        error = {"type": self.kind, "message": str(self), "code": self.code, "param": self.param}
        return {"error": {name: value for name, value in error.items() if value is not None}}


def invalid(message: str, *, param: str | None = None, code: str | None = None, executed: bool = False) -> ApiError:
    """A request that can never work as it stands (400)."""
    return ApiError(400, "invalid_request_error", message, code=code, param=param, executed=executed)


def missing(kind: str, identity: str) -> ApiError:
    """No object of that kind has that id (404)."""
    return ApiError(404, "invalid_request_error", f"No such {kind}: '{identity}'", code="resource_missing", param="id")
