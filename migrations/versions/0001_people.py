"""Accounts, roles and permissions (Flask-AppBuilder's tables), and what the application role may do by default."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

APPLICATION_ROLE = """
do $$
begin
    if not exists (select from pg_roles where rolname = 'fixnado_application') then
        create role fixnado_application nologin;
    end if;
exception when insufficient_privilege then
    raise exception 'the role fixnado_application is missing and % may not create it', current_user
        using hint = 'As a superuser: create role fixnado_application nologin';
end
$$
"""
ONE_ROLE_FOR_BOTH = """
do $$
begin
    if not pg_has_role(current_user, 'fixnado_application', 'member') then
        execute format('grant fixnado_application to %I', current_user);
    end if;
exception when insufficient_privilege then
    null; -- the usual case: the owner migrates, and another role, which is a member, runs the product
end
$$
"""


def upgrade() -> None:
    _let_the_application_work()
    _accounts()
    _permissions()
    _memberships()


def _let_the_application_work() -> None:
    """Rows may be read and written; tables are not its own: it cannot alter, truncate or drop them."""
    grant = "alter default privileges in schema public grant"
    op.execute(APPLICATION_ROLE)
    op.execute(ONE_ROLE_FOR_BOTH)
    op.execute("grant usage on schema public to fixnado_application")
    op.execute(f"{grant} select, insert, update, delete on tables to fixnado_application")
    op.execute(f"{grant} usage, select on sequences to fixnado_application")
    op.execute("grant select on alembic_version to fixnado_application")


def _integer_key() -> sa.Column[int]:
    return sa.Column("id", sa.Integer(), primary_key=True)


def _text(name: str, length: int, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=nullable)


def _moment(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime())


def _link(column: str, table: str, **options: object) -> sa.Column[int]:
    return sa.Column(column, sa.Integer(), sa.ForeignKey(f"{table}.id", **options))  # type: ignore[arg-type]


def _accounts() -> None:
    op.create_table(
        "ab_user",
        _integer_key(),
        _text("first_name", 64),
        _text("last_name", 64),
        _text("username", 128),
        _text("password", 256, nullable=True),
        sa.Column("active", sa.Boolean()),
        _text("email", 320),
        _moment("last_login"),
        sa.Column("login_count", sa.Integer()),
        sa.Column("fail_login_count", sa.Integer()),
        _moment("created_on"),
        _moment("changed_on"),
        _link("created_by_fk", "ab_user"),
        _link("changed_by_fk", "ab_user"),
        sa.UniqueConstraint("username"),
        sa.UniqueConstraint("email"),
    )
    op.create_table(
        "ab_register_user",
        _integer_key(),
        _text("first_name", 64),
        _text("last_name", 64),
        _text("username", 128),
        _text("password", 256, nullable=True),
        _text("email", 320),
        _moment("registration_date"),
        _text("registration_hash", 256, nullable=True),
        sa.UniqueConstraint("username"),
        sa.UniqueConstraint("email"),
    )
    op.create_table(
        "ab_api_key",
        _integer_key(),
        _text("uuid", 36),
        _text("name", 256),
        _text("key_hash", 256),
        _text("lookup_hash", 256, nullable=True),
        _text("key_prefix", 16),
        sa.Column("user_id", sa.Integer(), sa.ForeignKey("ab_user.id", ondelete="CASCADE"), nullable=False),
        sa.Column("scopes", sa.Text()),
        sa.Column("active", sa.Boolean(), nullable=False),
        *(_moment(name) for name in ("created_on", "expires_on", "revoked_on", "last_used_on")),
        sa.UniqueConstraint("uuid"),
        sa.UniqueConstraint("lookup_hash"),
    )
    op.create_index("idx_api_key_lookup_hash", "ab_api_key", ["lookup_hash"], unique=True)
    op.create_index("idx_api_key_prefix", "ab_api_key", ["key_prefix"])
    op.create_index("idx_api_key_user_id", "ab_api_key", ["user_id"])


def _permissions() -> None:
    for table, length in (("ab_permission", 100), ("ab_view_menu", 250), ("ab_role", 64)):
        op.create_table(table, _integer_key(), _text("name", length), sa.UniqueConstraint("name"))
    op.create_table(
        "ab_group",
        _integer_key(),
        _text("name", 100),
        _text("label", 150, nullable=True),
        _text("description", 512, nullable=True),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "ab_permission_view",
        _integer_key(),
        sa.Column("permission_id", sa.Integer(), sa.ForeignKey("ab_permission.id"), nullable=False),
        sa.Column("view_menu_id", sa.Integer(), sa.ForeignKey("ab_view_menu.id"), nullable=False),
        sa.UniqueConstraint("permission_id", "view_menu_id"),
    )
    op.create_index("idx_permission_id", "ab_permission_view", ["permission_id"])
    op.create_index("idx_view_menu_id", "ab_permission_view", ["view_menu_id"])


def _memberships() -> None:
    pairs = {
        "ab_permission_view_role": ("permission_view_id", "ab_permission_view", "role_id", "ab_role"),
        "ab_user_role": ("user_id", "ab_user", "role_id", "ab_role"),
        "ab_user_group": ("user_id", "ab_user", "group_id", "ab_group"),
        "ab_group_role": ("group_id", "ab_group", "role_id", "ab_role"),
    }
    for table, (one, one_table, other, other_table) in pairs.items():
        op.create_table(
            table,
            _integer_key(),
            _link(one, one_table, ondelete="CASCADE"),
            _link(other, other_table, ondelete="CASCADE"),
            sa.UniqueConstraint(one, other),
        )
    op.create_index("idx_permission_view_id", "ab_permission_view_role", ["permission_view_id"])
    op.create_index("idx_role_id", "ab_permission_view_role", ["role_id"])
    op.create_index("idx_user_id", "ab_user_group", ["user_id"])
    op.create_index("idx_user_group_id", "ab_user_group", ["group_id"])
    op.create_index("idx_group_id", "ab_group_role", ["group_id"])
    op.create_index("idx_group_role_id", "ab_group_role", ["role_id"])


TABLES = (
    "ab_permission_view_role ab_user_role ab_user_group ab_group_role ab_permission_view ab_group ab_role "
    "ab_view_menu ab_permission ab_api_key ab_register_user ab_user"
)


def downgrade() -> None:
    for table in TABLES.split():
        op.drop_table(table)
    op.execute("revoke select on alembic_version from fixnado_application")
    revoke = "alter default privileges in schema public revoke"
    op.execute(f"{revoke} usage, select on sequences from fixnado_application")
    op.execute(f"{revoke} select, insert, update, delete on tables from fixnado_application")
    op.execute("revoke usage on schema public from fixnado_application")
