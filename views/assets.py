"""Built browser files, icons, theme and security headers: what every page of shop and console stands on.

`asset('shop.css')` answers the hashed address from the manifest that tools/assets.mjs writes; the content security
policy allows nothing inline, so no template holds a style attribute, an event handler or a script without the nonce.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path

from flask import Flask, Response, g, request, url_for
from markupsafe import Markup

STATIC = Path(__file__).resolve().parent / "static"
MANIFEST = STATIC / "dist" / "manifest.json"
THEMES = ("light", "dark")
THEME_COOKIE = "theme"
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


class _Manifest:
    """The manifest, read again when a build replaced it, so that a running development server follows."""

    def __init__(self) -> None:
        self._stamp = 0
        self._names: dict[str, str] = {}

    def __getitem__(self, name: str) -> str:
        try:
            stamp = MANIFEST.stat().st_mtime_ns
        except FileNotFoundError as missing:
            raise RuntimeError("the browser files are not built: run `make assets`") from missing
        if stamp != self._stamp:
            self._names, self._stamp = json.loads(MANIFEST.read_text()), stamp
        return self._names[name]


_manifest = _Manifest()


def asset(name: str) -> str:
    """The address of a built file (`shop.css`) or a picture (`img/logo.svg`); it changes with the content."""
    file, _, version = _manifest[name].partition("?v=")
    return url_for("static", filename=file, v=version or None)


def built(name: str) -> Path:
    """Where a built file lies, for what is drawn on the server with the fonts of the shop."""
    return STATIC / _manifest[name].partition("?v=")[0]


def icon(name: str, cls: str = "") -> Markup:
    """An outline icon, hidden from screen readers: a word always stands beside it."""
    return Markup('<svg class="icon {}" aria-hidden="true" focusable="false"><use href="{}#i-{}"/></svg>').format(
        cls, asset("icons.svg"), name
    )


def shape(name: str, cls: str = "") -> Markup:
    """A 14 px status shape (done, clock, pie1 …), hidden from screen readers like an icon."""
    return Markup('<svg class="shape {}" aria-hidden="true" focusable="false"><use href="{}#s-{}"/></svg>').format(
        cls, asset("icons.svg"), name
    )


def csp_nonce() -> str:
    """One number per response, for a script element that has no file of its own."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return str(g.csp_nonce)


def theme() -> str:
    """`light` or `dark` when the reader chose one, else empty. The server draws it, so nothing flashes."""
    chosen = request.cookies.get(THEME_COOKIE, "")
    return chosen if chosen in THEMES else ""


def policy(form_targets: Sequence[str]) -> str:
    """The content security policy. `form_targets` are origins a form may be redirected to (the payment page)."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' 'nonce-{csp_nonce()}'",
            "style-src 'self'",
            "img-src 'self' data:",
            "font-src 'self'",
            "connect-src 'self'",
            "manifest-src 'self'",
            " ".join(("form-action 'self'", *form_targets)),
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )


def install(app: Flask, form_targets: Sequence[str] = ()) -> None:
    """Gives templates `asset`, `icon`, `shape`, `theme`, `csp_nonce`, and every response its headers."""
    app.jinja_env.globals.update(asset=asset, icon=icon, shape=shape, theme=theme, csp_nonce=csp_nonce)

    @app.after_request
    def headers(response: Response) -> Response:
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Content-Security-Policy", policy(form_targets))
        if app.config.get("ENVIRONMENT") == "production":
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
        found = response.status_code in {HTTPStatus.OK, HTTPStatus.NOT_MODIFIED, HTTPStatus.PARTIAL_CONTENT}
        if request.endpoint == "static" and found and ("v" in request.args or "/dist/" in request.path):
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        elif request.endpoint != "static" or not found:
            response.headers.setdefault("Cache-Control", "private, no-store")
        return response
