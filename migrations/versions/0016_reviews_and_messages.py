"""Reviews with replies, reports and figures; messages of an order with their files."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

# Until it is published its author may change it; afterwards it is what people have read.
STAYS = """$$
begin
    if old.state <> 'waiting' and (new.state = 'waiting'
            or (new.stars, new.text, new.order_id, new.author, new.author_organisation_id, new.subject_organisation_id,
                new.listing_id, new.created_at)
               is distinct from
               (old.stars, old.text, old.order_id, old.author, old.author_organisation_id, old.subject_organisation_id,
                old.listing_id, old.created_at)) then
        raise exception 'a published review is never altered'
            using errcode = '23514', constraint = 'review_stays';
    end if;
    return new;
end
$$"""


def upgrade() -> None:
    op.create_table(
        "review_figure",
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("ones", sa.Integer(), server_default="0", nullable=False),
        sa.Column("twos", sa.Integer(), server_default="0", nullable=False),
        sa.Column("threes", sa.Integer(), server_default="0", nullable=False),
        sa.Column("fours", sa.Integer(), server_default="0", nullable=False),
        sa.Column("fives", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint("kind IN ('seller', 'buyer', 'listing')", name=op.f("ck_review_figure_kind_is_known")),
        sa.CheckConstraint(
            "least(ones, twos, threes, fours, fives) >= 0", name=op.f("ck_review_figure_counts_are_not_negative")
        ),
        sa.PrimaryKeyConstraint("kind", "subject_id", name=op.f("pk_review_figure")),
    )
    op.create_table(
        "order_message",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("party", sa.String(length=120), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("party IN ('buyer', 'seller')", name=op.f("ck_order_message_party_is_of_the_order")),
        sa.CheckConstraint("length(text) <= 4000", name=op.f("ck_order_message_text_has_an_end")),
        sa.ForeignKeyConstraint(["order_id"], ["sales_order.id"], name=op.f("fk_order_message_order_id_sales_order")),
        sa.ForeignKeyConstraint(["user_id"], ["ab_user.id"], name=op.f("fk_order_message_user_id_ab_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_message")),
    )
    op.create_index("ix_order_message_order_id", "order_message", ["order_id", "id"], unique=False)
    op.create_index(
        "ix_order_message_unread",
        "order_message",
        ["order_id", "party"],
        unique=False,
        postgresql_where=sa.text("read_at IS NULL"),
    )
    op.create_index("ix_order_message_user_id", "order_message", ["user_id", "created_at"], unique=False)
    op.create_table(
        "review",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("author", sa.String(length=120), nullable=False),
        sa.Column("author_user_id", sa.Integer(), nullable=False),
        sa.Column("author_organisation_id", sa.Uuid(), nullable=False),
        sa.Column("subject_organisation_id", sa.Uuid(), nullable=False),
        sa.Column("listing_id", sa.Uuid(), nullable=True),
        sa.Column("stars", sa.SmallInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("publish_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("state_entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "published",
                "reported",
                "hidden",
                name="order_review_state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.CheckConstraint("author IN ('buyer', 'seller')", name=op.f("ck_review_author_is_a_party")),
        sa.CheckConstraint(
            "state = 'waiting' OR published_at IS NOT NULL", name=op.f("ck_review_published_has_its_moment")
        ),
        sa.CheckConstraint(
            "author_organisation_id <> subject_organisation_id", name=op.f("ck_review_nobody_reviews_themselves")
        ),
        sa.CheckConstraint("length(btrim(text)) BETWEEN 10 AND 4000", name=op.f("ck_review_text_says_something")),
        sa.CheckConstraint("stars BETWEEN 1 AND 5", name=op.f("ck_review_stars_are_one_to_five")),
        sa.ForeignKeyConstraint(
            ["author_organisation_id"], ["organisation.id"], name=op.f("fk_review_author_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["author_user_id"], ["ab_user.id"], name=op.f("fk_review_author_user_id_ab_user")),
        sa.ForeignKeyConstraint(["listing_id"], ["listing.id"], name=op.f("fk_review_listing_id_listing")),
        sa.ForeignKeyConstraint(["order_id"], ["sales_order.id"], name=op.f("fk_review_order_id_sales_order")),
        sa.ForeignKeyConstraint(
            ["subject_organisation_id"],
            ["organisation.id"],
            name=op.f("fk_review_subject_organisation_id_organisation"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review")),
        sa.UniqueConstraint("order_id", "author", name=op.f("uq_review_order_id")),
    )
    op.create_index("ix_review_listing_id", "review", ["listing_id", "published_at"], unique=False)
    op.create_index(
        "ix_review_subject_organisation_id",
        "review",
        ["subject_organisation_id", "author", "published_at"],
        unique=False,
    )
    op.create_table(
        "order_message_file",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("stored_file_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["order_message.id"], name=op.f("fk_order_message_file_message_id_order_message")
        ),
        sa.ForeignKeyConstraint(
            ["stored_file_id"], ["stored_file.id"], name=op.f("fk_order_message_file_stored_file_id_stored_file")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_message_file")),
    )
    op.create_index("ix_order_message_file_message_id", "order_message_file", ["message_id"], unique=False)
    op.create_table(
        "review_reply",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("length(btrim(text)) BETWEEN 1 AND 2000", name=op.f("ck_review_reply_text_says_something")),
        sa.ForeignKeyConstraint(["review_id"], ["review.id"], name=op.f("fk_review_reply_review_id_review")),
        sa.ForeignKeyConstraint(["user_id"], ["ab_user.id"], name=op.f("fk_review_reply_user_id_ab_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_reply")),
        sa.UniqueConstraint("review_id", name=op.f("uq_review_reply_review_id")),
    )
    op.create_table(
        "review_report",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=120), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("outcome", sa.String(length=120), server_default="", nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint(
            "(outcome = '') = (closed_at IS NULL)", name=op.f("ck_review_report_a_decided_one_is_closed")
        ),
        sa.CheckConstraint("outcome IN ('', 'hidden', 'dismissed')", name=op.f("ck_review_report_outcome_is_known")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_review_report_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["review_id"], ["review.id"], name=op.f("fk_review_report_review_id_review")),
        sa.ForeignKeyConstraint(["user_id"], ["ab_user.id"], name=op.f("fk_review_report_user_id_ab_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_report")),
        sa.UniqueConstraint("review_id", "organisation_id", name=op.f("uq_review_report_review_id")),
    )
    for table in ("review_reply", "order_message_file"):
        for moment, rows, name in (("update or delete", "row", "immutable"), ("truncate", "statement", "no_truncate")):
            op.execute(
                f"create trigger {table}_{name} before {moment} on {table} for each {rows}"
                " execute function never_altered()"
            )
        op.execute(f"revoke update, delete on {table} from fixnado_application")
    for table in ("review", "review_report", "order_message"):
        op.execute(f"revoke delete on {table} from fixnado_application")
    op.execute(f"create function review_stays() returns trigger language plpgsql as {STAYS}")
    op.execute("create trigger review_stays before update on review for each row execute function review_stays()")
    op.execute("revoke update on order_message from fixnado_application")
    op.execute("grant update (read_at) on order_message to fixnado_application")


def downgrade() -> None:
    op.drop_table("review_report")
    op.drop_table("review_reply")
    op.drop_index("ix_order_message_file_message_id", table_name="order_message_file")
    op.drop_table("order_message_file")
    op.drop_index("ix_review_subject_organisation_id", table_name="review")
    op.drop_index("ix_review_listing_id", table_name="review")
    op.drop_table("review")
    op.drop_index("ix_order_message_user_id", table_name="order_message")
    op.drop_index("ix_order_message_unread", table_name="order_message", postgresql_where=sa.text("read_at IS NULL"))
    op.drop_index("ix_order_message_order_id", table_name="order_message")
    op.drop_table("order_message")
    op.drop_table("review_figure")
    op.execute("drop function review_stays()")
