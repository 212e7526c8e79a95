"""Questions about listings, with their answers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"

MOMENT = sa.DateTime(timezone=True)
STATES = ("asked", "answered", "published", "reported", "closed", "hidden")
LISTS = {
    "listing_id": "answered_at",
    "asker_organisation_id": "id",
    "asker_user_id": "created_at",
    "seller_organisation_id": "id",
}


def upgrade() -> None:
    op.create_table(
        "question",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("listing_id", sa.Uuid(), nullable=False),
        sa.Column("asker_user_id", sa.Integer(), nullable=False),
        sa.Column("asker_organisation_id", sa.Uuid(), nullable=False),
        sa.Column("seller_organisation_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("may_be_shown", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_at", MOMENT, nullable=True),
        sa.Column("answered_by_id", sa.Integer(), nullable=True),
        sa.Column("read_at", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, server_default=sa.func.clock_timestamp(), nullable=False),
        sa.Column("state_entered_at", MOMENT, nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column(
            "state",
            sa.Enum(*STATES, name="question_state", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.CheckConstraint("length(btrim(text)) BETWEEN 10 AND 1000", name=op.f("ck_question_text_says_something")),
        sa.CheckConstraint(
            "answer IS NULL OR length(btrim(answer)) BETWEEN 1 AND 2000",
            name=op.f("ck_question_answer_says_something"),
        ),
        sa.CheckConstraint(
            "(answer IS NULL) = (answered_at IS NULL) AND (answer IS NULL) = (answered_by_id IS NULL)",
            name=op.f("ck_question_answer_is_whole"),
        ),
        sa.CheckConstraint(
            "state IN ('asked', 'closed', 'hidden') OR answer IS NOT NULL", name=op.f("ck_question_answered_has_words")
        ),
        sa.CheckConstraint(
            "state NOT IN ('published', 'reported') OR may_be_shown", name=op.f("ck_question_shown_was_agreed_to")
        ),
        sa.CheckConstraint(
            "asker_organisation_id <> seller_organisation_id", name=op.f("ck_question_nobody_asks_themselves")
        ),
        sa.ForeignKeyConstraint(["listing_id"], ["listing.id"], name=op.f("fk_question_listing_id_listing")),
        sa.ForeignKeyConstraint(["asker_user_id"], ["ab_user.id"], name=op.f("fk_question_asker_user_id_ab_user")),
        sa.ForeignKeyConstraint(["answered_by_id"], ["ab_user.id"], name=op.f("fk_question_answered_by_id_ab_user")),
        *(
            sa.ForeignKeyConstraint(
                [f"{side}_organisation_id"],
                ["organisation.id"],
                name=op.f(f"fk_question_{side}_organisation_id_organisation"),
            )
            for side in ("asker", "seller")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_question")),
    )
    for column, then in LISTS.items():
        op.create_index(f"ix_question_{column}", "question", [column, then])
    # what somebody asked is never altered, and nothing of it is deleted
    op.execute("revoke update, delete on question from fixnado_application")
    op.execute(
        "grant update (state, state_entered_at, version, answer, answered_at, answered_by_id, read_at) on question"
        " to fixnado_application"
    )


def downgrade() -> None:
    op.drop_table("question")
