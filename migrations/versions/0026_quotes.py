"""Quotes: jobs that customers describe, offers that providers make, and the checkout an offer becomes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"

MOMENT = sa.DateTime(timezone=True)
STATES = ("requested", "offered", "accepted", "declined", "withdrawn", "refused", "expired")
LISTS = {
    "buyer_organisation_id": ("buyer_organisation_id", "id"),
    "buyer_user_id": ("buyer_user_id", "created_at"),
    "seller_organisation_id": ("seller_organisation_id", "id"),
    "listing_id": ("listing_id",),
}
WHOLE = ("quote_offer", "quote_offer_line", "quote_request_file")
"""Written once."""


def upgrade() -> None:
    op.create_table(
        "quote_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("listing_id", sa.Uuid(), nullable=False),
        sa.Column("buyer_organisation_id", sa.Uuid(), nullable=False),
        sa.Column("buyer_user_id", sa.Integer(), nullable=False),
        sa.Column("seller_organisation_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("site_address", sa.Text(), nullable=False),
        sa.Column("site_postcode", sa.String(12), nullable=False),
        sa.Column("wished_from", sa.Date(), nullable=True),
        sa.Column("wished", sa.String(120), server_default="", nullable=False),
        sa.Column("valid_until", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, server_default=sa.func.clock_timestamp(), nullable=False),
        sa.Column("state_entered_at", MOMENT, nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column(
            "state",
            sa.Enum(*STATES, name="quote_state", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.CheckConstraint(
            "length(btrim(text)) BETWEEN 20 AND 4000", name=op.f("ck_quote_request_text_says_something")
        ),
        sa.CheckConstraint(
            "state NOT IN ('offered', 'accepted') OR valid_until IS NOT NULL",
            name=op.f("ck_quote_request_offer_has_an_end"),
        ),
        sa.CheckConstraint(
            "buyer_organisation_id <> seller_organisation_id", name=op.f("ck_quote_request_nobody_asks_themselves")
        ),
        sa.ForeignKeyConstraint(["listing_id"], ["listing.id"], name=op.f("fk_quote_request_listing_id_listing")),
        sa.ForeignKeyConstraint(["buyer_user_id"], ["ab_user.id"], name=op.f("fk_quote_request_buyer_user_id_ab_user")),
        *(
            sa.ForeignKeyConstraint(
                [f"{side}_organisation_id"],
                ["organisation.id"],
                name=op.f(f"fk_quote_request_{side}_organisation_id_organisation"),
            )
            for side in ("buyer", "seller")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quote_request")),
    )
    for name, columns in LISTS.items():
        op.create_index(f"ix_quote_request_{name}", "quote_request", list(columns))
    op.create_table(
        "quote_request_file",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("quote_id", sa.Uuid(), nullable=False),
        sa.Column("stored_file_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["quote_id"], ["quote_request.id"], name=op.f("fk_quote_request_file_quote_id_quote_request")
        ),
        sa.ForeignKeyConstraint(
            ["stored_file_id"], ["stored_file.id"], name=op.f("fk_quote_request_file_stored_file_id_stored_file")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quote_request_file")),
    )
    op.create_index("ix_quote_request_file_quote_id", "quote_request_file", ["quote_id"])
    op.create_table(
        "quote_offer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("quote_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("currency", sa.CHAR(3), nullable=False),
        sa.Column("visit_start", MOMENT, nullable=False),
        sa.Column("visit_end", MOMENT, nullable=False),
        sa.Column("visit_zone", sa.String(120), nullable=False),
        sa.Column("valid_until", MOMENT, nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", MOMENT, server_default=sa.func.clock_timestamp(), nullable=False),
        sa.CheckConstraint("number > 0", name=op.f("ck_quote_offer_number_counts_from_one")),
        sa.CheckConstraint("visit_end > visit_start", name=op.f("ck_quote_offer_visit_goes_forward")),
        sa.CheckConstraint("valid_until <= visit_start", name=op.f("ck_quote_offer_it_ends_before_the_visit")),
        sa.CheckConstraint("length(note) <= 2000", name=op.f("ck_quote_offer_note_has_an_end")),
        sa.ForeignKeyConstraint(["quote_id"], ["quote_request.id"], name=op.f("fk_quote_offer_quote_id_quote_request")),
        sa.ForeignKeyConstraint(["user_id"], ["ab_user.id"], name=op.f("fk_quote_offer_user_id_ab_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quote_offer")),
        sa.UniqueConstraint("quote_id", "number", name=op.f("uq_quote_offer_quote_id")),
    )
    op.create_table(
        "quote_offer_line",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("offer_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("title", sa.String(120), nullable=False),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("position BETWEEN 1 AND 8", name=op.f("ck_quote_offer_line_eight_lines_at_most")),
        sa.CheckConstraint("net_minor > 0", name=op.f("ck_quote_offer_line_net_is_positive")),
        sa.CheckConstraint(
            "length(btrim(title)) BETWEEN 2 AND 120", name=op.f("ck_quote_offer_line_title_says_something")
        ),
        sa.ForeignKeyConstraint(
            ["offer_id"], ["quote_offer.id"], name=op.f("fk_quote_offer_line_offer_id_quote_offer")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quote_offer_line")),
        sa.UniqueConstraint("offer_id", "position", name=op.f("uq_quote_offer_line_offer_id")),
    )
    op.add_column("checkout", sa.Column("quote_offer_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_checkout_quote_offer_id_quote_offer"), "checkout", "quote_offer", ["quote_offer_id"], ["id"]
    )
    op.create_index(
        "uq_checkout_quote_offer_id",
        "checkout",
        ["quote_offer_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('draft', 'awaiting_payment', 'paid')"),
    )
    for table in WHOLE:
        for moment, rows, name in (("update or delete", "row", "immutable"), ("truncate", "statement", "no_truncate")):
            op.execute(
                f"create trigger {table}_{name} before {moment} on {table} for each {rows}"
                " execute function never_altered()"
            )
        op.execute(f"revoke update, delete on {table} from fixnado_application")
    # what a job is never changes while it is priced, and nothing of it is deleted
    op.execute("revoke update, delete on quote_request from fixnado_application")
    op.execute("grant update (state, state_entered_at, version, valid_until) on quote_request to fixnado_application")


def downgrade() -> None:
    op.drop_index("uq_checkout_quote_offer_id", table_name="checkout")
    op.drop_constraint("fk_checkout_quote_offer_id_quote_offer", "checkout", type_="foreignkey")
    op.drop_column("checkout", "quote_offer_id")
    for table in ("quote_offer_line", "quote_offer", "quote_request_file", "quote_request"):
        op.drop_table(table)
