"""The double-entry ledger. Its rules live here: the application may read it and call two functions, nothing else.

Amounts are whole minor units, positive for debit and negative for credit. An entry balances per currency, closes when its
transaction commits, and is never altered; guarded accounts can't cross zero. Each entry is sealed into the chain "ledger".
"""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"

PLACE = "SET search_path = public, pg_temp"

TABLES = (
    """CREATE TABLE account (
        id bigint GENERATED ALWAYS AS IDENTITY,
        code varchar(120) NOT NULL,
        currency char(3) NOT NULL,
        kind varchar(20) NOT NULL,
        guarded boolean NOT NULL,
        CONSTRAINT pk_account PRIMARY KEY (id),
        CONSTRAINT uq_account_code UNIQUE (code, currency),
        CONSTRAINT uq_account_id UNIQUE (id, currency),
        CONSTRAINT ck_account_account_kind CHECK (kind IN ('asset', 'liability', 'income', 'expense', 'equity')),
        CONSTRAINT ck_account_currency CHECK (currency ~ '^[A-Z]{3}$'))""",
    """CREATE TABLE journal_entry (
        id bigint GENERATED ALWAYS AS IDENTITY,
        event varchar(60) NOT NULL,
        idem_key varchar(200) NOT NULL,
        request_hash bytea NOT NULL,
        subject varchar(120) NOT NULL,
        occurred_at timestamptz NOT NULL,
        posted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        transition_id bigint,
        reverses_id bigint,
        CONSTRAINT pk_journal_entry PRIMARY KEY (id),
        CONSTRAINT uq_journal_entry_idem_key UNIQUE (idem_key),
        CONSTRAINT uq_journal_entry_reverses_id UNIQUE (reverses_id),
        CONSTRAINT fk_journal_entry_transition_id_transition FOREIGN KEY (transition_id) REFERENCES transition (id),
        CONSTRAINT fk_journal_entry_reverses_id_journal_entry FOREIGN KEY (reverses_id) REFERENCES journal_entry (id))""",
    "CREATE INDEX ix_journal_entry_subject ON journal_entry (subject, id)",
    "CREATE INDEX ix_journal_entry_transition_id ON journal_entry (transition_id)",
    """CREATE TABLE posting (
        entry_id bigint NOT NULL,
        line smallint NOT NULL,
        account_id bigint NOT NULL,
        currency char(3) NOT NULL,
        amount bigint NOT NULL,
        CONSTRAINT pk_posting PRIMARY KEY (entry_id, line),
        CONSTRAINT ck_posting_amount_not_zero CHECK (amount <> 0),
        CONSTRAINT fk_posting_entry_id_journal_entry FOREIGN KEY (entry_id) REFERENCES journal_entry (id),
        CONSTRAINT fk_posting_account_id_account FOREIGN KEY (account_id, currency) REFERENCES account (id, currency))""",
    "CREATE INDEX ix_posting_account_id ON posting (account_id, entry_id) INCLUDE (amount)",
    """CREATE TABLE account_balance (
        account_id bigint NOT NULL,
        sign smallint NOT NULL,
        balance bigint NOT NULL DEFAULT 0,
        CONSTRAINT pk_account_balance PRIMARY KEY (account_id),
        CONSTRAINT fk_account_balance_account_id_account FOREIGN KEY (account_id) REFERENCES account (id),
        CONSTRAINT ck_account_balance_sign CHECK (sign IN (-1, 1)),
        CONSTRAINT ck_account_balance_never_wrong_side CHECK (sign * balance >= 0))""",
    "INSERT INTO seal_chain VALUES ('ledger')",
)

# Only guarded accounts keep a cached row: a row for revenue or VAT would be one lock for the whole marketplace.
ACCOUNT_OPENED = f"""CREATE FUNCTION account_opened() RETURNS trigger LANGUAGE plpgsql {PLACE} AS $$
BEGIN
  IF NEW.guarded THEN
    INSERT INTO account_balance (account_id, sign)
      VALUES (NEW.id, CASE WHEN NEW.kind IN ('asset', 'expense') THEN 1 ELSE -1 END);
  END IF;
  RETURN NULL;
END $$"""

# Codes and kinds are hashed, not ids: a swap of two accounts' names is an alteration too.
ENTRY_HASH = f"""CREATE FUNCTION entry_hash(e journal_entry) RETURNS bytea LANGUAGE sql STABLE {PLACE} AS $$
  SELECT sha256(convert_to(json_build_array('ledger', e.id, e.event, e.idem_key, encode(e.request_hash, 'hex'),
    e.subject, microseconds(e.occurred_at), microseconds(e.posted_at), e.transition_id, e.reverses_id,
    (SELECT json_agg(json_build_array(p.line, a.code, a.kind, p.currency, p.amount) ORDER BY p.line)
       FROM posting p JOIN account a ON a.id = p.account_id WHERE p.entry_id = e.id))::text, 'UTF8')) $$"""

