"""Who may do what: the words. A permission is a verb on a resource; a screen offers it, a role grants it.

House tests hold the three equal: each verb here is offered by one screen, and each grant names a verb from here.
Flask-AppBuilder stores a verb as `can_<verb>` and a resource as a "view menu".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

READ, WRITE = "read", "write"

PERMISSIONS: Mapping[str, Mapping[str, str]] = {
    "Home": {READ: "Open the console's first page"},
    "Profile": {READ: "See one's own account", WRITE: "Change one's own name, e-mail and password"},
    "User": {
        READ: "See colleagues and their roles",
        WRITE: "Add colleagues, change their roles, stop them signing in",
        "reset": "Set a colleague's password",
    },
    "Role": {READ: "See what each role may do"},
    "Organisation": {READ: "See customers and providers"},
    "Person": {
        READ: "See accounts: organisations, sessions, mails, what was done to them and why",
        "help": "Send the confirmation or a link to a new password again, end somebody's sessions",
        "suspend": "Suspend an account, which mails the reasons, or open it again",
    },
    "DeletionRequest": {
        READ: "See who asked for their account to be deleted, and what stands in the way",
        "decide": "Delete an account at its person's request, or refuse it with reasons",
    },
    "Seller": {
        READ: "See sellers, their checks and their history",
        "verify": "Decide the checks of a new seller",
        "restrict": "Restrict a seller, or lift it",
        "terminate": "Give notice to a seller, or take it back",
    },
    "TaxonomyNode": {READ: "See the taxonomy"},
    "Facet": {READ: "See facets and their values"},
    "Listing": {
        READ: "See every listing in every state",
        "suspend": "Take a listing out of the shop, or put it back, with a statement of reasons",
    },
    "Review": {READ: "Work the review queue", "decide": "Approve or reject a listing, with a reason"},
    "OrderReview": {
        READ: "See what customers and providers say about each other, and reports about it",
        "decide": "Hide a review, dismiss reports of it, or show it again, with a reason",
    },
    "Question": {
        READ: "See what is asked about listings, what is answered, and reports about it",
        "hide": "Hide a question with its answer, or dismiss reports of it, with a reason",
    },
    "Order": {
        READ: "See an order: parties, hold, postings, payments, documents, history",
        "messages": "Read what the parties wrote to each other, which is noted in the audit trail",
        "cancel": "Cancel an accepted or begun order for its parties, by the published terms",
    },
    "Quote": {READ: "See quotes: the job, the offers, and what became of them"},
    "Refund": {
        READ: "See refunds",
        "request": "Ask for a refund, which another person approves",
        "approve": "Approve or reject a refund that another person asked for",
        "retry": "Send a refund again that the provider could not deliver",
        "transfer": "Record a refund by bank transfer, or confirm one that another person recorded",
    },
    "Dispute": {
        READ: "See problems with orders: what both sides say, with their files",
        "open": "Report a problem for one of the parties, or take such a report back",
        "work": "Take a problem up, ask a party something, add a note for both",
        "propose": "Propose how the money under protection is divided",
        "decide": "Decide a problem, with a statement of reasons",
    },
    "Chargeback": {
        READ: "See payments that a bank asks back",
        "respond": "Send evidence to the bank, or concede",
    },
    "Payment": {READ: "See payments"},
    "ClientMoney": {READ: "See what is owed to customers and providers, and whether it is there"},
    "LedgerEntry": {READ: "See journal entries and their postings"},
    "Account": {READ: "See ledger accounts and their balances"},
    "AuditEvent": {READ: "See who changed what, and why"},
    "MailMessage": {
        READ: "See mails as they were written, without the secrets in their links",
        "resend": "Send a mail again to the same address, with a reason",
    },
    "Outbox": {READ: "See the outbox and its dead letters", "rerun": "Send a dead letter again"},
    "Timer": {READ: "See what will happen by itself, and when"},
    "Webhook": {
        READ: "See what the payment provider told us",
        "replay": "Work a dead webhook again",
        "body": "Download a message as it came, which names people",
    },
    "Invariant": {READ: "Run the checks of the books"},
    "Seal": {READ: "See sealed blocks and what still waits for its seal"},
}


def stored(verb: str) -> str:
    """The verb as Flask-AppBuilder stores it."""
    return f"can_{verb}"


def every() -> Iterator[tuple[str, str]]:
    """Each (resource, verb) there is, in the order of the table."""
    for resource, verbs in PERMISSIONS.items():
        for verb in verbs:
            yield resource, verb
