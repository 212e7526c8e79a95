"""Drives the story and ends with one JSON line; exit 1 when any part of it does not hold."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import Any

import httpx

from tools.demo import story
from tools.demo.visitor import StoryBroken

PROOFS = {"ledger": ("ledger", "verify"), "audit": ("audit", "verify"), "invariants": ("invariants", "check")}


def main() -> int:
    """Steps on standard error, the answer on standard output."""
    base, began = os.environ["BASE_URL"], time.monotonic()
    answer: dict[str, Any] = {}
    try:
        answer = _tell(base)
    except (StoryBroken, httpx.HTTPError) as broken:
        answer["broken"] = str(broken)
    answer |= {name: _proof(*arguments) for name, arguments in PROOFS.items()}
    answer["seconds"] = round(time.monotonic() - began, 1)
    sys.stdout.write(json.dumps(answer) + "\n")
    good = answer.get("state") == "completed" and answer.get("hold_minor") == 0 and "broken" not in answer
    return 0 if good and all(answer[name] == "ok" for name in PROOFS) else 1


def _tell(base: str) -> dict[str, Any]:
    cast = story.Cast.at(base)
    _say("signed in: provider, moderator, customer")
    slug = story.offer(cast.provider)
    _say(f"offered and handed in: {slug}")
    story.approve(cast.moderator, slug)
    _say("approved by a moderator")
    reference = story.order(cast.customer, slug)
    _say(f"ordered and paid: {reference}")
    story.work(cast.provider, cast.customer, reference)
    _say("accepted, done, shown, accepted")
    read = story.papers(cast.customer, reference)
    _say("contract and receipt read")
    facts: dict[str, Any] = json.loads(_flask("orders", "show", reference).stdout)
    if facts["documents"] != read:
        raise StoryBroken(f"the papers that were read are not those that are recorded: {read}")
    return facts


def _proof(*arguments: str) -> str:
    done = _flask(*arguments)
    lines = (done.stdout + done.stderr).strip().splitlines()
    return "ok" if done.returncode == 0 else f"exit {done.returncode}: {' | '.join(lines[-3:])}"


def _flask(*arguments: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "flask", *arguments]
    env = {**os.environ, "LOG_LEVEL": "WARNING"}
    return subprocess.run(argv, capture_output=True, text=True, check=False, env=env)


def _say(text: str) -> None:
    sys.stderr.write(f"demo    | {text}\n")


if __name__ == "__main__":
    sys.exit(main())
