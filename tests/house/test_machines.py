"""Every state machine: as designed, nothing unreachable, stuck, endless or ambiguous, and nobody waits for nobody."""

from __future__ import annotations

import importlib
import json
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from enum import Enum

import pytest

import models
from models.lifecycle import MACHINES, Machine, Move, Timer, move
from tests.house.machine_tables import ENDS, TABLES
from tests.house.tree import ROOT

for _found in pkgutil.walk_packages(models.__path__, "models."):
    importlib.import_module(_found.name)


def faults(machine: Machine) -> Iterator[str]:
    """Everything that is wrong with a table of moves, each as a sentence that says what to do."""
    reached, ends = _reached(machine, machine.initial), machine.terminal - machine.reopen
    owned = {state for state, _queue in machine.owned}
    for state in machine.states:
        leaving = list(machine.leaving(state))
        if state not in reached:
            yield f"{state.name} cannot be reached: add a move to it, or remove it"
        if state in ends and leaving:
            yield f"{state.name} is an end and has a move: remove the move, or list it under reopen"
        if state in machine.terminal:
            continue
        if not leaving:
            yield f"{state.name} is stuck: add a move, or make it terminal"
        elif not machine.terminal & _reached(machine, state):
            yield f"{state.name} never ends: no way leads to a terminal state"
        if state not in owned and not any(one.timer for one in leaving):
            yield f"{state.name} waits for nobody: add a timer, or name the queue of its owner under owned"
    yield from _ambiguous(machine)


def _reached(machine: Machine, start: Enum) -> set[Enum]:
    found, todo = {start}, [start]
    while todo:
        for one in machine.leaving(todo.pop()):
            if one.target not in found:
                found.add(one.target)
                todo.append(one.target)
    return found


def _ambiguous(machine: Machine) -> Iterator[str]:
    seen: set[tuple[Enum, str]] = set()
    for one in machine.moves:
        if (one.source, one.event) in seen:
            yield f"{one.source.name} has two moves called {one.event}: give them two names"
        seen.add((one.source, one.event))
        if one.timer and one.timer.after is None and one.timer.at is None:
            yield f"{one.source.name}.{one.event} has a timer without a time"
        if one.timer and "system" not in {str(who) for who in one.who}:
            yield f"{one.source.name}.{one.event} happens by itself: let the system do it"


@pytest.mark.parametrize("machine", MACHINES.values(), ids=MACHINES)
def test_a_machine_has_no_fault(machine: Machine) -> None:
    assert list(faults(machine)) == []


def _written(one: Move) -> str:
    who = "|".join(sorted(kind.value for kind in one.who))
    return f"{one.source.name} {one.event} {one.target.name} {who}{_when(one.timer)}"


def _when(timer: Timer | None) -> str:
    if timer is None:
        return ""
    if timer.after is None:
        return f" @{timer.at}"
    seconds = int(timer.after.total_seconds())
    spans = ((86400, "d", 86400), (3600, "h", 3600), (60, "m", 60))
    span = next(f"{seconds // size}{mark}" for size, mark, least in spans if seconds % size == 0 and seconds > least)
    return f" +{span}" + (f" {timer.since}" if timer.since else "")


@pytest.mark.parametrize("name", TABLES)
def test_a_machine_is_the_one_that_was_designed(name: str) -> None:
    machine, (initial, terminal, reopen) = MACHINES[name], ENDS[name]
    assert sorted(map(_written, machine.moves)) == sorted(line.strip() for line in TABLES[name].strip().splitlines())
    assert machine.initial.name == initial
    assert {state.name for state in machine.terminal} == terminal
    assert {state.name for state in machine.reopen} == reopen


def test_every_machine_of_the_law_is_there() -> None:
    assert set(TABLES) <= set(MACHINES)


@pytest.mark.parametrize("machine", MACHINES.values(), ids=MACHINES)
def test_what_people_read_differs_from_state_to_state(machine: Machine) -> None:
    words = [state.value for state in machine.states]
    assert len(set(words)) == len(words)
    assert all(state.name == state.name.lower() for state in machine.states)


LOADED_BY_THE_WORKER = """
import json
from jobs.base import load_all
load_all()
from app.services.platform import machine, timer
from models.lifecycle import MACHINES
missing = [[m.name, one.event] for m in MACHINES.values() for one in m.moves
           if one.timer and (m.name, one.event) not in timer.handled()]
nouns = [name for name in MACHINES if name not in timer.subjects()]
unknown = [list(key) for key in machine._guards if not any(one.event == key[1] for one in MACHINES[key[0]].moves)]
print(json.dumps({"missing": missing, "nouns": nouns, "unknown": unknown}))
"""


def test_the_worker_knows_a_verb_for_every_timer() -> None:
    """In a process that imports what the worker imports, and nothing else: `@on_timer` in a module no job imports is
    no verb. Import it from jobs/platform/timer.py."""
    command = [sys.executable, "-c", LOADED_BY_THE_WORKER]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["missing"] == [], "add a verb with @timer.on_timer(machine, event)"
    assert found["nouns"] == []
    assert found["unknown"] == [], "a guard for an event that is in no table guards nothing"


class _S(Enum):
    new = "New"
    busy = "Busy"
    done = "Done"


def _sample(*moves: Move, terminal: frozenset[Enum] = frozenset({_S.done})) -> list[str]:
    machine = Machine("sample", _S, _S.new, terminal, moves)
    del MACHINES["sample"]
    return list(faults(machine))


DAY = Timer(after=timedelta(days=1))


def test_the_linter_is_content_with_a_good_machine() -> None:
    assert (
        _sample(move(_S.new, "go", _S.busy, "system", timer=DAY), move(_S.busy, "end", _S.done, "system", timer=DAY))
        == []
    )


@pytest.mark.parametrize(
    ("moves", "fault"),
    [
        ([move(_S.new, "go", _S.done, "system", timer=DAY)], "busy cannot be reached"),
        ([move(_S.new, "go", _S.busy, "system", timer=DAY)], "busy is stuck"),
        (
            [move(_S.new, "go", _S.busy, "system", timer=DAY), move(_S.busy, "back", _S.new, "system", timer=DAY)],
            "new never ends",
        ),
        ([move(_S.new, "go", _S.done, "buyer")], "new waits for nobody"),
        ([move(_S.new, "go", _S.done, "system"), move(_S.new, "go", _S.busy, "system")], "two moves called go"),
        ([move(_S.new, "go", _S.done, "buyer", timer=DAY)], "let the system do it"),
        ([move(_S.new, "go", _S.done, "system", timer=Timer())], "a timer without a time"),
        (
            [move(_S.new, "go", _S.done, "system"), move(_S.done, "back", _S.new, "psp")],
            "done is an end and has a move",
        ),
    ],
)
def test_the_linter_sees_what_is_wrong(moves: list[Move], fault: str) -> None:
    assert any(fault in one for one in _sample(*moves)), _sample(*moves)
