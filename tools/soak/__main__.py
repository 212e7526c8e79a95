"""`SEED=7 SOAK_SECONDS=120 make soak`: trade, kill, wait, check. One line of JSON, exit 1 with what is broken.

The seed repeats who is killed and when, what the provider does wrong and what people wish for; how these meet in time
is up to the machine.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx

from tools.soak import books, calm, crowd, weather
from tools.soak.person import Diary
from tools.soak.victims import Kill, Killer, plan
from tools.soak.world import World

SECONDS = 120.0
PATIENCE = 420.0
"""Seconds until everything must have come to rest: the longest pause of a message that failed five times is 300."""
PROOFS = (("ledger", "verify"), ("audit", "verify"), ("invariants", "check"))
KEPT_LOG = Path("var/soak.log")
STATES = "select state, count(*) from {} group by state order by state"
AFTERWARDS = ("16d", "60d", "60d", "16d")
"""The clock is moved on so far, step by step, until every order is over: the money has a way out. The last step is for
what people may still decide when a bank has been slow."""


def main() -> int:
    """Progress on standard error, the summary on standard output."""
    seed = int(os.environ.get("SEED") or secrets.randbelow(1_000_000))
    seconds = float(os.environ.get("SOAK_SECONDS") or SECONDS)
    world, diary = World.of(os.environ), Diary()
    _say(f"SEED={seed} SOAK_SECONDS={seconds:g}: people trade, programs die")
    killer = Killer(os.getppid())
    _trade(world, seed, seconds, diary, killer)
    broken = _at_rest(world, diary)
    broken += diary.troubles + world.unexpected()
    if os.environ.get("SOAK_AFTERWARDS", "1") != "0":
        for step in AFTERWARDS:
            _say(f"the clock goes {step} on")
            _flask("clock", "advance", step)
            if decided := world.banks_decide():
                _say(f"{decided} cases are decided by their banks")
            broken += [f"after {step}: {line}" for line in _at_rest(world, diary)]
        broken += books.still_open(world)
    broken = list(dict.fromkeys(broken))
    for line in broken:
        _say(f"BROKEN {line}")
    if broken:
        shutil.copy(world.folder / "served.log", KEPT_LOG)
        _say(f"what the programs said: {KEPT_LOG}")
    sys.stdout.write(json.dumps(_summary(world, seed, seconds, diary, killer) | {"broken": len(broken)}) + "\n")
    return 1 if broken else 0


def _trade(world: World, seed: int, seconds: float, diary: Diary, killer: Killer) -> None:
    over = threading.Event()
    people = crowd.gather(world, seed, over, diary)
    threads = [threading.Thread(target=one.live, daemon=True) for one in people]
    if os.environ.get("SOAK_WEATHER", "1") != "0":
        threads.append(threading.Thread(target=weather.storm, args=(world, seed, over), daemon=True))
    for thread in threads:
        thread.start()
    began = time.monotonic()
    for kill in plan(seed, seconds):
        time.sleep(max(0.0, began + kill.at - time.monotonic()))
        _strike(killer, kill)
    time.sleep(max(0.0, began + seconds - time.monotonic()))
    over.set()
    for thread in threads:
        thread.join(30)


def _strike(killer: Killer, kill: Kill) -> None:
    hit = killer.strike(kill)
    _say(f"{kill.at:5.1f} s  {kill.victim} {'killed' if hit else 'was not there'}")


def _at_rest(world: World, diary: Diary) -> list[str]:
    """Waits until nothing moves; answers what is wrong then."""
    _good_weather(world)
    began = time.monotonic()
    restless = calm.wait(world, PATIENCE, _say)
    _say(f"at rest after {time.monotonic() - began:.0f} s" if not restless else "never came to rest")
    found = [f"does not come to rest: {line}" for line in restless] + books.faults(world, diary.kept)
    for words in PROOFS:
        done = _flask(*words)
        if done.returncode:
            lines = (done.stdout + done.stderr).strip().splitlines()
            bad = [line for line in lines if not line.startswith("ok")]
            found.append(f"flask {' '.join(words)}: exit {done.returncode}: {' | '.join(bad[-4:])}")
    return found


def _good_weather(world: World) -> None:
    """The provider may be dead just now; its supervisor starts it again."""
    end = time.monotonic() + 60
    while True:
        try:
            return world.good_weather()
        except httpx.HTTPError:
            if time.monotonic() > end:
                raise
            time.sleep(1)


def _summary(world: World, seed: int, seconds: float, diary: Diary, killer: Killer) -> dict[str, Any]:
    return {
        "seed": seed,
        "seconds": seconds,
        "kills": dict(sorted(killer.killed.items())),
        "orders": dict(world.ask(STATES.format("sales_order"))),
        "checkouts": dict(world.ask(STATES.format("checkout"))),
        "disputes": dict(world.ask(STATES.format("dispute"))),
        "chargebacks": dict(world.ask(STATES.format("chargeback"))),
        "refunds": dict(world.ask(STATES.format("refund"))),
        "moves_promised": len(diary.kept),
        "answers": dict(sorted(Counter(diary.answers).items())),
    }


def _flask(*words: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "flask", *words]
    env = {**os.environ, "LOG_LEVEL": "WARNING"}
    return subprocess.run(argv, capture_output=True, text=True, check=False, env=env)


def _say(text: str) -> None:
    sys.stderr.write(f"soak    | {text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
