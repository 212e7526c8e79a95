"""Deletions that somebody asked for are rows with a life; what was asked before becomes one that waits."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"

MOMENT = sa.DateTime(timezone=True)
STATES = ("waiting", "withdrawn", "refused", "completed")
DAYS = "(deletion_asked_at IS NULL) = (deletion_due_at IS NULL) AND deletion_due_at > deletion_asked_at"


def upgrade() -> None:
    op.create_table(
        "deletion_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("answer_by", MOMENT, nullable=False),
        sa.Column("created_at", MOMENT, server_default=sa.func.clock_timestamp(), nullable=False),
        sa.Column("state_entered_at", MOMENT, nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column(
            "state",
            sa.Enum(*STATES, name="deletion_request_state", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.CheckConstraint(
            "due_at > created_at AND answer_by > created_at", name=op.f("ck_deletion_request_has_its_days")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["ab_user.id"], name=op.f("fk_deletion_request_user_id_ab_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deletion_request")),
    )
    waiting = sa.text("state = 'waiting'")
    op.create_index(
        "uq_deletion_request_waiting", "deletion_request", ["user_id"], unique=True, postgresql_where=waiting
    )
    op.create_index("ix_deletion_request_user_id", "deletion_request", ["user_id"])
    op.create_index("ix_deletion_request_answer_by", "deletion_request", ["state", "answer_by"])
    op.execute("revoke delete on deletion_request from fixnado_application")
    op.execute(
        "INSERT INTO deletion_request (id, user_id, due_at, answer_by, created_at, state_entered_at, state) "
        "SELECT uuidv7(), user_id, deletion_due_at, deletion_asked_at + interval '1 month', deletion_asked_at, "
        "deletion_asked_at, 'waiting' FROM account_standing WHERE deletion_asked_at IS NOT NULL"
    )
    op.execute(
        "INSERT INTO timer (machine, subject_id, event, from_state, due_at, state) "
        "SELECT 'deletion_request', id, 'carry_out', 'waiting', due_at, 'waiting' FROM deletion_request"
    )
    op.drop_index("ix_account_standing_deletion_due_at", table_name="account_standing")
    op.drop_constraint(op.f("ck_account_standing_a_deletion_has_its_day"), "account_standing", type_="check")
    op.drop_column("account_standing", "deletion_asked_at")
    op.drop_column("account_standing", "deletion_due_at")
    op.add_column("account_standing", sa.Column("closed_at", MOMENT, nullable=True))


def downgrade() -> None:
    op.drop_column("account_standing", "closed_at")
    op.add_column("account_standing", sa.Column("deletion_asked_at", MOMENT, nullable=True))
    op.add_column("account_standing", sa.Column("deletion_due_at", MOMENT, nullable=True))
    op.execute(
        "UPDATE account_standing s SET deletion_asked_at = d.created_at, deletion_due_at = d.due_at "
        "FROM deletion_request d WHERE d.user_id = s.user_id AND d.state = 'waiting'"
    )
    op.create_check_constraint(op.f("ck_account_standing_a_deletion_has_its_day"), "account_standing", DAYS)
    op.create_index(
        "ix_account_standing_deletion_due_at",
        "account_standing",
        ["deletion_due_at"],
        postgresql_where=sa.text("deletion_due_at IS NOT NULL"),
    )
    op.execute("DELETE FROM timer WHERE machine = 'deletion_request'")
    op.drop_table("deletion_request")
