"""`flask …`: the commands of the product. Each group lives in app/commands under its noun."""

from __future__ import annotations

import importlib
import pkgutil

from flask import Flask

import app.commands


def install(flask_app: Flask) -> None:
    """Registers every `command` found in app/commands."""
    for found in pkgutil.iter_modules(app.commands.__path__, "app.commands."):
        flask_app.cli.add_command(importlib.import_module(found.name).command)
