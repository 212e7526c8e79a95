"""A file of an order as JSON: what it is, and the signed address under which the reader may open it for ten minutes."""

from __future__ import annotations

from typing import Any

from flask_login import current_user
from marshmallow import fields

from app.services.commerce import order_file
from models.actor import ActorKind
from models.commerce.document import Document
from models.commerce.evidence import Evidence
from views.api.shapes import Gives, Moment


class FileShape(Gives):
    """`url` is a path of this site that needs no token, opens this file for the caller and ends ten minutes after this
    answer; null for staff, who read files in the console."""

    name = fields.String()
    media_type = fields.String()
    url = fields.String(allow_none=True)


class PaperShape(FileShape):
    """`kind` is contract or receipt."""

    kind = fields.String()
    number = fields.String()


class EvidenceShape(FileShape):
    """What the provider showed; `round` counts deliveries, from 1."""

    note = fields.String()
    round = fields.Integer()
    at = Moment()


def file_shape(row: order_file.Row, kind: ActorKind) -> dict[str, Any]:
    """For a reader on this side of the order."""
    mine = kind in {ActorKind.buyer, ActorKind.seller}
    return {
        "name": row.stored_file.original_name or "",
        "media_type": row.stored_file.media_type,
        "url": order_file.address(row, user_id=current_user.id) if mine else None,
    }


def paper_shape(row: Document, kind: ActorKind) -> dict[str, Any]:
    """A contract or a receipt."""
    return {**file_shape(row, kind), "name": f"{row.number}.pdf", "kind": row.kind.name, "number": row.number}


def evidence_shape(row: Evidence, kind: ActorKind) -> dict[str, Any]:
    """A file of a delivery."""
    return {**file_shape(row, kind), "note": row.note, "round": row.round, "at": row.created_at}
