"""The public shop as one blueprint. Every page works without JavaScript; a form answers 303, or 422 with its input."""

from __future__ import annotations

from flask import Blueprint

storefront = Blueprint("storefront", __name__)
