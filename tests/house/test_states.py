"""Every state of every machine has a look that somebody chose: a word, a shape and a tone."""

from __future__ import annotations

import importlib
import pkgutil

import models
from models.lifecycle import MACHINES
from views.drawing import has_tone


def test_each_state_of_each_machine_has_a_tone():
    """Add its name to `_TONES` in views/drawing.py, beside the states that mean the same."""
    for found in pkgutil.walk_packages(models.__path__, "models."):
        importlib.import_module(found.name)
    plain = [f"{m.name}.{state.name}" for m in MACHINES.values() for state in m.states if not has_tone(state)]
    assert plain == []
