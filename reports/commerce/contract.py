"""The contract between customer and provider: made once, when the provider accepts."""

from __future__ import annotations

from reports.commerce.facts import ContractFacts, Text
from reports.layout.press import press
from reports.layout.template import fill


def render(facts: ContractFacts) -> bytes:
    """Tagged PDF/UA-1; the same facts give the same bytes.

    Raises PaperUnavailable when this machine lacks Pango, PaperRefused for a document that is too long.
    """
    return press(html(facts), issued_at=facts.issued_at)


def html(facts: ContractFacts) -> str:
    """The page before it is typeset."""
    return fill(
        "commerce/contract.html.j2", facts=facts, texts=_texts(facts), issued=f"{facts.issued_at:%Y-%m-%dT%H:%M:%SZ}"
    )


def _texts(facts: ContractFacts) -> list[Text]:
    """The terms, and every text that was agreed to: printed in full, each once. Cancellation has its own pages."""
    apart = {text.id for text in (facts.cancellation, facts.cancellation_form) if text is not None}
    named = {text.id: text for text in (*facts.terms, *(consent.text for consent in facts.consents))}
    return [text for text in named.values() if text.id not in apart]
