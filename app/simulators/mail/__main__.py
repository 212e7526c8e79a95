"""`python -m app.simulators.mail`: options, or the environment variables named in --help."""

from __future__ import annotations

import argparse
import os
import signal
import socket
import sys
import threading
from pathlib import Path

from werkzeug.serving import WSGIRequestHandler, make_server

from app.simulators.mail.pages import create_pages
from app.simulators.mail.smtp import LOOPBACK, listener
from app.simulators.mail.store import Store


class Quiet(WSGIRequestHandler):
    """The terminal is for trouble."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


def options(arguments: list[str] | None = None) -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(prog="python -m app.simulators.mail", description=__doc__)
    known = (
        ("port", "MAIL_PORT", "8025"),
        ("page-port", "MAIL_PAGE_PORT", "8026"),
        ("state", "MAIL_STATE", "var/mail.sqlite"),
    )
    for name, variable, default in known:
        parser.add_argument(f"--{name}", default=os.environ.get(variable) or default, help=f"or {variable}")
    return parser.parse_args(arguments)


def main() -> int:
    """Take mails and show them until SIGTERM or Ctrl-C."""
    got = options()
    store = Store(Path(got.state))
    page = socket.socket()
    page.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    smtp = listener(store, int(got.port))
    try:
        page.bind((LOOPBACK, int(got.page_port)))
        page.listen(64)
        smtp.start()
    except OSError as error:
        sys.stderr.write(f"The mailbox cannot use ports {got.port} and {got.page_port}: {error.strerror}.\n")
        return 1
    server = make_server(
        LOOPBACK, int(got.page_port), create_pages(store), threaded=True, request_handler=Quiet, fd=page.fileno()
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        # shutdown() waits for the loop it is called from, so it runs beside it.
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    sys.stdout.write(f"Mailbox on http://{LOOPBACK}:{got.page_port}, SMTP on port {got.port}\n")
    sys.stdout.flush()
    server.serve_forever(poll_interval=0.1)
    smtp.stop()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
