"""Who does something: carried from the edge into every verb, history row and audit row."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID


class ActorKind(StrEnum):
    """The part somebody plays in a move; the tables of moves name these."""

    buyer = "buyer"
    seller = "seller"
    operator = "operator"
    system = "system"
    psp = "psp"


@dataclass(frozen=True, slots=True)
class Actor:
    """`user_id` is the signed-in person (None for clockwork), `organisation_id` the party they act for, `role` what
    lets them: their console roles or their part in the organisation, for the audit trail."""

    kind: ActorKind
    user_id: int | None = None
    organisation_id: UUID | None = None
    request_id: str = ""
    name: str = ""
    role: str = ""

    @classmethod
    def system(cls, name: str, request_id: str = "") -> Actor:
        """Clockwork; `name` says which part of it, for the audit trail."""
        return cls(ActorKind.system, name=name, request_id=request_id)

    @classmethod
    def operator(cls, user_id: int, request_id: str = "", *, role: str = "") -> Actor:
        """A member of staff in the console."""
        return cls(ActorKind.operator, user_id=user_id, request_id=request_id, role=role)

    def acting_as(self, kind: ActorKind, organisation_id: UUID | None = None) -> Actor:
        """The same person, in another part."""
        return replace(self, kind=kind, organisation_id=organisation_id or self.organisation_id)
