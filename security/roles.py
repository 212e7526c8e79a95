"""Who may do what: the one table. A role is a list of grants and roles only add; `flask roles sync` makes the database
equal.

Separation of duties is static: `APART` names permissions that one person may never hold together, through one role or
through several. It is checked here (a test), and wherever roles are given to a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from security.permissions import PERMISSIONS, READ, WRITE, every

Grant = tuple[str, str]


@dataclass(frozen=True)
class Role:
    """A job somebody does. `grants` maps a resource to the verbs it gives."""

    name: str
    purpose: str
    grants: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def pairs(self) -> frozenset[Grant]:
        """Every (resource, verb) this role gives, including what all staff have."""
        own = {(resource, verb) for resource, verbs in self.grants.items() for verb in verbs}
        return frozenset(own | ALL_STAFF)


ALL_STAFF: frozenset[Grant] = frozenset({("Home", READ), ("Profile", READ), ("Profile", WRITE)})
SEE = (READ,)

ROLES: tuple[Role, ...] = (
    Role(
        "Administrator",
        "People and roles. No money approval, no moderation.",
        {
            "User": (READ, WRITE, "reset"),
            "Role": SEE,
            "Person": (READ, "help", "suspend"),
            "Organisation": SEE,
            "AuditEvent": SEE,
        },
    ),
    Role(
        "Moderator",
        "Works the review queue; never their own organisation's listings.",
        {
            "Review": (READ, "decide"),
            "Listing": (READ, "suspend"),
            "OrderReview": (READ, "decide"),
            "Question": (READ, "hide"),
            "Organisation": SEE,
            "Seller": SEE,
            "TaxonomyNode": SEE,
        },
    ),
    Role(
        "Catalogue manager",
        "Taxonomy, facets and the quality of listings.",
        {"TaxonomyNode": SEE, "Facet": SEE, "Listing": SEE, "Organisation": SEE},
    ),
    Role(
        "Finance clerk",
        "Approves refunds, answers banks, keeps the books.",
        {
            "Order": SEE,
            "Refund": (READ, "approve", "retry", "transfer"),
            "Dispute": SEE,
            "Chargeback": (READ, "respond"),
            "Payment": SEE,
            "ClientMoney": SEE,
            "LedgerEntry": SEE,
            "Account": SEE,
            "Invariant": SEE,
            "Seal": SEE,
            "Organisation": SEE,
        },
    ),
    Role(
        "Operations",
        "Keeps orders, sellers, jobs and webhooks moving; decides problems.",
        {
            "Organisation": SEE,
            "Person": (READ, "help"),
            "DeletionRequest": (READ, "decide"),
            "Seller": (READ, "verify", "restrict", "terminate"),
            "Listing": SEE,
            "Order": (READ, "messages", "cancel"),
            "Quote": SEE,
            "Refund": SEE,
            "Dispute": (READ, "open", "work", "propose", "decide"),
            "Chargeback": SEE,
            "Payment": SEE,
            "MailMessage": (READ, "resend"),
            "Outbox": (READ, "rerun"),
            "Timer": SEE,
            "Webhook": (READ, "replay", "body"),
            "Invariant": SEE,
            "Seal": SEE,
        },
    ),
    Role(
        "Support agent",
        "Answers people: sees orders, asks for refunds, works on problems up to a proposal.",
        {
            "Order": (READ, "messages"),
            "Quote": SEE,
            "OrderReview": SEE,
            "Question": SEE,
            "Organisation": SEE,
            "Person": (READ, "help"),
            "DeletionRequest": SEE,
            "Listing": SEE,
            "Refund": (READ, "request"),
            "Dispute": (READ, "open", "work", "propose"),
            "Chargeback": SEE,
            "MailMessage": (READ, "resend"),
        },
    ),
    Role(
        "Privacy officer",
        "Answers what people ask about their data: sees accounts and their history, decides deletions.",
        {"DeletionRequest": (READ, "decide"), "Person": SEE, "Organisation": SEE, "AuditEvent": SEE},
    ),
    Role(
        "Auditor",
        "Reads everything that proves something, and changes nothing.",
        {resource: SEE for resource in PERMISSIONS if resource not in {"Home", "Profile"}},
    ),
)

BY_NAME: Mapping[str, Role] = {role.name: role for role in ROLES}

APART: tuple[tuple[Grant, Grant, str], ...] = (
    (("User", WRITE), ("Refund", "approve"), "who gives out roles does not decide about money"),
    (("User", WRITE), ("Dispute", "decide"), "who gives out roles does not decide about money"),
    (("User", WRITE), ("Refund", "retry"), "who gives out roles does not decide about money"),
    (("User", WRITE), ("Review", "decide"), "who gives out roles does not decide about content"),
    (("User", WRITE), ("OrderReview", "decide"), "who gives out roles does not decide about content"),
    (("User", WRITE), ("Question", "hide"), "who gives out roles does not decide about content"),
    (("User", WRITE), ("Outbox", "rerun"), "who gives out roles does not make the machinery act"),
    (("Refund", "request"), ("Refund", "approve"), "who asks for money does not say yes to it"),
    (("Dispute", "decide"), ("Refund", "approve"), "who decides problems does not also approve refunds"),
    (("Seller", "verify"), ("Refund", "approve"), "who lets a seller in does not decide about their money"),
    (("Seller", "verify"), ("Refund", "retry"), "who lets a seller in does not decide about their money"),
    (("DeletionRequest", "decide"), ("User", WRITE), "who gives out roles does not end accounts"),
    (("AuditEvent", READ), ("Review", "decide"), "who is audited does not watch the audit trail"),
    (("AuditEvent", READ), ("Refund", "approve"), "who is audited does not watch the audit trail"),
    (("AuditEvent", READ), ("Refund", "retry"), "who is audited does not watch the audit trail"),
)


def grants(names: Iterable[str]) -> frozenset[Grant]:
    """What somebody with these roles may do; names that are not in the table give nothing."""
    return frozenset[Grant]().union(*(BY_NAME[name].pairs() for name in names if name in BY_NAME))


def conflicts(names: Iterable[str]) -> list[str]:
    """The reasons why one person may not hold these roles together; empty when they may."""
    chosen = {name for name in names if name in BY_NAME}
    held = grants(chosen)
    found = [
        f"{_named(one)} and {_named(other)} belong to two people: {reason}"
        for one, other, reason in APART
        if one in held and other in held
    ]
    if "Auditor" in chosen and len(chosen) > 1:
        found.append("An auditor holds no other role: they judge the work of the others")
    return found


def _named(grant: Grant) -> str:
    resource, verb = grant
    return f"“{verb} {resource}”"


def table() -> str:
    """Role by permission as text: the file security/grants.txt, written by `flask roles print`."""
    lines = ["# role x permission, written by `flask roles print`; x = granted", ""]
    width = max(len(f"{resource} {verb}") for resource, verb in every()) + 2
    lines.append(" " * width + "  ".join(f"{role.name}" for role in ROLES))
    for resource, verb in every():
        marks = ("x" if (resource, verb) in role.pairs() else "." for role in ROLES)
        cells = "  ".join(mark.ljust(len(role.name)) for mark, role in zip(marks, ROLES, strict=True))
        lines.append(f"{resource} {verb}".ljust(width) + cells.rstrip())
    return "\n".join(lines) + "\n"
