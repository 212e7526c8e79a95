"""Every screen of the console, in the order of the menu. A screen that is not here does not exist."""

from __future__ import annotations

from views.console.catalogue.facet import FacetView
from views.console.catalogue.listing import ListingView
from views.console.catalogue.question import QuestionsView
from views.console.catalogue.taxonomy_node import TaxonomyNodeView
from views.console.commerce.account import AccountView
from views.console.commerce.chargeback import ChargebackView
from views.console.commerce.client_money import ClientMoneyView
from views.console.commerce.dispute import DisputeView
from views.console.commerce.ledger_entry import LedgerEntryView
from views.console.commerce.order import OrderView
from views.console.commerce.payment import PaymentView
from views.console.commerce.quote_request import QuoteView
from views.console.commerce.refund import RefundView
from views.console.commerce.review import ReviewsView
from views.console.moderation.review_queue import ReviewView
from views.console.people.deletion_request import DeletionRequestView
from views.console.people.organisation import OrganisationView
from views.console.people.person import PersonView
from views.console.people.profile import ProfileView
from views.console.people.role import RoleView
from views.console.people.seller import SellerView
from views.console.people.user import UserView
from views.console.platform.audit_event import AuditEventView
from views.console.platform.invariant import InvariantView
from views.console.platform.mail_message import MailMessageView
from views.console.platform.outbox import OutboxView
from views.console.platform.saved_view import SavedViewView
from views.console.platform.seal import SealView
from views.console.platform.timer import TimerView
from views.console.platform.webhook import WebhookView

SCREENS: tuple[type, ...] = (
    ReviewView,
    ReviewsView,
    QuestionsView,
    OrderView,
    QuoteView,
    RefundView,
    DisputeView,
    ChargebackView,
    PaymentView,
    ListingView,
    TaxonomyNodeView,
    FacetView,
    SellerView,
    OrganisationView,
    PersonView,
    DeletionRequestView,
    ClientMoneyView,
    LedgerEntryView,
    AccountView,
    InvariantView,
    SealView,
    AuditEventView,
    MailMessageView,
    OutboxView,
    TimerView,
    WebhookView,
    UserView,
    RoleView,
)
PLAIN: tuple[type, ...] = (ProfileView, SavedViewView)
"""Views that are reached from somewhere else than the menu."""
