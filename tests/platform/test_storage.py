"""File storage: whole or not at all, written once, and never outside its folder."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import pytest

from app.clients.storage import (
    AlreadyStored,
    KeyRefused,
    NotStored,
    Storage,
    StorageMisconfigured,
    StorageUnavailable,
    content_key,
)
from models.errors import Invalid


@pytest.fixture(params=["local", "memory"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    """The same promises on a local folder and on a driver with the object-store interface."""
    return Storage(str(tmp_path / "files") if request.param == "local" else f"memory://{uuid4().hex}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "files"


def files_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_what_was_put_is_what_is_got(storage: Storage) -> None:
    stored = storage.put("orders/a.bin", b"bytes")
    assert (stored.key, stored.sha256, stored.size) == ("orders/a.bin", sha256(b"bytes").digest(), 5)
    assert storage.get("orders/a.bin") == b"bytes"
    assert storage.exists("orders/a.bin")


def test_a_folder_url_means_the_folder_it_names(tmp_path: Path) -> None:
    folder = tmp_path / "my files"
    Storage(folder.as_uri()).put("a", b"x")
    assert files_in(folder) == ["a"]


def test_the_content_key_follows_from_the_bytes(storage: Storage) -> None:
    digest = sha256(b"paper").hexdigest()
    stored = storage.put_content(b"paper", "pdf")
    assert stored.key == content_key(b"paper", ".pdf") == f"sha256/{digest[:2]}/{digest[2:]}.pdf"
    assert storage.put_content(b"paper").key == f"sha256/{digest[:2]}/{digest[2:]}"


def test_putting_the_same_bytes_again_is_fine_and_other_bytes_are_refused(storage: Storage) -> None:
    storage.put("a", b"first")
    storage.put("a", b"first")
    with pytest.raises(AlreadyStored):
        storage.put("a", b"other")
    assert storage.get("a") == b"first"


def test_a_missing_file_is_told_apart_from_a_storage_that_is_down(storage: Storage) -> None:
    assert not storage.exists("nothing/here")
    with pytest.raises(NotStored):
        storage.get("nothing/here")


def test_deleting_twice_is_harmless(storage: Storage) -> None:
    storage.put("a", b"x")
    storage.delete("a")
    storage.delete("a")
    assert not storage.exists("a")


def test_an_empty_file_is_not_stored(storage: Storage) -> None:
    with pytest.raises(Invalid):
        storage.put("a", b"")


@pytest.mark.parametrize(
    "key",
    [
        *("", "/etc/passwd", "..", "../x", "a/../../x", "a//b", "a/", ".unfinished/x", "a/.hidden", "a\\b", "a\x00b"),
        *("A b", "a\n", "memory://x", "é", "a" * 301),
    ],
)
def test_a_key_that_we_do_not_make_is_refused_by_every_verb(storage: Storage, key: str) -> None:
    for verb in (storage.get, storage.exists, storage.delete, lambda bad: storage.put(bad, b"x")):
        with pytest.raises(KeyRefused):
            verb(key)


def test_readiness_leaves_nothing_behind(storage: Storage, folder: Path) -> None:
    storage.check()
    assert files_in(folder) == []


def test_of_many_writers_with_different_bytes_exactly_one_wins(folder: Path) -> None:
    storage = Storage(str(folder))

    def write(number: int) -> bool:
        try:
            storage.put("contested", bytes([number]) * 200_000)
        except AlreadyStored:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(write, range(1, 17)))
    kept = storage.get("contested")
    assert won.count(True) == 1
    assert kept == bytes([won.index(True) + 1]) * 200_000
    assert files_in(folder) == ["contested"]


def test_many_writers_of_the_same_bytes_all_succeed(folder: Path) -> None:
    storage = Storage(str(folder))
    with ThreadPoolExecutor(8) as pool:
        keys = {stored.key for stored in pool.map(lambda _: storage.put_content(b"z" * 300_000), range(16))}
    assert files_in(folder) == list(keys)


def test_a_reader_never_sees_part_of_a_file(folder: Path) -> None:
    storage, data = Storage(str(folder)), os.urandom(3_000_000)
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(storage.put, "big", data)
        seen = set()
        while not writing.done():
            if storage.exists("big"):
                seen.add(len(storage.get("big")))
        writing.result()
    assert seen <= {len(data)}


def test_a_full_disk_is_temporary_and_leaves_nothing_behind(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The operating system's answer is simulated here; the next test fills a real file system where it may."""

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageUnavailable, match="full"):
        Storage(str(folder)).put("a", b"x" * 1000)
    assert files_in(folder) == []


def test_a_really_full_file_system_gives_the_same_answer(tmp_path: Path) -> None:
    mount = tmp_path / "small"
    mount.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", str(mount)], capture_output=True).returncode:
        pytest.skip("mounting a small file system needs more rights than this process has")
    try:
        storage = Storage(str(mount / "files"))
        storage.put("small", b"x")
        with pytest.raises(StorageUnavailable, match="full"):
            storage.put("big", b"x" * 1_000_000)
        with pytest.raises(NotStored):
            storage.get("big")
        storage.put("after", b"x" * 1000)
        assert files_in(mount / "files") == ["after", "small"]
    finally:
        subprocess.run(["umount", str(mount)], check=True)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_is_not_ours_needs_a_person(folder: Path) -> None:
    folder.mkdir(mode=0o500)
    with pytest.raises(StorageMisconfigured):
        Storage(str(folder)).check()


def test_a_file_where_the_folder_should_be_needs_a_person(folder: Path) -> None:
    folder.write_text("not a folder")
    with pytest.raises(StorageMisconfigured):
        Storage(str(folder)).check()


KILLED = """
import sys, time, os
from app.clients.storage import Storage
real = os.fsync
def slow(descriptor):
    real(descriptor); print("written", flush=True); time.sleep(60)
os.fsync = slow
Storage(sys.argv[1]).put("contract", b"p" * 500_000)
"""


def test_a_writer_killed_half_way_leaves_no_file_and_the_next_one_succeeds(folder: Path) -> None:
    repository = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(folder)], stdout=subprocess.PIPE, cwd=repository, text=True
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "written\n"
        writer.send_signal(signal.SIGKILL)
    storage = Storage(str(folder))
    assert not storage.exists("contract")
    assert [name.split("/")[0] for name in files_in(folder)] == [".unfinished"]
    assert storage.discard_unfinished() == 0
    stale = folder / files_in(folder)[0]
    os.utime(stale, (time.time() - 90_000,) * 2)
    assert storage.discard_unfinished() == 1
    storage.put("contract", b"p" * 500_000)
    assert files_in(folder) == ["contract"]
