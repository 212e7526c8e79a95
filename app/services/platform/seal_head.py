"""The ends of the chains, published outside of the database: what shows a cut tail and a chain rewritten whole.

A published head is a small JSON file in storage, signed with Ed25519 where a key is configured. Anyone who keeps one
can check it, and the chain against it, without asking us.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.clients.storage import Storage
from app.services.platform.seal import Fault, Head


def signer(key: str) -> Ed25519PrivateKey | None:
    """The private key of the settings (64 hexadecimal digits), None when there is none. Raises ValueError."""
    return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(key)) if key else None


def publish(storage: Storage, head: Head, key: Ed25519PrivateKey | None, *, at: datetime) -> str:
    """Stores a head and answers the key it lies under. `at` in UTC. Raises what `Storage.put` raises."""
    statement: dict[str, Any] = {
        "block_hash": head.block_hash.hex(),
        "chain": head.chain,
        "height": head.height,
        "published_at": at.isoformat(),
    }
    document: dict[str, Any] = {"head": statement}
    if key is not None:
        document["public_key"] = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
        document["signature"] = key.sign(rfc8785.dumps(statement)).hex()
    name = f"seals/{head.chain}/{head.height:012d}-{at:%Y%m%dt%H%M%S}.json"
    return storage.put(name, json.dumps(document, indent=1).encode()).key


def published(storage: Storage, chain: str, key: Ed25519PrivateKey | None = None) -> tuple[list[Head], list[Fault]]:
    """The heads in storage, lowest first, and what is wrong with them. With a key, each must bear its signature."""
    heads: list[Head] = []
    faults: list[Fault] = []
    for name in storage.keys(f"seals/{chain}"):
        document = json.loads(storage.get(name))
        head = Head(chain, int(document["head"]["height"]), bytes.fromhex(document["head"]["block_hash"]))
        heads.append(head)
        if key is not None and not _signed(document, key.public_key()):
            faults.append(Fault(chain, head.height, None, f"published head {name} does not bear our signature"))
    return sorted(heads, key=lambda head: head.height), faults


def _signed(document: dict[str, Any], key: Ed25519PublicKey) -> bool:
    try:
        key.verify(bytes.fromhex(document.get("signature", "")), rfc8785.dumps(document["head"]))
    except InvalidSignature:
        return False
    return True
