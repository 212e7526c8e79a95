"""The product as `make run` starts it: served, healed, and gone without a trace. One story, told in order."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.embedded import Postgres
from tests.boot.product import Product, all_gone, descendants, supervise
from tests.processes import wait_for

PROGRAMS = ["gunicorn", "jobs.worker", "jobs.clock", "jobs.sealer", "app.simulators.payments", "app.simulators.mail"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("product") / "home"
    folder.mkdir()
    yield folder
    Postgres(folder / "postgres").erase()


@pytest.fixture
def product(home: Path) -> Iterator[Product]:
    """Of the folder that the tests of this file share; whatever a failed test left is killed."""
    yield Product(home)
    for pid in descendants(home):
        os.kill(pid, signal.SIGKILL)


def test_from_an_empty_folder_to_a_product_that_heals_and_stops(home: Path, product: Product) -> None:
    product.start()
    assert product.status("/readyz") == 200
    running = " ".join(descendants(home).values())
    assert [name for name in PROGRAMS if name not in running] == []
    assert (home / "run.env").stat().st_mode & 0o777 == 0o600

    again = supervise(home)
    assert again.returncode == 1
    assert "already running here" in again.stderr

    borrowed = supervise(home, "--with", "sh", "-c", 'test -S "${REDIS_URL#unix://*}" ; echo "$DATABASE_URL"')
    assert f"fixnado_app@/fixnado?host={home}" in borrowed.stdout
    assert "starting the embedded" not in borrowed.stdout

    for words in ("gunicorn", f"-D {home}/postgres/pg", "valkey-server"):
        os.kill(product.pid_of(words), signal.SIGKILL)
        wait_for(lambda: product.status("/readyz") == 200, 30)

    assert product.end(signal.SIGINT) == 0, product.output
    assert descendants(home) == {}
    assert "all stopped in" in product.output
    assert not (home / "run.env").exists()


def test_the_second_start_is_quick_and_a_killed_supervisor_leaves_nothing(home: Path, product: Product) -> None:
    product.start()
    assert product.seconds < 60, "10 s are promised on a quiet machine, and this one may be busy"
    product.end(signal.SIGKILL)
    all_gone(home)


def test_the_next_start_heals_and_a_closed_terminal_ends_it(home: Path, product: Product) -> None:
    product.start()
    assert product.status("/readyz") == 200
    product.end(signal.SIGHUP)
    assert descendants(home) == {}


def test_stop_ends_it_and_waits(home: Path, product: Product) -> None:
    process = product.launch()
    wait_for(lambda: "preparing the database" in product.output, 30)
    done = supervise(home, "--stop")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "run      | stopped")
    assert process.wait(5) != 0
    all_gone(home)


def test_a_start_that_is_killed_half_way_can_be_repeated(tmp_path: Path) -> None:
    folder = tmp_path / "half"
    folder.mkdir()
    product = Product(folder)
    process = product.launch()
    wait_for(lambda: (folder / "postgres" / "pg.new").exists() or process.poll() is not None)
    process.kill()
    process.wait(5)
    all_gone(folder)
    done = supervise(folder, "--with", "true")
    assert done.returncode == 0, done.stdout + done.stderr
    assert descendants(folder) == {}
