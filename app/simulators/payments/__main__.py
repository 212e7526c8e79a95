"""`python -m app.simulators.payments`: options, or the environment variables named in --help."""

from __future__ import annotations

import argparse
import os
import signal
import socket
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

from werkzeug.serving import WSGIRequestHandler, make_server

from app.simulators.payments.server import create_server
from app.simulators.payments.settings import Settings

LOOPBACK = "127.0.0.1"


class Quiet(WSGIRequestHandler):
    """Requests are seen on the state page; the terminal is for trouble."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


def shop_hook(env: Mapping[str, str]) -> str:
    """Where the shop of this environment takes its webhooks, if the environment tells."""
    base, key = env.get("BASE_URL", ""), env.get("PAYMENTS_ENDPOINT_KEY", "")
    return f"{base.rstrip('/')}/hooks/payments/{key}" if base and key else ""


def options(arguments: list[str] | None = None) -> Settings:
    """Read the command line; anything needed and absent ends the program with a sentence."""
    parser = argparse.ArgumentParser(prog="python -m app.simulators.payments", description=__doc__)
    known = (
        ("port", "PAYMENTS_PORT", "8090"),
        ("state", "PAYMENTS_STATE", "var/payments.sqlite"),
        ("key", "PAYMENTS_KEY", None),
        ("webhook-url", "PAYMENTS_WEBHOOK_URL", shop_hook(os.environ)),
        ("webhook-secret", "PAYMENTS_WEBHOOK_SECRETS", None),
        ("public-url", "PAYMENTS_PUBLIC_URL", ""),
        ("merchant", "PAYMENTS_MERCHANT", "Fixnado"),
    )
    for name, variable, default in known:
        given = os.environ.get(variable, default)
        parser.add_argument(f"--{name}", default=given, required=given is None, help=f"or {variable}")
    parser.add_argument("--fee-bps", type=int, default=150, help="the provider's share in basis points")
    parser.add_argument("--fee-fixed", type=int, default=20, help="the provider's fixed part in minor units")
    parser.add_argument("--dispute-fee", type=int, default=2_000, help="what a dispute costs, in minor units")
    got = parser.parse_args(arguments)
    return Settings(
        port=int(got.port),
        state=Path(got.state),
        key=got.key,
        webhook_url=got.webhook_url,
        webhook_secrets=tuple(filter(None, got.webhook_secret.split(","))),
        public_url=(got.public_url or f"http://{LOOPBACK}:{got.port}").rstrip("/"),
        merchant=got.merchant,
        fee_bps=got.fee_bps,
        fee_fixed_minor=got.fee_fixed,
        dispute_fee_minor=got.dispute_fee,
    )


def main() -> int:
    """Serve until SIGTERM or Ctrl-C."""
    settings = options()
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, settings.port))
    except OSError as error:
        sys.stderr.write(f"The payment simulator cannot use port {settings.port}: {error.strerror}.\n")
        return 1
    listener.listen(128)
    app = create_server(settings)
    courier = app.extensions["courier"]
    server = make_server(LOOPBACK, settings.port, app, threaded=True, request_handler=Quiet, fd=listener.fileno())
    for number in (signal.SIGTERM, signal.SIGINT):
        # shutdown() waits for the loop it is called from, so it runs beside it.
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    courier.start()
    sys.stdout.write(f"Payment simulator on {settings.public_url}\n")
    sys.stdout.flush()
    server.serve_forever(poll_interval=0.1)
    courier.stop()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