LEDGER_VIEW = "CREATE VIEW sealed_ledger AS SELECT e.id AS row_id, entry_hash(e) AS hash FROM journal_entry e"

# Deferred: it runs once per entry at commit, as whoever commits, hence SECURITY DEFINER.
ENTRY_CLOSES = f"""CREATE FUNCTION entry_closes() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER {PLACE} AS $$
DECLARE
  lines bigint;
  unbalanced text;
BEGIN
  SELECT sum(part.n), min(part.currency) FILTER (WHERE part.total <> 0) INTO lines, unbalanced
    FROM (SELECT currency, count(*) AS n, sum(amount) AS total FROM posting WHERE entry_id = NEW.id GROUP BY currency)
      AS part;
  IF coalesce(lines, 0) < 2 THEN
    RAISE EXCEPTION 'entry % has % lines', NEW.id, coalesce(lines, 0)
      USING ERRCODE = '23514', CONSTRAINT = 'entry_min_two_lines';
  END IF;
  IF unbalanced IS NOT NULL THEN
    RAISE EXCEPTION 'entry % does not balance in %', NEW.id, unbalanced
      USING ERRCODE = '23514', CONSTRAINT = 'entry_balanced';
  END IF;
  INSERT INTO seal VALUES ('ledger', NEW.id, entry_hash(NEW));
  INSERT INTO unsealed (chain, row_id) VALUES ('ledger', NEW.id);
  RETURN NULL;
END $$"""

POSTING_JOINS = f"""CREATE FUNCTION posting_joins() RETURNS trigger LANGUAGE plpgsql {PLACE} AS $$
BEGIN
  IF EXISTS (SELECT FROM seal WHERE chain = 'ledger' AND row_id = NEW.entry_id) THEN
    RAISE EXCEPTION 'entry % is sealed', NEW.entry_id USING ERRCODE = '23514', CONSTRAINT = 'entry_sealed';
  END IF;
  UPDATE account_balance SET balance = balance + NEW.amount WHERE account_id = NEW.account_id;
  RETURN NEW;
END $$"""

OPEN_ACCOUNT = f"""CREATE FUNCTION ledger_open_account(p_code text, p_currency text, p_kind text, p_guarded boolean)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER {PLACE} AS $$
DECLARE
  a account;
BEGIN
  INSERT INTO account (code, currency, kind, guarded) VALUES (p_code, p_currency, p_kind, p_guarded)
    ON CONFLICT (code, currency) DO NOTHING;
  SELECT * INTO a FROM account WHERE code = p_code AND currency = p_currency;
  IF a.kind <> p_kind OR a.guarded <> p_guarded THEN
    RAISE EXCEPTION 'account % is % and guarded %, not % and %', p_code, a.kind, a.guarded, p_kind, p_guarded
      USING ERRCODE = '23514', CONSTRAINT = 'account_differs';
  END IF;
  RETURN a.id;
END $$"""

