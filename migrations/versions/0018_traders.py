"""What sellers say of themselves as traders, their documents and checks, dated VAT standing, days away."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

STATES = ("applied", "kyc_pending", "active", "restricted", "terminating", "rejected", "closed")
APPEND_ONLY = ("trader_check", "vat_status")
NOW = sa.text("clock_timestamp()")


def upgrade() -> None:
    op.add_column("seller", sa.Column("away_from", sa.Date(), nullable=True))
    op.add_column("seller", sa.Column("away_until", sa.Date(), nullable=True))
    op.add_column("seller", sa.Column("to_check_since", sa.DateTime(timezone=True), nullable=True))
    op.create_check_constraint(
        op.f("ck_seller_away_has_both_days"), "seller", "(away_from IS NULL) = (away_until IS NULL)"
    )
    op.create_check_constraint(op.f("ck_seller_away_ends_after_it_begins"), "seller", "away_until >= away_from")
    _states((*STATES[:2], "more_needed", *STATES[2:]))
    _trader()
    _checks()
    _vat()
    _documents()
    for table in APPEND_ONLY:
        for moment, rows, name in (("update or delete", "row", "immutable"), ("truncate", "statement", "no_truncate")):
            op.execute(
                f"create trigger {table}_{name} before {moment} on {table} for each {rows}"
                " execute function never_altered()"
            )
        op.execute(f"revoke update, delete on {table} from fixnado_application")


def _states(values: tuple[str, ...]) -> None:
    op.drop_constraint(op.f("ck_seller_seller_state"), "seller", type_="check")
    op.create_check_constraint(op.f("ck_seller_seller_state"), "seller", sa.column("state").in_(values))


def _text(name: str, length: int = 120) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), server_default="", nullable=False)


def _one_of(column: str, table: str, name: str, *values: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(sa.column(column).in_(values), name=op.f(f"ck_{table}_{name}"))


def _foreign(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}"))


def _trader() -> None:
    op.create_table(
        "trader",
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        _text("responsible_name"),
        sa.Column("legal_form", sa.String(20), nullable=True),
        *(_text(name) for name in ("register", "street", "street_more", "town")),
        _text("postcode", 12),
        _text("country", 2),
        sa.Column("certified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("certified_by_user_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("country ~ '^([A-Z]{2})?$'", name=op.f("ck_trader_country_is_a_code")),
        _one_of("legal_form", "trader", "legal_form", "sole_trader", "partnership", "limited_company", "llp", "other"),
        _foreign("trader", "seller_id", "seller"),
        _foreign("trader", "certified_by_user_id", "ab_user"),
        sa.PrimaryKeyConstraint("seller_id", name=op.f("pk_trader")),
    )


def _checks() -> None:
    op.create_table(
        "trader_check",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("item", sa.String(20), nullable=False),
        sa.Column("facts_sha256", sa.LargeBinary(32), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        _one_of("item", "trader_check", "check_item", "identity", "company", "vat", "address"),
        _foreign("trader_check", "seller_id", "seller"),
        _foreign("trader_check", "user_id", "ab_user"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trader_check")),
    )
    op.create_index("ix_trader_check_seller_id", "trader_check", ["seller_id"])


def _vat() -> None:
    op.create_table(
        "vat_status",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("registered", sa.Boolean(), nullable=False),
        _text("number", 20),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("declared_by_user_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.CheckConstraint("registered = (number <> '')", name=op.f("ck_vat_status_registered_has_a_number")),
        _foreign("vat_status", "seller_id", "seller"),
        _foreign("vat_status", "declared_by_user_id", "ab_user"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vat_status")),
    )
    op.create_index("ix_vat_status_seller_id", "vat_status", ["seller_id", "from_day", "id"])
    # Who said so before there were dated rows said so when they applied. Without a number, the old column stands.
    op.execute(
        """INSERT INTO vat_status (seller_id, registered, number, from_day)
           SELECT s.id, s.vat_registered, CASE WHEN s.vat_registered THEN o.vat_number ELSE '' END,
                  (s.created_at AT TIME ZONE 'Europe/London')::date
             FROM seller s JOIN organisation o ON o.id = s.organisation_id
            WHERE NOT s.vat_registered OR o.vat_number <> ''"""
    )


def _documents() -> None:
    op.create_table(
        "trader_document",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("stored_file_id", sa.Uuid(), nullable=False),
        sa.Column("uploaded_by_user_id", sa.Integer(), nullable=True),
        *(_text(name) for name in ("paper", "insurer", "policy_number")),
        sa.Column("sum_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.CHAR(3), server_default="GBP", nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("remind_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("state_entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.CheckConstraint("valid_until >= valid_from", name=op.f("ck_trader_document_ends_after_it_begins")),
        sa.CheckConstraint(
            "kind = 'identity' OR (insurer <> '' AND policy_number <> '' AND sum_minor > 0 "
            "AND valid_from IS NOT NULL AND valid_until IS NOT NULL)",
            name=op.f("ck_trader_document_a_policy_is_whole"),
        ),
        sa.CheckConstraint(
            "(valid_until IS NULL) = (ends_at IS NULL)", name=op.f("ck_trader_document_an_end_has_its_moment")
        ),
        _one_of("kind", "trader_document", "document_kind", "identity", "public_liability", "professional_indemnity"),
        _one_of(
            "state", "trader_document", "trader_document_state", "waiting", "checked", "refused", "removed", "expired"
        ),
        _foreign("trader_document", "seller_id", "seller"),
        _foreign("trader_document", "stored_file_id", "stored_file"),
        _foreign("trader_document", "uploaded_by_user_id", "ab_user"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trader_document")),
    )
    op.create_index("ix_trader_document_seller_id", "trader_document", ["seller_id"])
    op.execute("revoke delete on trader_document from fixnado_application")


def downgrade() -> None:
    for table in ("trader_document", "vat_status", "trader_check", "trader"):
        op.drop_table(table)
    op.execute("UPDATE seller SET state = 'kyc_pending' WHERE state = 'more_needed'")
    _states(STATES)
    op.drop_constraint(op.f("ck_seller_away_ends_after_it_begins"), "seller", type_="check")
    op.drop_constraint(op.f("ck_seller_away_has_both_days"), "seller", type_="check")
    op.drop_column("seller", "to_check_since")
    op.drop_column("seller", "away_until")
    op.drop_column("seller", "away_from")
