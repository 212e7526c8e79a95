"""Checks what Fixnado's ledger says, without Fixnado. One file, Python 3.9 or later, nothing to install, no network.

    python fixnado_verify.py receipt PROOF.json [--head HEAD.json] [--key PUBLIC_KEY]
    python fixnado_verify.py ledger EXPORT.jsonl [--head HEAD.json] [--key PUBLIC_KEY]
    python fixnado_verify.py head HEAD.json [--key PUBLIC_KEY]

Exit code 0: it holds. 1: it is broken, and a sentence says where. 2: it could not be checked.

What it relies on is SHA-256, and Ed25519 for signatures:
- An entry of the ledger has a hash: SHA-256 over its content written as a JSON list (`entry_hash`).
- The hashes of a block's entries are the leaves of a Merkle tree as in RFC 6962, 2.1 (`merkle_root`).
- A block has a hash: SHA-256 over the hash of the block before it, its Merkle root, and its stamp, which is the text
  `chain|height|entries|moment of sealing in microseconds since 1970` (`block_hash`).
- The newest block is the head of the chain. Heads are published and signed (RFC 8032). Whoever keeps one can show later
  that everything up to it is still what it was: keep one.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, TextIO

Record = dict[str, Any]
HOLDS, BROKEN, COULD_NOT_RUN = 0, 1, 2
MOST_TOLD, FEWEST_LINES, SIGNATURE_BYTES = 50, 2, 64
ENTRY = ("id", "event", "key", "request_hash", "subject", "occurred_at", "posted_at", "transition", "reverses", "lines")
BLOCK = ("height", "size", "merkle_root", "previous_block_hash", "block_hash")
PROOF = ("format", "version", "chain", "entry_hash", "position", "path", "stamp", *BLOCK)
HEAD = ("block_hash", "chain", "height", "published_at")


class Wrong(Exception):  # noqa: N818  a finding, and no fault of this program
    """Something does not hold. The text is a sentence."""


class Unreadable(Exception):  # noqa: N818
    """A file is not what it was said to be."""


class Head(NamedTuple):
    """A published head: block number `height` of a chain, and who signed that."""

    chain: str
    height: int
    block_hash: bytes
    published_at: str
    signed_by: str = ""


def must(holds: object, sentence: str) -> None:
    """Raises Wrong with the sentence. A file may have been made to deceive, so everything is looked at before use."""
    if not holds:
        raise Wrong(sentence)


def record(value: Any, needed: Iterable[str], optional: Iterable[str] = ()) -> Record:
    """A JSON object with these names and no others. Raises Wrong."""
    must(isinstance(value, dict), "There is no record where one must be.")
    missing, strange = sorted(set(needed) - set(value)), sorted(set(value) - set(needed) - set(optional))
    must(not missing, f"It lacks {', '.join(missing)}.")
    must(not strange, f"It has parts that nobody can check: {', '.join(strange)}.")
    return dict(value)


def read(of: Record, name: str, kind: type) -> Any:
    """A value of this very kind. Raises Wrong."""
    must(type(of[name]) is kind, f"The {name} is not of the kind {kind.__name__}.")
    return of[name]


def digest(of: Record, name: str, size: int = 32) -> bytes:
    """Bytes written as hexadecimal digits in lower case. Raises Wrong."""
    digits = f"[0-9a-f]{{{2 * size}}}"
    must(re.fullmatch(digits, read(of, name, str)), f"The {name} is not {2 * size} hexadecimal digits.")
    return bytes.fromhex(of[name])


def previous(of: Record) -> bytes:
    """The hash of the block before; the first block has none."""
    return digest(of, "previous_block_hash") if of["previous_block_hash"] != "" else b""


def opened(path: str) -> TextIO:
    """Raises Unreadable."""
    try:
        return Path(path).open(encoding="utf-8", errors="replace", newline="\n")
    except OSError as error:
        raise Unreadable(f"{path} cannot be opened: {error.strerror}.") from error


def parsed(json_text: str) -> Any:
    """Raises Unreadable."""
    try:
        return json.loads(json_text)
    except (ValueError, RecursionError) as error:
        raise Unreadable("This is not JSON.") from error


def whole(path: str) -> Any:
    """The JSON of a file. Raises Unreadable."""
    with opened(path) as file:
        return parsed(file.read())


def sha256(*parts: bytes) -> bytes:
    """SHA-256 of the parts, one after the other."""
    return hashlib.sha256(b"".join(parts)).digest()


def entry_hash(entry: Any) -> bytes:
    """What an entry is sealed with: its content as a JSON list, in this order, with these spaces. Raises Wrong."""
    content = ["ledger", *(record(entry, ENTRY)[name] for name in ENTRY)]
    return sha256(json.dumps(content, ensure_ascii=False).encode("utf-8", "surrogatepass"))


def merkle_root(hashes: list[bytes]) -> bytes:
    """RFC 6962, 2.1: leaves and nodes are hashed apart; an odd last node rises as it is."""
    level = [sha256(b"\x00", one) for one in hashes] or [sha256()]
    while len(level) > 1:
        pairs = [sha256(b"\x01", level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level = pairs + level[len(pairs) * 2 :]
    return level[0]


def root_from_path(leaf: bytes, position: int, size: int, path: list[bytes]) -> bytes | None:
    """The Merkle root that follows from one leaf and its audit path (RFC 9162, 2.1.3.2); None if there is no way."""
    reached, left, last = sha256(b"\x00", leaf), list(path), size - 1
    while last > 0:
        if position % 2 or position < last:
            if not left:
                return None
            sibling = left.pop(0)
            reached = sha256(b"\x01", sibling, reached) if position % 2 else sha256(b"\x01", reached, sibling)
        position, last = position // 2, last // 2
    return None if left or position or size < 1 else reached


def block_hash(chain: str, block: Record) -> bytes:
    """The hash that follows from what the block holds. Raises Wrong."""
    stamp = "|".join([chain, *(str(read(block, name, int)) for name in ("height", "size", "sealed_at"))])
    return sha256(previous(block), digest(block, "merkle_root"), stamp.encode())


# Ed25519, RFC 8032, 5.1. Slow and short: a signature takes some milliseconds. It only ever sees public things.

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT_OF_MINUS_1 = pow(2, (P - 1) // 4, P)
Point = tuple[int, int, int, int]


def curve_point(encoded: bytes) -> Point | None:
    """The point that these 32 bytes stand for, if they stand for one."""
    y = int.from_bytes(encoded, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * ROOT_OF_MINUS_1 % P
    if y >= P or x * x % P != square or (x == 0 and sign):
        return None
    x = P - x if x % 2 != sign else x
    return x, y, 1, x * y % P


def add(p: Point, q: Point) -> Point:
    """The sum of two points."""
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(factor: int, point: Point) -> Point:
    """The point added to itself `factor` times."""
    result = (0, 1, 1, 0)
    while factor:
        result = add(result, point) if factor % 2 else result
        point, factor = add(point, point), factor // 2
    return result


def signature_holds(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the holder of this key signed this message."""
    base, key = curve_point(b"\x58" + b"\x66" * 31), curve_point(public_key)
    s = int.from_bytes(signature[32:], "little")
    if base is None or key is None or len(signature) != SIGNATURE_BYTES or s >= ORDER:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public_key + message).digest(), "little") % ORDER
    x, y, z, _ = add(times(s, base), times(k, (P - key[0], key[1], 1, P - key[3])))
    inverse = pow(z, -1, P)
    x, y = x * inverse % P, y * inverse % P
    return (y | (x % 2) << 255).to_bytes(32, "little") == signature[:32]


