"""Messages that are done may be forgotten after a month: through a function, so that no other row ever can."""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"

FORGET = """CREATE FUNCTION outbox_forget(p_most integer) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  WITH old AS (
    SELECT id FROM outbox_message WHERE done_at < clock_timestamp() - interval '30 days'
     ORDER BY id LIMIT p_most FOR UPDATE SKIP LOCKED),
  gone AS (DELETE FROM outbox_message m USING old WHERE m.id = old.id RETURNING 1)
  SELECT count(*)::integer FROM gone
$$"""


def upgrade() -> None:
    op.execute(FORGET)
    op.execute("revoke execute on function outbox_forget(integer) from public")
    op.execute("grant execute on function outbox_forget(integer) to fixnado_application")


def downgrade() -> None:
    op.execute("drop function outbox_forget(integer)")
