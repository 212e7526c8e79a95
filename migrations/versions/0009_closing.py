"""Closings: the journal added up to one of its entries, by the shape of account codes, once a day.

Adding up a year of a busy account for every page is what this ends: a balance is the last closing and what came since.
"""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"

PLACE = "SET search_path = public, pg_temp"

TABLE = """CREATE TABLE closing (
    entry_id bigint NOT NULL,
    shape varchar(120) NOT NULL,
    currency char(3) NOT NULL,
    balance bigint NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT pk_closing PRIMARY KEY (entry_id, shape, currency),
    CONSTRAINT fk_closing_entry_id_journal_entry FOREIGN KEY (entry_id) REFERENCES journal_entry (id))"""

SHAPE = f"""CREATE FUNCTION account_shape(code text) RETURNS text LANGUAGE sql IMMUTABLE {PLACE} AS $$
  SELECT regexp_replace(code, '[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}', '*', 'g') $$"""

# The lock waits for entries that are being written. Those that come after it have larger numbers and later moments, so
# no closing is ever wrong afterwards; whoever posts meanwhile waits for as long as the day takes to be added up.
CLOSE = f"""CREATE FUNCTION ledger_close() RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER {PLACE}
SET lock_timeout = '3s' AS $$
DECLARE
  before bigint;
  horizon bigint;
  moment timestamptz;
BEGIN
  LOCK TABLE journal_entry IN SHARE ROW EXCLUSIVE MODE;
  SELECT coalesce(max(entry_id), 0) INTO before FROM closing;
  SELECT max(id), greatest(max(posted_at), clock_timestamp()) INTO horizon, moment
    FROM journal_entry WHERE id > before;
  IF horizon IS NULL THEN
    RETURN before;
  END IF;
  INSERT INTO closing (entry_id, shape, currency, balance, at)
    SELECT horizon, part.shape, part.currency, sum(part.balance), moment
      FROM (SELECT shape, currency, balance FROM closing WHERE entry_id = before
            UNION ALL
            SELECT account_shape(a.code), a.currency, d.amount
              FROM (SELECT account_id, sum(amount) AS amount FROM posting WHERE entry_id > before GROUP BY account_id) d
              JOIN account a ON a.id = d.account_id) AS part
     GROUP BY part.shape, part.currency;
  RETURN horizon;
END $$"""


def upgrade() -> None:
    for statement in (TABLE, SHAPE, CLOSE):
        op.execute(statement)
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON closing FOR EACH ROW EXECUTE FUNCTION append_only()"
    )
    op.execute(
        "CREATE TRIGGER no_truncate BEFORE TRUNCATE ON closing FOR EACH STATEMENT EXECUTE FUNCTION append_only()"
    )
    op.execute("REVOKE ALL ON closing FROM fixnado_application")
    op.execute("GRANT SELECT ON closing TO fixnado_application")
    for signature in ("account_shape(text)", "ledger_close()"):
        op.execute(f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {signature} TO fixnado_application")
    op.execute("SELECT ledger_close()")  # what there is already is added up once, here


def downgrade() -> None:
    op.execute("DROP FUNCTION ledger_close()")
    op.execute("DROP FUNCTION account_shape(text)")
    op.execute("DROP TABLE closing")
