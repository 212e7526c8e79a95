"""Organisations, and the machinery every domain stands on: history, outbox, timers, files, idempotency, heartbeats."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"

SELLER_STATES = ("applied", "kyc_pending", "active", "restricted", "terminating", "rejected", "closed")
NEVER_ALTERED = """
create function never_altered() returns trigger language plpgsql as $$
begin
    raise exception '% on % is forbidden: history is only added to', tg_op, tg_table_name
        using errcode = '23514', constraint = 'history_immutable';
end
$$
"""


def upgrade() -> None:
    _organisations()
    _history()
    _outbox()
    _timers()
    _files_and_keys()


def _key() -> sa.Column[object]:
    return sa.Column("id", sa.Uuid(), nullable=False)


def _log_key() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False)


def _text(name: str, length: int | None = 120, default: str | None = None) -> sa.Column[str]:
    kind = sa.String(length) if length else sa.Text()
    return sa.Column(name, kind, server_default=default, nullable=False)


def _moment(name: str, *, nullable: bool = False, now: bool = False) -> sa.Column[object]:
    default = sa.text("clock_timestamp()") if now else None
    return sa.Column(name, sa.DateTime(timezone=True), server_default=default, nullable=nullable)


def _one_of(column: str, table: str, name: str, *values: str) -> sa.CheckConstraint:
    listed = ", ".join(f"'{v}'" for v in values)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=op.f(f"ck_{table}_{name}"))


def _organisations() -> None:
    op.create_table(
        "organisation",
        _key(),
        _text("kind", 20),
        sa.Column("personal", sa.Boolean(), server_default=sa.false(), nullable=False),
        _text("name"),
        _text("slug"),
        _text("legal_name", default=""),
        _text("company_number", 20, ""),
        _text("vat_number", 20, ""),
        _text("address", None, ""),
        _text("phone", 40, ""),
        _text("email", 320, ""),
        _moment("created_at", now=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation")),
        sa.UniqueConstraint("slug", name=op.f("uq_organisation_slug")),
        sa.CheckConstraint("slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'", name=op.f("ck_organisation_slug_is_readable")),
        _one_of("kind", "organisation", "organisation_kind", "customer", "provider"),
    )
    op.create_table(
        "membership",
        _key(),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        _text("role", 20),
        _moment("created_at", now=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership")),
        sa.ForeignKeyConstraint(["user_id"], ["ab_user.id"], name=op.f("fk_membership_user_id_ab_user")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_membership_organisation_id_organisation")
        ),
        sa.UniqueConstraint("user_id", "organisation_id", name=op.f("uq_membership_user_id")),
        _one_of("role", "membership", "membership_role", "owner", "member"),
    )
    op.create_index("ix_membership_organisation_id", "membership", ["organisation_id"])
    op.create_table(
        "seller",
        _key(),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("vat_registered", sa.Boolean(), server_default=sa.false(), nullable=False),
        _moment("effective_at", nullable=True),
        _moment("created_at", now=True),
        _text("state", 40),
        _moment("state_entered_at"),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seller")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_seller_organisation_id_organisation")
        ),
        sa.UniqueConstraint("organisation_id", name=op.f("uq_seller_organisation_id")),
        _one_of("state", "seller", "seller_state", *SELLER_STATES),
    )


def _history() -> None:
    op.create_table(
        "transition",
        _log_key(),
        _text("machine"),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        _text("event"),
        _text("from_state"),
        _text("to_state"),
        _text("actor_kind"),
        sa.Column("actor_user_id", sa.Integer()),
        sa.Column("actor_organisation_id", sa.Uuid()),
        _text("actor_name"),
        _text("request_id"),
        _text("reason", None),
        sa.Column("detail", JSONB(), nullable=False),
        _moment("at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transition")),
    )
    op.create_index("ix_transition_subject_id", "transition", ["subject_id", "id"])
    op.execute(NEVER_ALTERED)
    for moment, rows in (("update or delete", "row"), ("truncate", "statement")):
        name = "transition_no_truncate" if rows == "statement" else "transition_immutable"
        op.execute(
            f"create trigger {name} before {moment} on transition for each {rows} execute function never_altered()"
        )
    op.execute("revoke update, delete on transition from fixnado_application")


def _outbox() -> None:
    op.create_table(
        "outbox_message",
        _log_key(),
        _text("job"),
        _text("queue"),
        _text("key", 200),
        sa.Column("payload", JSONB(), nullable=False),
        _text("request_id"),
        _text("traceparent"),
        _moment("created_at", now=True),
        _moment("not_before"),
        _moment("sent_at", nullable=True),
        _moment("done_at", nullable=True),
        _moment("dead_at", nullable=True),
        sa.Column("sends", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        _text("last_error", None, ""),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_message")),
        sa.UniqueConstraint("key", name=op.f("uq_outbox_message_key")),
    )
    waiting = sa.text("done_at IS NULL AND dead_at IS NULL")
    op.create_index("ix_outbox_message_not_before", "outbox_message", ["not_before", "id"], postgresql_where=waiting)
    op.create_index(
        "ix_outbox_message_dead_at", "outbox_message", ["dead_at"], postgresql_where=sa.text("dead_at IS NOT NULL")
    )
    op.execute("revoke delete on outbox_message from fixnado_application")


def _timers() -> None:
    op.create_table(
        "timer",
        _log_key(),
        _text("machine"),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        _text("event"),
        _text("from_state"),
        _moment("due_at"),
        _text("state", 20),
        _moment("created_at", now=True),
        _moment("fired_at", nullable=True),
        sa.Column("rearmed", sa.Integer(), server_default="0", nullable=False),
        _text("last_refusal", None, ""),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_timer")),
        _one_of("state", "timer", "timer_state", "waiting", "fired", "cancelled"),
    )
    waiting = sa.text("state = 'waiting'")
    op.create_index("ix_timer_due_at", "timer", ["due_at"], postgresql_where=waiting)
    op.create_index("ix_timer_subject_id", "timer", ["subject_id"])
    op.create_index(
        "uq_timer_waiting", "timer", ["machine", "subject_id", "event"], unique=True, postgresql_where=waiting
    )
    op.execute("revoke delete on timer from fixnado_application")


def _files_and_keys() -> None:
    op.create_table(
        "stored_file",
        _key(),
        _text("key", None),
        sa.Column("sha256", sa.LargeBinary(32), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        _text("media_type"),
        _text("purpose"),
        sa.Column("original_name", sa.String(255)),
        _moment("created_at", now=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stored_file")),
        sa.UniqueConstraint("key", name=op.f("uq_stored_file_key")),
        sa.CheckConstraint("octet_length(sha256) = 32", name=op.f("ck_stored_file_sha256_is_whole")),
        sa.CheckConstraint("size > 0", name=op.f("ck_stored_file_not_empty")),
    )
    op.create_index("ix_stored_file_purpose", "stored_file", ["purpose", "created_at"])
    op.create_table(
        "idempotency_key",
        _text("scope", 160),
        _text("key"),
        sa.Column("request_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("response", JSONB(), nullable=False),
        _moment("created_at", now=True),
        sa.PrimaryKeyConstraint("scope", "key", name=op.f("pk_idempotency_key")),
    )
    op.create_table(
        "heartbeat",
        _text("name"),
        _moment("at"),
        sa.Column("detail", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_heartbeat")),
    )


def downgrade() -> None:
    for table in (
        "heartbeat",
        "idempotency_key",
        "stored_file",
        "timer",
        "outbox_message",
        "transition",
        "seller",
        "membership",
        "organisation",
    ):
        op.drop_table(table)
    op.execute("drop function never_altered()")
