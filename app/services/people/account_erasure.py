"""What is left of a person when their account has ended, and why.

Removed or replaced at once: name, e-mail address and password; sessions, tokens, links and open requests with the
browsers and addresses in them; news, its settings, saved things; who they acted for; the name, address and telephone
number of their personal organisation, and the words that the audit trail keeps aside about these rows.

Kept, each for as long as its rule says and used for nothing else (retention deletes it when that is over):

- orders, lines, payments, refunds, ledger, invoices and receipts: six years after the end of the tax year (HMRC, VAT
  Notice 700/21; Companies Act 2006 s. 388; GDPR art. 17(3)(b)). Their party is an organisation, which has no name now;
- contracts, evidence, problems, messages of orders, reviews and questions with their answers: claims can be brought for
  six years (Limitation Act 1980 s. 5; GDPR art. 17(3)(e)), and the other side's words belong to the other side too;
- mails as they were sent, with the address they went to: proof of information owed on a durable medium (Consumer
  Contracts Regulations 2013 reg. 16) and of the reasons we gave (DSA art. 17), for the same six years;
- who a seller is and what they showed for it: six months after the contract ended (DSA art. 30(5));
- the audit trail: who did what and when, sealed, without the words that name a person.
"""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from flask_appbuilder.security.sqla.models import User
from sqlalchemy.orm import Session

from app.services.people import account_standing, account_trace, person
from app.services.platform import audit_event, clock
from models.actor import Actor
from models.people.deletion_request import DeletionRequest as D
from models.people.invitation import Invitation
from models.people.membership import Membership
from models.people.organisation import Organisation
from models.people.sign_in import SignInEnd

NAME = ("Deleted", "person")
NOWHERE = "deleted.invalid"
"""No mail server takes mail for a host below `invalid` (RFC 2606)."""
WHY = "the account was deleted at its person's request"


def erase(session: Session, user: User, *, actor: Actor) -> None:
    """Nobody signs in with it any more, and nothing of it names its person. Safe to repeat."""
    address = user.email
    account_standing.end_everything(session, user.id, by=SignInEnd.account)
    session.info["verb"] = "account.delete"
    gone = [*account_trace.remove(session, user.id, address=address), *_personal(session, user.id)]
    gone += [(D.__tablename__, one) for one in session.scalars(sa.select(D.id).where(D.user_id == user.id))]
    _account(session, user)
    session.flush()
    for table, key in dict.fromkeys([("ab_user", user.id), ("account_standing", user.id), *gone]):
        audit_event.erase(session, table, key, actor=actor, reason=WHY)


def _account(session: Session, user: User) -> None:
    user.first_name, user.last_name = NAME
    user.email = user.username = f"deleted-{user.id}@{NOWHERE}"
    user.password = person.hashed(secrets.token_urlsafe(32))
    user.active = False
    row = account_standing.of(session, user.id)
    row.closed_at = row.closed_at or clock.now()
    row.suspended_at, row.suspension_reason = None, ""


def _personal(session: Session, user_id: int) -> list[account_trace.Place]:
    """Their personal organisation stays, as the nameless party of its orders; they act for no other, and a business
    that nobody is left in takes nobody in: its invitations are over."""
    places: list[account_trace.Place] = []
    for member in session.scalars(sa.select(Membership).where(Membership.user_id == user_id)).all():
        party = member.organisation
        if not party.personal:
            session.delete(member)
            session.flush()
            _close_the_door(session, party)
            continue
        party.name, party.slug = " ".join(NAME), f"deleted-{party.id.hex[-12:]}"
        party.legal_name = party.address = party.phone = party.email = ""
        places.append((Organisation.__tablename__, party.id))
    session.flush()
    return places


def _close_the_door(session: Session, party: Organisation) -> None:
    left = sa.select(Membership.id).where(Membership.organisation_id == party.id).limit(1)
    if session.scalar(left) is None:
        waiting = (Invitation.organisation_id == party.id, Invitation.accepted_at.is_(None))
        for one in session.scalars(sa.select(Invitation).where(*waiting, Invitation.revoked_at.is_(None))):
            one.revoked_at = clock.now()
