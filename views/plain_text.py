"""What people send is text, and PostgreSQL's text has no NUL: a request that carries one is refused before any view."""

from __future__ import annotations

from itertools import chain

from flask import Flask, abort, request

NUL = "\x00"


def refuse_nul() -> None:
    """400 for a NUL in the path, the query or a form; no keyboard types one, and no statement takes one."""
    # A receiver of webhooks reads raw bytes under a limit of its own: its body is not parsed before that is set.
    form = () if request.path.startswith("/hooks/") else request.form.lists()
    typed = chain.from_iterable(values for _, values in chain(request.args.lists(), form))
    if NUL in request.path or any(NUL in value for value in typed):
        abort(400)


def install(app: Flask) -> None:
    """For every address of the application."""
    app.before_request(refuse_nul)
