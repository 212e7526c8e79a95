"""Mails: what was written to whom, and what became of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "mail_message",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("template", sa.String(120), nullable=False),
        sa.Column("to_address", sa.String(320), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("subject", sa.String(250), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("unsubscribe_url", sa.Text(), server_default="", nullable=False),
        sa.Column("resend_of_id", sa.Uuid(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_error", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.clock_timestamp(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("sent_at IS NULL OR failed_at IS NULL", name=op.f("ck_mail_message_sent_or_failed")),
        sa.CheckConstraint(
            "position(chr(10) in subject) = 0 AND subject <> ''", name=op.f("ck_mail_message_subject_is_one_line")
        ),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_mail_message_attempts_are_counted")),
        sa.ForeignKeyConstraint(["user_id"], ["ab_user.id"], name=op.f("fk_mail_message_user_id_ab_user")),
        sa.ForeignKeyConstraint(
            ["resend_of_id"], ["mail_message.id"], name=op.f("fk_mail_message_resend_of_id_mail_message")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_message")),
        sa.UniqueConstraint("key", name=op.f("uq_mail_message_key")),
    )
    op.create_index("ix_mail_message_created_at", "mail_message", ["created_at"])
    op.create_index("ix_mail_message_user_id", "mail_message", ["user_id"])
    op.create_index("ix_mail_message_resend_of_id", "mail_message", ["resend_of_id"])
    waiting = sa.text("sent_at IS NULL AND failed_at IS NULL")
    op.create_index("ix_mail_message_queued", "mail_message", ["created_at"], postgresql_where=waiting)
    op.create_index(
        "ix_mail_message_failed_at", "mail_message", ["failed_at"], postgresql_where=sa.text("failed_at IS NOT NULL")
    )


def downgrade() -> None:
    op.drop_table("mail_message")
