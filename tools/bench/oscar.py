"""django-oscar in an environment of its own, with as many products as we have listings, served like the product."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.bench.served import gunicorn

HOME = Path("var/oscar")
NEEDS = ("django-oscar[sorl-thumbnail]>=4.1,<5", "psycopg[binary]", "gunicorn")
_PATIENCE = 400.0


class MissingError(Exception):
    """It cannot be had here; the message says why."""


@contextmanager
def served(url: str, products: int) -> Iterator[str]:
    """Its address. Raises MissingError."""
    python = _installed()
    env = {"OSCAR_DATABASE": url, "DJANGO_SETTINGS_MODULE": "oscar_site", "PYTHONPATH": str(HOME.resolve())}
    HOME.mkdir(parents=True, exist_ok=True)
    (HOME / "oscar_site.py").write_text(Path(__file__).with_name("oscar_site.txt").read_text("utf-8"), "utf-8")
    _run([python, "-m", "django", "migrate", "-v0"], env)
    _run([python, "-m", "oscar_site", str(products)], env)
    (HOME / "gunicorn.conf.py").write_text("", "utf-8")  # ours, which lies where we run, is not for it
    argv = [
        "-m",
        "gunicorn",
        "-c",
        str(HOME / "gunicorn.conf.py"),
        "-k",
        "gthread",
        "-w",
        "2",
        "--threads",
        "4",
        "--preload",
    ]
    with gunicorn("oscar_site:application()", {**env, "OSCAR_SERVED": "1"}, [python, *argv]) as address:
        yield address


def _installed() -> str:
    python = HOME / "venv" / "bin" / "python"
    given = os.environ.get("OSCAR_PYTHON")
    if given:
        return given
    began = time.monotonic()
    try:
        if not python.exists():
            subprocess.run([sys.executable, "-m", "venv", str(HOME / "venv")], check=True, stdout=sys.stderr)
        install = [str(python), "-m", "pip", "install", "-q", *NEEDS]
        subprocess.run(install, check=True, stdout=sys.stderr, timeout=_PATIENCE)
    except (subprocess.SubprocessError, OSError) as error:
        seconds = time.monotonic() - began
        raise MissingError(f"django-oscar could not be installed ({seconds:.0f} s): {error}") from error
    return str(python.absolute())


def _run(argv: list[str], env: dict[str, str]) -> None:
    done = subprocess.run(argv, env={**os.environ, **env}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise MissingError(f"django-oscar did not start: {done.stderr[-800:]}")
