"""File storage behind fsspec: a local folder by default, any object store by its URL.

Files are written once and whole: a key names the same bytes for ever, and a reader sees all of them or none.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import fsspec

from models.errors import Conflict, Invalid, NotFound, Unavailable

_KEY = re.compile(r"[a-z0-9][a-z0-9._-]*(/[a-z0-9][a-z0-9._-]*)*")
_LONGEST_KEY = 300
_UNFINISHED = ".unfinished"  # no key may begin with a dot, so nothing half-written can be asked for
_READY_KEY = "platform/ready"
_READY_BYTES = b"Storage answers.\n"
_PERMANENT = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENAMETOOLONG, errno.EISDIR, errno.ENOTDIR}


class StorageUnavailable(Unavailable):
    """Temporary: the storage is full or does not answer. Try again later."""


class StorageMisconfigured(Unavailable):
    """Permanent until a person acts: the storage is not ours to write, or its address is wrong."""


class KeyRefused(Invalid):
    """Permanent: the key is not one that this application makes."""


class AlreadyStored(Conflict):
    """Permanent: other bytes are stored under this key, and stored bytes never change."""


class NotStored(NotFound):
    """Permanent: nothing is stored under this key."""


@dataclass(frozen=True, slots=True)
class StoredContent:
    """What was written: where, the SHA-256 of the bytes, and how many bytes."""

    key: str
    sha256: bytes
    size: int


def content_key(data: bytes, extension: str = "") -> str:
    """The key that follows from the bytes: `sha256/ab/cdef…`, with an extension such as `pdf` if given."""
    digest = sha256(data).hexdigest()
    ending = f".{extension.removeprefix('.')}" if extension else ""
    return _checked(f"sha256/{digest[:2]}/{digest[2:]}{ending}")


def _checked(key: str) -> str:
    if len(key) > _LONGEST_KEY or not _KEY.fullmatch(key):
        raise KeyRefused("That is not the name of a stored file.")
    return key


@contextmanager
def _translated() -> Iterator[None]:
    """The operating system's and the provider's errors, told apart: try again, or call someone."""
    try:
        yield
    except FileNotFoundError as error:
        raise NotStored("This file is not in storage.") from error
    except OSError as error:
        if error.errno in _PERMANENT:
            raise StorageMisconfigured("File storage refuses to be used: its rights or address are wrong.") from error
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise StorageUnavailable("File storage is full. Nothing was stored.") from error
        raise StorageUnavailable("File storage does not answer. Try again in a moment.") from error


class Storage:
    """Opened by URL: a path or `file:///folder`, `memory://`, or what fsspec drivers bring (`s3://bucket/prefix`)."""

    def __init__(self, url: str, **options: Any) -> None:
        if url.startswith("file://"):
            url = unquote(urlsplit(url).path)  # fsspec leaves %20 as it is, and a folder may have a space in its name
        self._fs, root = fsspec.core.url_to_fs(url, **options)
        self._root = root.rstrip("/")
        self._local = "file" in (self._fs.protocol if isinstance(self._fs.protocol, tuple) else (self._fs.protocol,))

    def put(self, key: str, data: bytes) -> StoredContent:
        """Stores the bytes whole or not at all. Putting the same bytes again changes nothing.

        Raises KeyRefused, AlreadyStored (other bytes are there), StorageUnavailable, StorageMisconfigured.
        """
        path = self._path(key)
        if not data:
            raise Invalid("An empty file is not stored.")
        with _translated():
            try:
                self._create(path, data)
            except FileExistsError:
                if self._fs.cat_file(path) != data:
                    raise AlreadyStored("Another file is stored under this name.") from None
        return StoredContent(key=key, sha256=sha256(data).digest(), size=len(data))

    def put_content(self, data: bytes, extension: str = "") -> StoredContent:
        """Stores the bytes under the key that follows from them; safe to repeat and to race."""
        return self.put(content_key(data, extension), data)

    def get(self, key: str) -> bytes:
        """All the bytes. Raises KeyRefused, NotStored, StorageUnavailable, StorageMisconfigured."""
        path = self._path(key)
        with _translated():
            return bytes(self._fs.cat_file(path))

    def exists(self, key: str) -> bool:
        """Whether something is stored under the key. Raises as `get`, without NotStored."""
        path = self._path(key)
        with _translated():
            return bool(self._fs.exists(path))

    def delete(self, key: str) -> None:
        """Removes what is stored; nothing there is no error, so a repeated erasure is harmless."""
        path = self._path(key)
        with suppress(NotStored), _translated():
            self._fs.rm_file(path)

    def keys(self, prefix: str) -> list[str]:
        """What is stored below a folder, sorted; none when there is no such folder. Raises as `exists`."""
        path = self._path(prefix)
        with _translated():
            self._fs.invalidate_cache()
            found = self._fs.find(path)
        return sorted(f"{prefix}/{str(name).split(f'{prefix}/')[-1]}" for name in found)

    def check(self) -> None:
        """For readiness: writes a small file, reads it back and removes it. Raises as `put` and `get`."""
        key = f"{_READY_KEY}-{secrets.token_hex(8)}"
        try:
            self.put(key, _READY_BYTES)
            if self.get(key) != _READY_BYTES:
                raise StorageUnavailable("File storage returned other bytes than were written.")
        finally:
            with suppress(Unavailable):
                self.delete(key)

    def discard_unfinished(self, older_than_seconds: float = 86_400) -> int:
        """Removes what killed processes left behind half-written; returns how many files. Local folders only."""
        if not self._local:
            return 0
        removed = 0
        for path in Path(self._root, _UNFINISHED).glob("*"):
            with suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime >= older_than_seconds:
                    path.unlink()
                    removed += 1
        return removed

    def _path(self, key: str) -> str:
        return f"{self._root}/{_checked(key)}"

    def _create(self, path: str, data: bytes) -> None:
        """Raises FileExistsError when the key is taken; the decision is the storage's own, so races have one winner."""
        if self._local:
            _create_local(Path(path), Path(self._root, _UNFINISHED), data)
        else:
            self._fs.pipe_file(path, data, mode="create")


def _create_local(path: Path, unfinished: Path, data: bytes) -> None:
    """Written aside, flushed to disk, then linked: link(2) refuses a name that exists, rename(2) would replace it."""
    if path.exists():
        raise FileExistsError(path)
    unfinished.mkdir(parents=True, exist_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = unfinished / secrets.token_hex(16)
    try:
        with aside.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.link(aside, path)
    finally:
        aside.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
