"""Starts localstripe, somebody else's imitation of the provider, on loopback and without a file of its state.

`python -m tests.simulators.stranger PORT`. It is a program of its own under the GPL: only this file loads it, in a
process that ends with the tests. As it comes it listens on every interface and pickles what it knows into a shared
folder.
"""

from __future__ import annotations

import sys
from typing import Any

from aiohttp import web
from localstripe import resources, server  # type: ignore[import-untyped]

UNHEARD = ("description", "reason")
"""Fields of the provider's API that localstripe refuses as unknown, and that change nothing it does."""


def main(port: int) -> None:
    """Serve until SIGTERM."""
    resources.Store.dump_to_disk = lambda _: None
    read = server.get_post_data

    async def without(request: web.Request, *, remove_auth: bool = True) -> Any:
        fields = await read(request, remove_auth)
        return {name: value for name, value in (fields or {}).items() if name not in UNHEARD}

    server.get_post_data = without
    web.run_app(server.app, host="127.0.0.1", port=port, access_log=None, print=None, shutdown_timeout=0.1)


if __name__ == "__main__":
    main(int(sys.argv[1]))
