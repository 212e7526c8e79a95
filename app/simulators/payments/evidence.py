"""What a merchant tells the bank: fields of text, and files uploaded before."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from app.simulators.payments.errors import invalid
from app.simulators.payments.store import Thing, Work

TEXTS = (
    "access_activity_log", "billing_address", "cancellation_policy_disclosure", "cancellation_rebuttal",
    "customer_email_address", "customer_name", "customer_purchase_ip", "duplicate_charge_explanation",
    "duplicate_charge_id", "product_description", "refund_policy_disclosure", "refund_refusal_explanation",
    "service_date", "shipping_address", "shipping_carrier", "shipping_date", "shipping_tracking_number",
    "uncategorized_text",
)  # fmt: skip
FILES = (
    "cancellation_policy", "customer_communication", "customer_signature", "duplicate_charge_documentation", "receipt",
    "refund_policy", "service_documentation", "shipping_documentation", "uncategorized_file",
)  # fmt: skip
TEXT_MAX = 20_000
FILE_MAX = 5_000_000
PURPOSE = "dispute_evidence"
KINDS = {b"%PDF-": "pdf", b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpg"}
MAGIC = {"winning_evidence": "won", "losing_evidence": "lost", "escalate_inquiry_evidence": "lost"}
"""What the provider's test mode understands, https://docs.stripe.com/testing#evidence."""


def upload(work: Work, name: str, content: bytes) -> Thing:
    """Keep a file; its kind is read from its first bytes, whatever it is called."""
    kind = next((kind for begins, kind in KINDS.items() if content.startswith(begins)), None)
    if kind is None:
        raise invalid("Evidence must be a PDF, a JPEG or a PNG", param="file")
    if len(content) > FILE_MAX:
        raise invalid(f"The file is larger than {FILE_MAX} bytes", param="file")
    sum_ = hashlib.sha256(content).hexdigest()
    made = work.new(
        "file", "file", expires_at=None, filename=name, purpose=PURPOSE, size=len(content), title=None, type=kind,
        url=None, _sha256=sum_,
    )  # fmt: skip
    work.rows("INSERT INTO content (file, bytes) VALUES (?, ?)", made["id"], content)
    return made


def content(work: Work, file: Thing) -> bytes:
    """The bytes as they were sent."""
    return bytes(work.rows("SELECT bytes FROM content WHERE file = ?", file["id"])[0]["bytes"])


def checked(work: Work, given: Mapping[str, Any]) -> dict[str, str | None]:
    """The fields a dispute may keep; an empty one is taken back. ApiError for anything else."""
    for name, value in given.items():
        if name not in {*TEXTS, *FILES}:
            raise invalid(f"Received unknown parameter: evidence[{name}]", param=name, code="parameter_unknown")
        if name in TEXTS and len(str(value)) > TEXT_MAX:
            raise invalid(f"evidence[{name}] is longer than {TEXT_MAX} characters", param=name)
        if name in FILES and value:
            work.get("file", str(value))
    return {name: str(value) or None for name, value in given.items()}


def magic(dispute: Thing) -> str:
    """won or lost, when the text is one that decides by itself."""
    return MAGIC.get(dispute["evidence"]["uncategorized_text"] or "", "")