# The one write path. p_lines: [{"account", "currency", "amount", "kind", "guarded"}]; an account without a kind must
# exist. Lines are inserted in account order: one lock order, no deadlock. A known key with equal content answers with
# the entry it made; transition and moment are not part of that comparison, because a retry has new ones.
POST = f"""CREATE FUNCTION ledger_post(p_event text, p_key text, p_subject text, p_at timestamptz, p_lines jsonb,
  p_transition bigint DEFAULT NULL, p_reverses bigint DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER {PLACE} AS $$
DECLARE
  asked bytea;
  entry bigint;
  known journal_entry;
  l record;
  n integer;
BEGIN
  SELECT sha256(convert_to(json_build_array(p_event, p_subject, p_reverses,
      json_agg(json_build_array(x ->> 'account', x ->> 'currency', x ->> 'amount') ORDER BY place))::text, 'UTF8'))
    INTO asked FROM jsonb_array_elements(p_lines) WITH ORDINALITY AS e (x, place);
  INSERT INTO journal_entry (event, idem_key, request_hash, subject, occurred_at, transition_id, reverses_id)
    VALUES (p_event, p_key, asked, p_subject, p_at, p_transition, p_reverses)
    ON CONFLICT (idem_key) DO NOTHING RETURNING id INTO entry;
  IF entry IS NULL THEN
    SELECT * INTO known FROM journal_entry WHERE idem_key = p_key;
    IF known.request_hash <> asked THEN
      RAISE EXCEPTION 'key % was used for other content', p_key USING ERRCODE = '23505', CONSTRAINT = 'idem_mismatch';
    END IF;
    RETURN known.id;
  END IF;
  FOR l IN SELECT DISTINCT x ->> 'account' AS code, x ->> 'currency' AS currency, x ->> 'kind' AS kind,
      (x ->> 'guarded')::boolean AS guarded
    FROM jsonb_array_elements(p_lines) AS x
    LEFT JOIN account a ON a.code = x ->> 'account' AND a.currency = x ->> 'currency'
   WHERE x ? 'kind' AND (a.id IS NULL OR a.kind <> x ->> 'kind' OR a.guarded <> (x ->> 'guarded')::boolean)
   ORDER BY 1, 2 LOOP
    PERFORM ledger_open_account(l.code, l.currency, l.kind, l.guarded);
  END LOOP;
  INSERT INTO posting (entry_id, line, account_id, currency, amount)
    SELECT entry, row_number() OVER (ORDER BY a.id, place), a.id, a.currency, (x ->> 'amount')::bigint
      FROM jsonb_array_elements(p_lines) WITH ORDINALITY AS e (x, place)
      JOIN account a ON a.code = x ->> 'account' AND a.currency = x ->> 'currency'
     ORDER BY a.id, place;
  GET DIAGNOSTICS n = ROW_COUNT;
  IF n <> jsonb_array_length(p_lines) THEN
    RAISE EXCEPTION 'unknown account in %', p_lines USING ERRCODE = '23503', CONSTRAINT = 'account_known';
  END IF;
  RETURN entry;
END $$"""

FUNCTIONS = (ACCOUNT_OPENED, ENTRY_HASH, LEDGER_VIEW, ENTRY_CLOSES, POSTING_JOINS, OPEN_ACCOUNT, POST)
TRIGGERS = (
    "CREATE TRIGGER account_opened AFTER INSERT ON account FOR EACH ROW EXECUTE FUNCTION account_opened()",
    """CREATE CONSTRAINT TRIGGER entry_closes AFTER INSERT ON journal_entry DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION entry_closes()""",
    "CREATE TRIGGER posting_joins BEFORE INSERT ON posting FOR EACH ROW EXECUTE FUNCTION posting_joins()",
)
IMMUTABLE = ("account", "journal_entry", "posting")
READ_ONLY = (*IMMUTABLE, "account_balance", "sealed_ledger")
INTERNAL = ("account_opened()", "entry_hash(journal_entry)", "entry_closes()", "posting_joins()")
FOR_THE_APPLICATION = (
    "ledger_open_account(text, text, text, boolean)",
    "ledger_post(text, text, text, timestamptz, jsonb, bigint, bigint)",
)


def upgrade() -> None:
    for statement in (*TABLES, *FUNCTIONS, *TRIGGERS):
        op.execute(statement)
    for table in IMMUTABLE:
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION append_only()"
        )
    for table in (*IMMUTABLE, "account_balance"):
        op.execute(
            f"CREATE TRIGGER no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION append_only()"
        )
    for table in READ_ONLY:
        op.execute(f"REVOKE ALL ON {table} FROM fixnado_application")
        op.execute(f"GRANT SELECT ON {table} TO fixnado_application")
    for signature in (*INTERNAL, *FOR_THE_APPLICATION):
        op.execute(f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC")
    for signature in FOR_THE_APPLICATION:
        op.execute(f"GRANT EXECUTE ON FUNCTION {signature} TO fixnado_application")


def downgrade() -> None:
    op.execute("DROP VIEW sealed_ledger")
    for signature in (*FOR_THE_APPLICATION, "entry_hash(journal_entry)"):
        op.execute(f"DROP FUNCTION {signature}")
    op.execute("DROP TABLE posting, account_balance, journal_entry, account")
    for signature in ("account_opened()", "entry_closes()", "posting_joins()"):
        op.execute(f"DROP FUNCTION {signature}")
    # The chain's blocks leave with its entries; the owner alone may do this, by dropping the guard for the moment.
    for table in ("seal_leaf", "seal_block", "seal", "seal_chain"):
        op.execute(f"ALTER TABLE {table} DISABLE TRIGGER append_only")
        op.execute(f"DELETE FROM {table} WHERE chain = 'ledger'")
        op.execute(f"ALTER TABLE {table} ENABLE TRIGGER append_only")
    op.execute("DELETE FROM unsealed WHERE chain = 'ledger'")
