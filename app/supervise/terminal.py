"""What the person at the terminal reads: progress lines, and one sentence when something cannot work."""

from __future__ import annotations

import contextlib

WIDTH = 9


class Trouble(SystemExit):
    """Stops the command with exit code 1. The text is one sentence: what is wrong and what to do."""


def say(text: str, who: str = "run") -> None:
    """One line with its origin in front. A closed terminal is no error."""
    with contextlib.suppress(OSError):
        print(f"{who:<{WIDTH}}| {text}", flush=True)  # noqa: T201
