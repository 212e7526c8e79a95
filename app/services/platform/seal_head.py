"""The ends of the chains, published outside of the database: what shows a cut tail and a chain rewritten whole.

A published head is a small JSON file in storage, signed with Ed25519 where a key is configured, and never replaced:
`seals/<chain>/<day>/…` each minute in which the chain moved, `heads/<chain>/<day>.json` once a day, moved or not.
Anyone who keeps one can check it, and the chain against it, without asking us (reports/commerce/fixnado_verify.py).
Days are UTC.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.clients.storage import AlreadyStored, KeyRefused, NotStored, Storage
from app.services.platform.seal import Fault, Head

_DAY = re.compile(r"^heads/[^/]+/([0-9]{4}-[0-9]{2}-[0-9]{2})\.json$")
UNREADABLE = (KeyRefused, NotStored, ValueError, KeyError, TypeError, AttributeError)
"""What a file in storage that is no head makes of itself. That storage is away is another matter, and is raised."""


@dataclass(frozen=True, slots=True)
class Published:
    """A head as it lies in storage: the document in full, and what it says. Unsigned: `signature` is empty."""

    name: str
    document: dict[str, Any]
    head: Head
    signature: str
    public_key: str

    @property
    def day(self) -> date | None:
        """The day whose head it is; None for that of a minute."""
        found = _DAY.search(self.name)
        return date.fromisoformat(found[1]) if found else None


def signer(key: str) -> Ed25519PrivateKey | None:
    """The private key of the settings (64 hexadecimal digits), None when there is none. Raises ValueError."""
    return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(key)) if key else None


def public_key(key: Ed25519PrivateKey | None) -> str:
    """What others check our signatures with, in hex; empty without a key."""
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex() if key else ""


def publish(storage: Storage, head: Head, key: Ed25519PrivateKey | None, *, at: datetime) -> str:
    """Stores a head and answers the key it lies under. `at` in UTC. Raises what `Storage.put` raises."""
    name = f"seals/{head.chain}/{at:%Y-%m-%d}/{head.height:012d}-{at:%H%M%S}.json"
    return storage.put(name, _document(head, key, {"published_at": at.isoformat()})).key


def publish_day(storage: Storage, head: Head, key: Ed25519PrivateKey | None, *, at: datetime) -> str:
    """Stores the head of the day, once: the first one stays whatever comes later. Raises as `publish`."""
    day = f"{at:%Y-%m-%d}"
    name = day_name(head.chain, at.date())
    if not storage.exists(name):
        try:
            storage.put(name, _document(head, key, {"day": day, "published_at": at.isoformat()}))
        except AlreadyStored:  # another sealer was first
            return name
    return name


def day_name(chain: str, day: date) -> str:
    """Where the head of a day lies."""
    return f"heads/{chain}/{day:%Y-%m-%d}.json"


def days(storage: Storage, chain: str, *, most: int) -> list[Published]:
    """The heads of the last days, newest first; files that are no heads are left to `published`."""
    names = [name for name in reversed(storage.keys(f"heads/{chain}")) if _DAY.search(name)][:most]
    return [found for name in names if (found := read(storage, name))]


def vouching_for(storage: Storage, chain: str, height: int, *, sealed_at: datetime) -> Published | None:
    """The first published head at or above a block, so that the way to it is short; None when there is none yet."""
    for name in _from(storage, chain, sealed_at.astimezone(UTC).date()):
        found = read(storage, name)
        if found and found.head.chain == chain and found.head.height >= height:
            return found
    return None


def published(storage: Storage, chain: str, key: Ed25519PrivateKey | None = None) -> tuple[list[Head], list[Fault]]:
    """The heads in storage, lowest first, and what is wrong with them. With a key, each must bear its signature."""
    heads: list[Head] = []
    faults: list[Fault] = []
    for name in (*storage.keys(f"heads/{chain}"), *storage.keys(f"seals/{chain}")):
        found = read(storage, name)
        if found is None or found.head.chain != chain:
            faults.append(Fault(chain, None, None, f"published head {name} cannot be read"))
            continue
        heads.append(found.head)
        if key is not None and not _signed(found, key.public_key()):
            problem = f"published head {name} does not bear our signature"
            faults.append(Fault(chain, found.head.height, None, problem))
    return sorted(heads, key=lambda head: head.height), faults


def read(storage: Storage, name: str) -> Published | None:
    """What lies under this name, None if that is no head. Raises StorageUnavailable, StorageMisconfigured."""
    try:
        document = json.loads(storage.get(name))
        said = document["head"]
        head = Head(str(said["chain"]), int(said["height"]), bytes.fromhex(said["block_hash"]))
        return Published(name, document, head, document.get("signature", ""), document.get("public_key", ""))
    except UNREADABLE:
        return None


def _document(head: Head, key: Ed25519PrivateKey | None, when: dict[str, str]) -> bytes:
    statement: dict[str, Any] = {
        "block_hash": head.block_hash.hex(),
        "chain": head.chain,
        "height": head.height,
        **when,
    }
    document: dict[str, Any] = {"head": statement}
    if key is not None:
        document["public_key"] = public_key(key)
        document["signature"] = key.sign(rfc8785.dumps(statement)).hex()
    return json.dumps(document, indent=1).encode()


def _from(storage: Storage, chain: str, day: date) -> Iterator[str]:
    """Names of heads from a day on: those of its minutes and the next day's, then those of whole days."""
    for one in (day, day + timedelta(days=1)):
        yield from storage.keys(f"seals/{chain}/{one:%Y-%m-%d}")
    yield from (name for name in storage.keys(f"heads/{chain}") if name > day_name(chain, day))


def _signed(found: Published, key: Ed25519PublicKey) -> bool:
    try:
        key.verify(bytes.fromhex(found.signature), rfc8785.dumps(found.document["head"]))
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True
