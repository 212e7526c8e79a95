"""HTML in, PDF bytes out. The same HTML and issue date give the same bytes on every machine with the same wheels."""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from reports.errors import PaperRefused, PaperUnavailable
from reports.layout.letters import legible

_LONGEST_HTML = 2_000_000
_FONTS_CONF = Path(__file__).with_name("fonts.conf")
_one_at_a_time = threading.Lock()


@contextmanager
def _surroundings(**variables: str) -> Iterator[None]:
    """Environment variables are the only switches these libraries have; they are put back at once."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def warm_up() -> None:
    """For a process that forks: what every child would load again is loaded once. Says nothing without Pango."""
    with suppress(PaperUnavailable):
        _typeset()
    legible("x")


def press(html: str, *, issued_at: datetime) -> bytes:
    """Tagged PDF/UA-1. `issued_at` (aware) is the only date in the file.

    Raises PaperUnavailable when Pango is missing, PaperRefused for a document that is too long or reaches outside.
    """
    if len(html) > _LONGEST_HTML:
        raise PaperRefused("This document would be too long.")
    epoch = str(int(issued_at.timestamp()))  # fontTools stamps the embedded font with it
    with _one_at_a_time, _surroundings(SOURCE_DATE_EPOCH=epoch, FONTCONFIG_FILE=str(_FONTS_CONF)):
        return _typeset()(html, sha256(html.encode()).digest()[:16])


def _typeset() -> Callable[[str, bytes], bytes]:
    """Imported late: it needs Pango from the system, and only paper does. Raises PaperUnavailable."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a machine without any font warns at import; we bring our own
        try:
            from reports.layout.engine import typeset
        except (OSError, ImportError) as error:
            raise PaperUnavailable(
                "Documents cannot be made on this machine: install the Pango library "
                "(libpango-1.0-0, libpangoft2-1.0-0 and libharfbuzz-subset0)."
            ) from error
    return typeset
