"""The contract as our paper makes it, against WeasyPrint alone on the same HTML, sheet and font."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from weasyprint import HTML
from weasyprint.text.fonts import FontConfiguration

from app.clients.legal_content import current_text
from reports.commerce import contract
from reports.commerce.facts import Text
from reports.layout.letters import FONT
from tests.factories.paper import contract_facts
from tools.bench.paired import Cost, Pair, cost

_SHEET = Path(contract.__file__).parents[1] / "layout" / "paper.css"


def _text(text_id: str) -> Text:
    return Text(**dataclasses.asdict(current_text(text_id, on=date(2026, 6, 1))))


def pair() -> Pair:
    """One document per sample; every sample is a new order, as in life."""
    terms = tuple(map(_text, ("order-terms", "protected-payment-hold", "express-start-consent")))
    facts = contract_facts(
        terms=terms,
        cancellation=_text("cancellation-information"),
        cancellation_form=_text("model-cancellation-form"),
    )
    page = contract.html(facts)
    folder = TemporaryDirectory()
    font = Path(folder.name) / "inter.ttf"
    font.write_bytes(FONT.read_bytes())
    sheet = _SHEET.read_text("utf-8").replace("paper:inter.ttf", font.as_uri())
    bare_page = page.replace("</head>", f"<style>{sheet}</style></head>")

    def bare() -> bytes:
        _ = folder  # lives as long as the arm
        return bytes(HTML(string=bare_page).write_pdf(font_config=FontConfiguration(), pdf_variant="pdf/ua-1"))

    return Pair(
        "pdf",
        "contract as PDF/UA-1, template included, against WeasyPrint alone on the finished page",
        _arm(lambda: contract.render(facts)),
        _arm(bare),
    )


def _arm(make: Callable[[], bytes]) -> Callable[[], Cost]:
    def work() -> float:
        make()
        return 0.0

    return lambda: cost(1, work)
