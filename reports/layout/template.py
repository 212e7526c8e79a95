"""Templates for paper: sandboxed, escaped, strict about missing names, and only with letters the font has."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from reports.layout.formats import calendar_day, day, instant, money, percent, window
from reports.layout.letters import composed, legible
from reports.layout.prose import lines, prose

_REPORTS = Path(__file__).parents[1]


def _finalize(value: Any) -> Any:
    """The last word on every printed expression: escaping comes after it, missing values are an error."""
    if value is None:
        raise TypeError("a document has no place for a missing value")
    if isinstance(value, Markup):
        return Markup(legible(value))  # noqa: S704  it was markup before; no letter becomes markup
    return legible(composed(value)) if isinstance(value, str) else value


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(_REPORTS),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(money=money, percent=percent, date=calendar_day, day=day, instant=instant, window=window)
    environment.filters.update(prose=prose, lines=lines, hex=bytes.hex)
    return environment


def fill(template: str, **values: Any) -> str:
    """The HTML of a template named by its path under `reports/`. A missing name or value raises."""
    return _environment().get_template(template).render(**values)
