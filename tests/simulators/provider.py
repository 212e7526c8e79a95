"""The payment simulator as a real process, with a receiver that stands in for the shop's webhook address."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx

from tests.databases import ROOT
from tests.processes import answers, free_port, wait_for

KEY = "sk_test_simulated"
SECRET = "whsec_simulated"  # pragma: allowlist secret


@dataclass
class Receiver:
    """Keeps every delivery in order; answers with the next of `statuses`, else 200."""

    statuses: list[int] = field(default_factory=list)
    got: list[tuple[bytes, str]] = field(default_factory=list)
    url: str = ""

    def clear(self) -> None:
        self.statuses.clear()
        self.got.clear()

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(payload) for payload, _ in self.got]

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["type"] == kind]


@contextmanager
def receiver() -> Iterator[Receiver]:
    kept = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            payload = self.rfile.read(int(self.headers["Content-Length"]))
            kept.got.append((payload, self.headers["Stripe-Signature"]))
            self.send_response(kept.statuses.pop(0) if kept.statuses else 200)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield kept
    server.shutdown()
    thread.join()
    server.server_close()


@dataclass
class Provider:
    """A running simulator; `kill()` is -9 and `start()` begins again on the same state."""

    folder: Path
    hook: str
    secrets: str = SECRET
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        argv = [sys.executable, "-m", "app.simulators.payments", "--port", str(self.port), "--key", KEY]
        argv += [
            "--state",
            str(self.folder / "provider.sqlite"),
            "--webhook-url",
            self.hook,
            "--webhook-secret",
            self.secrets,
        ]
        self.process = subprocess.Popen([*argv, "--public-url", self.url], cwd=ROOT, stdout=subprocess.DEVNULL)
        wait_for(lambda: answers(f"{self.url}/healthz"))

    def start_over(self) -> None:
        """Nothing on the books, whatever the test before did."""
        if self.process and self.process.poll() is None:
            httpx.delete(f"{self.url}/_state").raise_for_status()
        else:
            self.start()
            self.start_over()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        assert self.process
        self.process.send_signal(number)
        return self.process.wait(10)

    def kill(self) -> None:
        self.stop(signal.SIGKILL)

    def end(self) -> None:
        if self.process and self.process.poll() is None:
            self.stop()

    def knobs(self, **wanted: int) -> None:
        httpx.post(f"{self.url}/_knobs", json=wanted).raise_for_status()

    def reset(self) -> None:
        httpx.delete(f"{self.url}/_knobs").raise_for_status()

    def advance(self, seconds: int) -> None:
        httpx.post(f"{self.url}/_clock", json={"advance_s": seconds}).raise_for_status()

    def call(self, path: str, key: str = "", **data: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {KEY}"} | ({"Idempotency-Key": key} if key else {})
        return httpx.post(f"{self.url}/v1/{path}", data=data, headers=headers, timeout=30)

    def document(self, path: str, **query: str) -> Any:
        """What the API answers to a question."""
        headers = {"Authorization": f"Bearer {KEY}"}
        return httpx.get(f"{self.url}/v1/{path}", params=query, headers=headers).json()

    def disputed(self, intent: str, **wish: object) -> str:
        """The id of a new dispute of a payment."""
        answer = httpx.post(f"{self.url}/_disputes", json={"payment_intent": intent} | wish)
        return str(answer.raise_for_status().json()["id"])

    def decide(self, dispute: str, outcome: str) -> Any:
        """The dispute after the bank's word on it."""
        answer = httpx.post(f"{self.url}/_disputes/{dispute}", json={"outcome": outcome})
        return answer.raise_for_status().json()

    def opened(self, amount: int = 29_300, back: str = "http://shop.test/back", **data: str) -> str:
        """The id of a new payment."""
        wanted = {"amount": str(amount), "currency": "gbp", "metadata[return_url]": back}
        return str(self.call("payment_intents", **(wanted | data)).json()["id"])

    def paid(self, amount: int = 29_300, token: str = "pm_card_visa", **data: str) -> str:
        """The id of a payment that went through."""
        identity = self.opened(amount, **data)
        assert self.call(f"payment_intents/{identity}/confirm", payment_method=token).status_code == 200
        return identity


@contextmanager
def running(folder: Path) -> Iterator[tuple[Provider, Receiver]]:
    """Both ends, for a whole test session: a process takes a second to start."""
    with receiver() as shop:
        provider = Provider(folder, shop.url)
        yield provider, shop
        provider.end()
