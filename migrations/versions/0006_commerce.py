"""Orders and their money: rates, checkouts, payments, orders, holds, refunds, the webhook inbox and the papers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"

TABLES = (
    "rate",
    "checkout",
    "checkout_line",
    "payment",
    "sales_order",
    "order_line",
    "escrow",
    "refund",
    "webhook_inbox",
    "order_document",
    "order_evidence",
)


def upgrade() -> None:
    op.execute("create extension if not exists btree_gist")
    _rate()
    _checkout()
    _checkout_line()
    _payment()
    _sales_order()
    _order_line()
    _escrow()
    _refund()
    _webhook_inbox()
    _order_document()
    _order_evidence()
    for table in TABLES:
        op.execute(f"revoke delete on {table} from fixnado_application")
    op.execute("grant delete on checkout_line to fixnado_application")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def _rate() -> None:
    op.create_table(
        "rate",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "vat", "commission", "buyer_fee", name="rate_kind", native_enum=False, create_constraint=True, length=20
            ),
            nullable=False,
        ),
        sa.Column("jurisdiction", sa.String(length=8), nullable=False),
        sa.Column("category", sa.String(length=120), nullable=False),
        sa.Column("bps", sa.Integer(), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.CHAR(length=3), nullable=True),
        sa.Column("valid", postgresql.DATERANGE(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("kind"), "="),
            (sa.column("jurisdiction"), "="),
            (sa.column("category"), "="),
            (sa.column("valid"), "&&"),
            using="gist",
            name="ex_rate_one_at_a_time",
        ),
        sa.CheckConstraint("(amount_minor IS NULL) = (currency IS NULL)", name=op.f("ck_rate_amount_has_a_currency")),
        sa.CheckConstraint("(bps IS NULL) <> (amount_minor IS NULL)", name=op.f("ck_rate_share_or_amount")),
        sa.CheckConstraint("amount_minor >= 0", name=op.f("ck_rate_amount_is_not_negative")),
        sa.CheckConstraint("bps BETWEEN 0 AND 10000", name=op.f("ck_rate_bps_is_a_share")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rate")),
    )


def _checkout() -> None:
    op.create_table(
        "checkout",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("buyer_organisation_id", sa.Uuid(), nullable=False),
        sa.Column("buyer_user_id", sa.Integer(), nullable=False),
        sa.Column("seller_organisation_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.CHAR(length=3), nullable=False),
        sa.Column("gross_minor", sa.BigInteger(), nullable=False),
        sa.Column("fee_net_minor", sa.BigInteger(), nullable=False),
        sa.Column("fee_vat_minor", sa.BigInteger(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("quote_fingerprint", sa.LargeBinary(length=32), nullable=False),
        sa.Column("visit_start", sa.DateTime(timezone=True), nullable=True),
        sa.Column("visit_end", sa.DateTime(timezone=True), nullable=True),
        sa.Column("visit_zone", sa.String(length=120), server_default="", nullable=False),
        sa.Column("site_address", sa.Text(), server_default="", nullable=False),
        sa.Column("site_postcode", sa.String(length=12), server_default="", nullable=False),
        sa.Column("access_notes", sa.Text(), server_default="", nullable=False),
        sa.Column("express_start_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("express_start_text", sa.String(length=120), server_default="", nullable=False),
        sa.Column("cancellation_shown_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancellation_text", sa.String(length=120), server_default="", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("state_entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "awaiting_payment",
                "paid",
                "expired",
                "abandoned",
                "refunded_late",
                name="checkout_state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.CheckConstraint("(visit_start IS NULL) = (visit_end IS NULL)", name=op.f("ck_checkout_visit_is_whole")),
        sa.CheckConstraint(
            "total_minor = gross_minor + fee_net_minor + fee_vat_minor", name=op.f("ck_checkout_total_adds_up")
        ),
        sa.CheckConstraint("total_minor > 0", name=op.f("ck_checkout_total_is_positive")),
        sa.CheckConstraint("visit_end > visit_start", name=op.f("ck_checkout_visit_goes_forward")),
        sa.ForeignKeyConstraint(
            ["buyer_organisation_id"], ["organisation.id"], name=op.f("fk_checkout_buyer_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["buyer_user_id"], ["ab_user.id"], name=op.f("fk_checkout_buyer_user_id_ab_user")),
        sa.ForeignKeyConstraint(
            ["seller_organisation_id"],
            ["organisation.id"],
            name=op.f("fk_checkout_seller_organisation_id_organisation"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checkout")),
    )
    op.create_index("ix_checkout_buyer_organisation_id", "checkout", ["buyer_organisation_id"], unique=False)


def _checkout_line() -> None:
    op.create_table(
        "checkout_line",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("checkout_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        sa.Column("vat_bps", sa.Integer(), nullable=False),
        sa.Column("vat_minor", sa.BigInteger(), nullable=False),
        sa.Column("gross_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_reason", sa.String(length=120), nullable=False),
        sa.Column("commission_bps", sa.Integer(), nullable=False),
        sa.Column("commission_minor", sa.BigInteger(), nullable=False),
        sa.Column("commission_vat_bps", sa.Integer(), nullable=False),
        sa.Column("commission_vat_minor", sa.BigInteger(), nullable=False),
        sa.Column("listing_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "commission_minor >= 0 AND commission_vat_minor >= 0 AND commission_minor + commission_vat_minor <= gross_minor",
            name=op.f("ck_checkout_line_commission_fits"),
        ),
        sa.CheckConstraint("gross_minor = net_minor + vat_minor", name=op.f("ck_checkout_line_gross_adds_up")),
        sa.CheckConstraint("net_minor > 0 AND vat_minor >= 0", name=op.f("ck_checkout_line_sums_are_positive")),
        sa.ForeignKeyConstraint(["checkout_id"], ["checkout.id"], name=op.f("fk_checkout_line_checkout_id_checkout")),
        sa.ForeignKeyConstraint(
            ["listing_id"], ["listing.id"], name=op.f("fk_checkout_line_listing_id_listing"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checkout_line")),
        sa.UniqueConstraint("checkout_id", "position", name=op.f("uq_checkout_line_checkout_id")),
    )


def _payment() -> None:
    op.create_table(
        "payment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("checkout_id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.String(length=120), nullable=False),
        sa.Column("intent_id", sa.String(length=120), nullable=True),
        sa.Column("currency", sa.CHAR(length=3), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("captured_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("fee_minor", sa.BigInteger(), nullable=True),
        sa.Column("captured_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_decline", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint(
            "(captured_minor = 0) = (captured_at IS NULL)", name=op.f("ck_payment_captured_has_a_moment")
        ),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_payment_amount_is_positive")),
        sa.CheckConstraint("captured_minor IN (0, amount_minor)", name=op.f("ck_payment_captured_whole_or_not")),
        sa.ForeignKeyConstraint(["checkout_id"], ["checkout.id"], name=op.f("fk_payment_checkout_id_checkout")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment")),
        sa.UniqueConstraint("checkout_id", name=op.f("uq_payment_checkout_id")),
        sa.UniqueConstraint("intent_id", name=op.f("uq_payment_intent_id")),
    )
    op.create_index(
        "ix_payment_created_at",
        "payment",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("captured_at IS NULL AND voided_at IS NULL"),
    )


def _sales_order() -> None:
    op.create_table(
        "sales_order",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("checkout_id", sa.Uuid(), nullable=False),
        sa.Column("buyer_organisation_id", sa.Uuid(), nullable=False),
        sa.Column("seller_organisation_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.CHAR(length=3), nullable=False),
        sa.Column("gross_minor", sa.BigInteger(), nullable=False),
        sa.Column("fee_net_minor", sa.BigInteger(), nullable=False),
        sa.Column("fee_vat_minor", sa.BigInteger(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("visit_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("visit_end", sa.DateTime(timezone=True), nullable=False),
        sa.Column("visit_zone", sa.String(length=120), nullable=False),
        sa.Column("site_address", sa.Text(), nullable=False),
        sa.Column("site_postcode", sa.String(length=12), nullable=False),
        sa.Column("access_notes", sa.Text(), nullable=False),
        sa.Column("captured_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accept_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("change_rounds", sa.Integer(), server_default="0", nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("state_entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "pending_acceptance",
                "accepted",
                "in_progress",
                "delivered",
                "disputed",
                "completed",
                "cancelled",
                "declined",
                "expired",
                name="order_state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.CheckConstraint("buyer_organisation_id <> seller_organisation_id", name=op.f("ck_sales_order_two_parties")),
        sa.CheckConstraint("change_rounds BETWEEN 0 AND 3", name=op.f("ck_sales_order_change_rounds_are_few")),
        sa.CheckConstraint(
            "total_minor = gross_minor + fee_net_minor + fee_vat_minor", name=op.f("ck_sales_order_total_adds_up")
        ),
        sa.ForeignKeyConstraint(
            ["buyer_organisation_id"],
            ["organisation.id"],
            name=op.f("fk_sales_order_buyer_organisation_id_organisation"),
        ),
        sa.ForeignKeyConstraint(["checkout_id"], ["checkout.id"], name=op.f("fk_sales_order_checkout_id_checkout")),
        sa.ForeignKeyConstraint(
            ["seller_organisation_id"],
            ["organisation.id"],
            name=op.f("fk_sales_order_seller_organisation_id_organisation"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_order")),
        sa.UniqueConstraint("checkout_id", name=op.f("uq_sales_order_checkout_id")),
        sa.UniqueConstraint("reference", name=op.f("uq_sales_order_reference")),
    )
    op.create_index(
        "ix_sales_order_buyer_organisation_id", "sales_order", ["buyer_organisation_id", "created_at"], unique=False
    )
    op.create_index(
        "ix_sales_order_seller_organisation_id", "sales_order", ["seller_organisation_id", "created_at"], unique=False
    )


def _order_line() -> None:
    op.create_table(
        "order_line",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        sa.Column("vat_bps", sa.Integer(), nullable=False),
        sa.Column("vat_minor", sa.BigInteger(), nullable=False),
        sa.Column("gross_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_reason", sa.String(length=120), nullable=False),
        sa.Column("commission_bps", sa.Integer(), nullable=False),
        sa.Column("commission_minor", sa.BigInteger(), nullable=False),
        sa.Column("commission_vat_bps", sa.Integer(), nullable=False),
        sa.Column("commission_vat_minor", sa.BigInteger(), nullable=False),
        sa.Column("listing_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "commission_minor >= 0 AND commission_vat_minor >= 0 AND commission_minor + commission_vat_minor <= gross_minor",
            name=op.f("ck_checkout_line_commission_fits"),
        ),
        sa.CheckConstraint("gross_minor = net_minor + vat_minor", name=op.f("ck_checkout_line_gross_adds_up")),
        sa.CheckConstraint("net_minor > 0 AND vat_minor >= 0", name=op.f("ck_checkout_line_sums_are_positive")),
        sa.ForeignKeyConstraint(
            ["listing_id"], ["listing.id"], name=op.f("fk_order_line_listing_id_listing"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(["order_id"], ["sales_order.id"], name=op.f("fk_order_line_order_id_sales_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_line")),
        sa.UniqueConstraint("order_id", "position", name=op.f("uq_order_line_order_id")),
    )


def _escrow() -> None:
    op.create_table(
        "escrow",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.CHAR(length=3), nullable=False),
        sa.Column("captured_minor", sa.BigInteger(), nullable=False),
        sa.Column("released_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("refunded_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("captured_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("state_entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "pending",
                "held",
                "frozen",
                "settled",
                "voided",
                name="escrow_state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.CheckConstraint(
            "state <> 'settled' OR released_minor + refunded_minor = captured_minor",
            name=op.f("ck_escrow_settled_holds_nothing"),
        ),
        sa.CheckConstraint(
            "released_minor >= 0 AND refunded_minor >= 0 AND released_minor + refunded_minor <= captured_minor",
            name=op.f("ck_escrow_never_more_than_captured"),
        ),
        sa.ForeignKeyConstraint(["order_id"], ["sales_order.id"], name=op.f("fk_escrow_order_id_sales_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_escrow")),
        sa.UniqueConstraint("order_id", name=op.f("uq_escrow_order_id")),
    )


def _refund() -> None:
    op.create_table(
        "refund",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column(
            "cause",
            sa.Enum(
                "declined",
                "lapsed",
                "cancelled_before_acceptance",
                "late_capture",
                "hold_limit",
                name="refund_cause",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("currency", sa.CHAR(length=3), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("fee_net_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("fee_vat_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("requested_by_user_id", sa.Integer(), nullable=True),
        sa.Column("approved_by_user_id", sa.Integer(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("provider_refund_id", sa.String(length=120), nullable=True),
        sa.Column("last_error", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("state_entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "requested",
                "approved",
                "submitted",
                "unknown",
                "failed",
                "succeeded",
                "rejected",
                "cancelled",
                "settled_manually",
                name="refund_state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.CheckConstraint("(order_id IS NULL) = (cause = 'late_capture')", name=op.f("ck_refund_of_an_order")),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_refund_amount_is_positive")),
        sa.CheckConstraint("amount_minor >= fee_net_minor + fee_vat_minor", name=op.f("ck_refund_fee_is_part_of_it")),
        sa.CheckConstraint("approved_by_user_id <> requested_by_user_id", name=op.f("ck_refund_approved_by_another")),
        sa.CheckConstraint("fee_net_minor >= 0 AND fee_vat_minor >= 0", name=op.f("ck_refund_fee_is_not_negative")),
        sa.ForeignKeyConstraint(
            ["approved_by_user_id"], ["ab_user.id"], name=op.f("fk_refund_approved_by_user_id_ab_user")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["sales_order.id"], name=op.f("fk_refund_order_id_sales_order")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_refund_payment_id_payment")),
        sa.ForeignKeyConstraint(
            ["requested_by_user_id"], ["ab_user.id"], name=op.f("fk_refund_requested_by_user_id_ab_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund")),
        sa.UniqueConstraint("provider_refund_id", name=op.f("uq_refund_provider_refund_id")),
    )
    op.create_index("ix_refund_order_id", "refund", ["order_id"], unique=False)
    op.create_index("ix_refund_payment_id", "refund", ["payment_id"], unique=False)


def _webhook_inbox() -> None:
    op.create_table(
        "webhook_inbox",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.String(length=120), nullable=False),
        sa.Column("event_id", sa.String(length=120), nullable=False),
        sa.Column("event_type", sa.String(length=120), nullable=False),
        sa.Column("object_id", sa.String(length=120), nullable=False),
        sa.Column("original", sa.Boolean(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("body_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("state_entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "received",
                "deferred",
                "applied",
                "duplicate",
                "rejected",
                "dead",
                name="webhook_inbox_state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.CheckConstraint("state <> 'rejected' OR body IS NULL", name=op.f("ck_webhook_inbox_body_unless_rejected")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_inbox")),
    )
    op.create_index("ix_webhook_inbox_created_at", "webhook_inbox", ["created_at"], unique=False)
    op.create_index(
        "uq_webhook_inbox_applied",
        "webhook_inbox",
        ["provider", "event_id"],
        unique=True,
        postgresql_where=sa.text("state = 'applied'"),
    )
    op.create_index(
        "uq_webhook_inbox_original",
        "webhook_inbox",
        ["provider", "event_id"],
        unique=True,
        postgresql_where=sa.text("original"),
    )


def _order_document() -> None:
    op.create_table(
        "order_document",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("contract", "receipt", name="document_kind", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column("number", sa.String(length=120), nullable=False),
        sa.Column("stored_file_id", sa.Uuid(), nullable=False),
        sa.Column("proof", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.ForeignKeyConstraint(["order_id"], ["sales_order.id"], name=op.f("fk_order_document_order_id_sales_order")),
        sa.ForeignKeyConstraint(
            ["stored_file_id"], ["stored_file.id"], name=op.f("fk_order_document_stored_file_id_stored_file")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_document")),
        sa.UniqueConstraint("number", name=op.f("uq_order_document_number")),
        sa.UniqueConstraint("order_id", "kind", name=op.f("uq_order_document_order_id")),
    )


def _order_evidence() -> None:
    op.create_table(
        "order_evidence",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("stored_file_id", sa.Uuid(), nullable=False),
        sa.Column("round", sa.SmallInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("uploaded_by_user_id", sa.Integer(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("round >= 1", name=op.f("ck_order_evidence_round_counts_from_one")),
        sa.ForeignKeyConstraint(["order_id"], ["sales_order.id"], name=op.f("fk_order_evidence_order_id_sales_order")),
        sa.ForeignKeyConstraint(
            ["stored_file_id"], ["stored_file.id"], name=op.f("fk_order_evidence_stored_file_id_stored_file")
        ),
        sa.ForeignKeyConstraint(
            ["uploaded_by_user_id"], ["ab_user.id"], name=op.f("fk_order_evidence_uploaded_by_user_id_ab_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_evidence")),
        sa.UniqueConstraint("order_id", "stored_file_id", name=op.f("uq_order_evidence_order_id")),
    )
