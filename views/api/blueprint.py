"""The API as one blueprint. No cookie opens it and no form token guards it: a request says who it is by its token."""

from __future__ import annotations

from flask import Blueprint

PREFIX = "/api/v1"

api = Blueprint("api", __name__, url_prefix=PREFIX)
