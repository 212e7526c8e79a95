"""Whether an address is its person's, links that do one thing once, and what strangers ask. Everybody who is here
already was let in by us."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"

MOMENT = sa.DateTime(timezone=True)
KINDS = ("sign_up", "password", "email")
PURPOSES = ("confirm", "password", "email", "undo_email")


def upgrade() -> None:
    op.create_table(
        "account_standing",
        sa.Column("user_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("confirmed_at", MOMENT, nullable=True),
        sa.Column("suspended_at", MOMENT, nullable=True),
        sa.Column("suspension_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("deletion_asked_at", MOMENT, nullable=True),
        sa.Column("deletion_due_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "(suspended_at IS NULL) = (suspension_reason = '')",
            name=op.f("ck_account_standing_a_suspension_has_its_reason"),
        ),
        sa.CheckConstraint(
            "(deletion_asked_at IS NULL) = (deletion_due_at IS NULL) AND deletion_due_at > deletion_asked_at",
            name=op.f("ck_account_standing_a_deletion_has_its_day"),
        ),
        sa.ForeignKeyConstraint(["user_id"], ["ab_user.id"], name=op.f("fk_account_standing_user_id_ab_user")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_account_standing")),
    )
    op.create_index(
        "ix_account_standing_deletion_due_at",
        "account_standing",
        ["deletion_due_at"],
        postgresql_where=sa.text("deletion_due_at IS NOT NULL"),
    )
    _requests()
    _links()
    op.execute("INSERT INTO account_standing (user_id, confirmed_at) SELECT id, clock_timestamp() FROM ab_user")


def _requests() -> None:
    op.create_table(
        "account_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Enum(*KINDS, name="account_request_kind", native_enum=False, length=20), nullable=False),
        sa.Column("email", sa.String(320), nullable=False),
        sa.Column("first_name", sa.String(64), server_default="", nullable=False),
        sa.Column("last_name", sa.String(64), server_default="", nullable=False),
        sa.Column("password", sa.String(256), server_default="", nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("created_at", MOMENT, server_default=sa.func.clock_timestamp(), nullable=False),
        sa.CheckConstraint(f"kind IN {KINDS}", name=op.f("ck_account_request_account_request_kind")),
        sa.CheckConstraint(
            "(kind = 'sign_up') = (password <> '')", name=op.f("ck_account_request_a_new_account_has_a_password")
        ),
        sa.CheckConstraint(
            "(kind = 'email') = (user_id IS NOT NULL)",
            name=op.f("ck_account_request_an_address_is_changed_by_somebody"),
        ),
        sa.ForeignKeyConstraint(["user_id"], ["ab_user.id"], name=op.f("fk_account_request_user_id_ab_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_request")),
    )


def _links() -> None:
    op.create_table(
        "account_link",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column(
            "purpose", sa.Enum(*PURPOSES, name="account_link_purpose", native_enum=False, length=20), nullable=False
        ),
        sa.Column("email", sa.String(320), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, server_default=sa.func.clock_timestamp(), nullable=False),
        sa.CheckConstraint(f"purpose IN {PURPOSES}", name=op.f("ck_account_link_account_link_purpose")),
        sa.CheckConstraint("octet_length(token_hash) = 32", name=op.f("ck_account_link_token_hash_is_whole")),
        sa.CheckConstraint("expires_at > created_at", name=op.f("ck_account_link_ends_after_it_begins")),
        sa.ForeignKeyConstraint(["user_id"], ["ab_user.id"], name=op.f("fk_account_link_user_id_ab_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_link")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_account_link_token_hash")),
    )
    op.create_index("ix_account_link_user_id", "account_link", ["user_id", "purpose"])
    op.create_index("ix_account_link_expires_at", "account_link", ["expires_at"])


def downgrade() -> None:
    op.drop_table("account_link")
    op.drop_table("account_request")
    op.drop_table("account_standing")
