"""Form fields as the provider's API nests them: `metadata[order]=7`, `expand[0]=latest_charge`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from app.simulators.payments.errors import invalid

NAME = re.compile(r"\w+(\[\w*\])*")


def nested(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The fields as a tree of dicts; a list is a dict with numbers for names."""
    tree: dict[str, Any] = {}
    for name, value in pairs:
        if not NAME.fullmatch(name):
            raise invalid(f"Invalid parameter name: {name}", param=name)
        *path, leaf = re.findall(r"\w+", name)
        branch = tree
        for step in path:
            branch = branch.setdefault(step, {})
            if not isinstance(branch, dict):
                raise invalid(f"Invalid object: {step}", param=name)
        branch[leaf] = value
    return tree


def only(params: Mapping[str, Any], *names: str) -> None:
    """Refuse what the endpoint does not know, as the provider does."""
    for name in params:
        if name not in {*names, "expand"}:
            raise invalid(f"Received unknown parameter: {name}", param=name, code="parameter_unknown")


def whole(params: Mapping[str, Any], name: str) -> int:
    """A whole number, of minor units or of seconds."""
    text = str(params.get(name, ""))
    if not re.fullmatch(r"\d{1,12}", text):
        raise invalid(f"Invalid integer: {text}", param=name, code="parameter_invalid_integer")
    return int(text)
