"""The provider's bad days: answers lost, messages doubled, dropped and in the wrong order. The seed chooses."""

from __future__ import annotations

import contextlib
import random
import threading

import httpx

from tools.soak.world import World

STORMS: tuple[dict[str, int], ...] = (
    {"hook_copies": 3},
    {"hook_copies": 1},
    {"hook_reorder": 3},
    {"hook_reorder": 0},
    {"hook_drop": 2},
    {"hook_delay_s": 2},
    {"hook_delay_s": 0},
    {"error_before": 2},
    {"error_after": 2},
    {"timeout_after": 1, "timeout_s": 12},
    {"answer_delay_ms": 400},
    {"answer_delay_ms": 0},
    {"payment_delay_s": 3},
    {"payment_delay_s": 0},
    {"rate_limit": 2},
)
PAUSE = 2.5
"""Seconds from one change to the next."""


def storm(world: World, seed: int, over: threading.Event) -> None:
    """Turns knobs until it is over; a provider that is dead just now is asked again."""
    chance = random.Random(f"weather {seed}")  # noqa: S311  chance that can be repeated
    while not over.wait(PAUSE):
        with contextlib.suppress(httpx.HTTPError):
            world.knobs(**chance.choice(STORMS))