def read_head(document: Any, key: str) -> Head:
    """A head and its signature; with `key` it must be signed by that one. Raises Wrong."""
    paper = record(document, ("head",), ("public_key", "signature"))
    said = record(paper["head"], HEAD, ("day",))
    head = Head(read(said, "chain", str), read(said, "height", int), digest(said, "block_hash"), said["published_at"])
    must(head.height > 0 and str(head.published_at).isascii(), "The head is not that of a block.")
    if len(paper) == 1 and not key:
        return head
    must({"public_key", "signature"} <= set(paper), "The head is not signed.")
    must(not key or key == paper["public_key"], f"The head is signed with the key {paper['public_key']}, not yours.")
    message = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    signed = signature_holds(digest(paper, "public_key"), message, digest(paper, "signature", SIGNATURE_BYTES))
    must(signed, "The signature of the head is not that of its key.")
    return head._replace(signed_by=paper["public_key"])


def told_of(head: Head) -> str:
    """The sentence about a head that holds."""
    by = f"signed with the key {head.signed_by}" if head.signed_by else "not signed: it is worth what its source is"
    return f"Head: block {head.height} of the chain {head.chain}, published {head.published_at}, {by}."


def check_receipt(proof: Any, heads: list[Head], key: str) -> Iterator[str]:
    """Says step by step what holds: entry, Merkle root, block, and the way to published heads. Raises Wrong."""
    if not isinstance(proof, dict) or (proof.get("format"), proof.get("version")) != ("fixnado-receipt-proof", 1):
        raise Unreadable("This is not the proof of a receipt in version 1.")
    p = record(proof, PROOF, ("entry", "links", "head"))
    chain = read(p, "chain", str)
    height, size, position = (read(p, name, int) for name in ("height", "size", "position"))
    if "entry" in p:
        must(entry_hash(p["entry"]) == digest(p, "entry_hash"), "The content of the entry does not give its hash.")
        yield f"The content of entry {p['entry']['id']} gives the hash it was sealed with."
    path = [digest({"path": one}, "path") for one in read(p, "path", list)]
    root = root_from_path(digest(p, "entry_hash"), position, size, path)
    must(root == digest(p, "merkle_root"), "The hash of the entry and its path do not lead to the Merkle root.")
    stamp = re.fullmatch(re.escape(f"{chain}|{height}|{size}|") + "[0-9]{1,17}", read(p, "stamp", str))
    must(stamp, "The stamp does not name this chain, this block and this number of entries.")
    tip = sha256(previous(p), digest(p, "merkle_root"), p["stamp"].encode())
    must(tip == digest(p, "block_hash"), "Previous block, Merkle root and stamp do not give the hash of the block.")
    sealed = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(int(p["stamp"].split("|")[-1]) // 1_000_000))
    yield f"The entry has place {position + 1} of {size} in block {height} of the chain {chain}, sealed {sealed}."
    known = {height: tip, **follow(chain, height, tip, p.get("links", []))}
    heads = heads + ([read_head(p["head"], key)] if "head" in p else [])
    if not heads:
        yield "No head was given: compare the hash of the block with one that was published."
    for head in heads:
        if head.chain == chain and head.height not in known:
            reach = f"{min(known)} to {max(known)}"
            raise Unreadable(f"The head is of block {head.height}; this proof reaches over the blocks {reach} only.")
        same = head.chain == chain and head.block_hash == known[head.height]
        must(same, f"Block {head.height} is not the one of the published head.")
        yield told_of(head) + " The block of this receipt is part of it."


def follow(chain: str, height: int, tip: bytes, links: Any) -> dict[int, bytes]:
    """The hashes of the blocks after this one, each linked to the one before. Raises Wrong."""
    hashes = {}
    for link in read({"links": links}, "links", list):
        block = record(link, (*BLOCK, "sealed_at"))
        follows = block["height"] == height + 1 and previous(block) == tip
        must(follows, f"Block {height + 1} does not follow on block {height}.")
        height, tip = height + 1, block_hash(chain, block)
        must(tip == digest(block, "block_hash"), f"The hash of block {height} is not that of what it holds.")
        hashes[height] = tip
    return hashes


def faults_of_entry(entry: Any, sealed: bytes) -> Iterator[str]:
    """What is wrong with one entry: its hash, its lines, its balance per currency. Raises Wrong."""
    if entry_hash(entry) != sealed:
        yield "differs from its seal: its content does not give the hash it was sealed with."
    totals: dict[str, int] = {}
    for line in read(entry, "lines", list):
        if not isinstance(line, list) or [type(part) for part in line] != [int, str, str, str, int]:
            yield "has a line that is none."
            return
        totals[line[3]] = totals.get(line[3], 0) + line[4]
    if len(entry["lines"]) < FEWEST_LINES:
        yield "has fewer than two lines."
    for currency in sorted(name for name in totals if totals[name]):
        yield f"does not balance: its lines in {currency} add up to {totals[currency]} and not to 0."


class Ledger:
    """An export, read line by line with one block in memory; `faults` are what does not hold."""

    def __init__(self, heads: list[Head]) -> None:
        self.faults: list[str] = []
        self.heads, self.chain, self.height, self.tip = heads, "", 0, b""
        self.seen: set[int] = set()
        self.block: Record = {}
        self.hashes: list[bytes] = []

    def read(self, lines: TextIO) -> None:
        """Raises Unreadable when this is no export."""
        header = parsed(lines.readline())
        if not isinstance(header, dict) or (header.get("format"), header.get("version")) != ("fixnado-ledger", 1):
            raise Unreadable("This is not an export of the ledger in version 1.")
        self.chain = str(record(header, ("format", "version", "chain", "height", "block_hash", "entries"))["chain"])
        for place, line in enumerate(lines, 2):
            try:
                said = parsed(line)
                if isinstance(said, dict) and "block" in said:
                    self._close()
                    self._open(record(said["block"], (*BLOCK, "sealed_at")))
                else:
                    self._entry(record(said, ("entry", "id", "position", "hash")))
            except (Wrong, Unreadable) as wrong:
                self.faults.append(f"Line {place}: {wrong}")
        self._close()
        announced = [header[name] for name in ("height", "block_hash", "entries")]
        there = [self.height, self.tip.hex(), len(self.seen)]
        self._expect(there == announced, f"The file announces {announced} and ends with {there}.")
        for head in self.heads:
            self._expect(head.chain == self.chain, f"The head is of the chain {head.chain}, not {self.chain}.")
            missing = f"The published head is block {head.height}; everything after block {self.height} is missing."
            self._expect(head.height <= self.height, missing)

    def _expect(self, holds: object, fault: str) -> None:
        self.faults += [] if holds else [fault]

    def _open(self, block: Record) -> None:
        height, tip = read(block, "height", int), digest(block, "block_hash")
        self._expect(height == self.height + 1, f"Block {self.height + 1} is missing: block {height} comes instead.")
        self._expect(previous(block) == self.tip, f"Block {height} is not linked to the block before it.")
        self._expect(block_hash(self.chain, block) == tip, f"The hash of block {height} is not that of what it holds.")
        self.block, self.hashes, self.height, self.tip = block, [], height, tip
        for head in self.heads:
            same = head.height != height or head.block_hash == tip
            self._expect(same, f"Block {height} is not the one of the published head: the chain was rewritten.")

    def _entry(self, said: Record) -> None:
        row, position, sealed = read(said, "id", int), read(said, "position", int), digest(said, "hash")
        where = f"Entry {row} (block {self.height}, place {position + 1})"
        self._expect(position == len(self.hashes), f"{where} stands where place {len(self.hashes) + 1} must be.")
        self._expect(row not in self.seen, f"{where} is there twice.")
        self.seen.add(row)
        self.hashes.append(sealed)
        if said["entry"] is None:
            raise Wrong(f"{where} is gone; only its seal is left.")
        self._expect(record(said["entry"], ENTRY)["id"] == row, f"{where} says that it is another entry.")
        self.faults += [f"{where} {fault}" for fault in faults_of_entry(said["entry"], sealed)]

    def _close(self) -> None:
        """The end of a block: are its entries those it was sealed with?"""
        if self.block:
            size, here = self.block["size"], len(self.hashes)
            self._expect(here == size, f"Block {self.height} was sealed with {size} entries; here are {here}.")
            same = here != size or merkle_root(self.hashes).hex() == self.block["merkle_root"]
            self._expect(same, f"The entries of block {self.height} do not give its Merkle root.")


def run(asked: argparse.Namespace) -> int:
    """Prints what it finds, and answers the exit code. Raises Wrong and Unreadable."""
    key = asked.key.lower()
    heads = [read_head(whole(path), key) for path in asked.head or []]
    if asked.what == "head":
        print(told_of(read_head(whole(asked.file), key)))
    elif asked.what == "receipt":
        for sentence in check_receipt(whole(asked.file), heads, key):
            print(sentence)
    else:
        ledger = Ledger(heads)
        with opened(asked.file) as lines:
            ledger.read(lines)
        if ledger.faults:
            raise Wrong("\nBROKEN: ".join([*ledger.faults[:MOST_TOLD], f"{len(ledger.faults)} in all."]))
        print(f"{len(ledger.seen)} entries in {ledger.height} blocks: every hash, every balance, every link.")
        print(f"The end is block {ledger.height} of the chain {ledger.chain}, hash {ledger.tip.hex()}.")
        for head in heads:
            print(told_of(head), "It is part of this ledger.")
    print("It holds.")
    return HOLDS


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="Checks receipts, the ledger and published heads of Fixnado.")
    parser.add_argument("what", choices=("receipt", "ledger", "head"))
    parser.add_argument("file", help="the proof, the export or the head")
    parser.add_argument("--head", action="append", help="a published head that you kept; may be given several times")
    parser.add_argument("--key", default="", help="the public key that heads must be signed with, in hexadecimal")
    try:
        return run(parser.parse_args())
    except (Wrong, UnicodeError) as wrong:
        print(f"BROKEN: {wrong}".encode("ascii", "backslashreplace").decode())
        return BROKEN
    except Unreadable as reason:
        print(f"It could not be checked. {reason}", file=sys.stderr)
        return COULD_NOT_RUN


if __name__ == "__main__":
    sys.exit(main())
