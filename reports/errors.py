"""What can keep a document from being made."""

from __future__ import annotations

from models.errors import Invalid, Unavailable


class PaperUnavailable(Unavailable):
    """This machine cannot make documents; nothing is wrong with the order. A job may try again elsewhere."""


class PaperRefused(Invalid):
    """These facts must not become a document: they contradict each other, are too long, or reach outside."""
