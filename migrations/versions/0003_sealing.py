"""One sealing mechanism for every chain, and the first chain that uses it: the audit trail.

A row of a chain gets its seal (SHA-256 of its content) with the change itself; the sealer gives seals their place in a
Merkle chain afterwards, so no business transaction waits for a chain head. Hashes hold no transaction id and nothing of
the cluster: they survive dump and restore. To add a chain: a row in seal_chain and a view sealed_<chain>(row_id, hash)
that recomputes each row's hash, with a trigger that writes seal and unsealed.
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"

TABLES = (
    """CREATE TABLE seal_chain (
        chain varchar(20) NOT NULL,
        CONSTRAINT pk_seal_chain PRIMARY KEY (chain))""",
    """CREATE TABLE seal (
        chain varchar(20) NOT NULL,
        row_id bigint NOT NULL,
        hash bytea NOT NULL,
        CONSTRAINT pk_seal PRIMARY KEY (chain, row_id),
        CONSTRAINT ck_seal_sha256 CHECK (octet_length(hash) = 32))""",
    """CREATE TABLE unsealed (
        chain varchar(20) NOT NULL,
        row_id bigint NOT NULL,
        at timestamptz NOT NULL DEFAULT clock_timestamp(),
        CONSTRAINT pk_unsealed PRIMARY KEY (chain, row_id))""",
    """CREATE TABLE seal_block (
        chain varchar(20) NOT NULL,
        height bigint NOT NULL,
        size integer NOT NULL,
        merkle_root bytea NOT NULL,
        prev_hash bytea NOT NULL,
        block_hash bytea NOT NULL,
        sealed_at timestamptz NOT NULL,
        CONSTRAINT pk_seal_block PRIMARY KEY (chain, height),
        CONSTRAINT uq_seal_block_block_hash UNIQUE (block_hash),
        CONSTRAINT ck_seal_block_not_empty CHECK (size > 0 AND height > 0),
        CONSTRAINT fk_seal_block_chain_seal_chain FOREIGN KEY (chain) REFERENCES seal_chain (chain))""",
    """CREATE TABLE seal_leaf (
        chain varchar(20) NOT NULL,
        height bigint NOT NULL,
        pos integer NOT NULL,
        row_id bigint NOT NULL,
        CONSTRAINT pk_seal_leaf PRIMARY KEY (chain, height, pos),
        CONSTRAINT uq_seal_leaf_chain UNIQUE (chain, row_id),
        CONSTRAINT fk_seal_leaf_chain_seal_block FOREIGN KEY (chain, height) REFERENCES seal_block (chain, height),
        CONSTRAINT fk_seal_leaf_chain_seal FOREIGN KEY (chain, row_id) REFERENCES seal (chain, row_id))""",
    """CREATE TABLE audit_event (
        id bigint GENERATED ALWAYS AS IDENTITY,
        at timestamptz NOT NULL DEFAULT clock_timestamp(),
        actor_kind varchar(20) NOT NULL,
        actor_user_id integer,
        actor_organisation_id uuid,
        actor_name varchar(120) NOT NULL,
        role varchar(240) NOT NULL,
        verb varchar(120) NOT NULL,
        entity varchar(80) NOT NULL,
        entity_id varchar(120) NOT NULL,
        op char(1) NOT NULL,
        before jsonb,
        after jsonb,
        reason text NOT NULL,
        request_id varchar(120) NOT NULL,
        personal_digest bytea,
        CONSTRAINT pk_audit_event PRIMARY KEY (id),
        CONSTRAINT ck_audit_event_op CHECK (op IN ('I', 'U', 'D')))""",
    "CREATE INDEX ix_audit_event_entity ON audit_event (entity, entity_id, id)",
    "CREATE INDEX ix_audit_event_actor_user_id ON audit_event (actor_user_id, id)",
    """CREATE TABLE audit_personal (
        audit_id bigint NOT NULL,
        salt bytea NOT NULL,
        content jsonb NOT NULL,
        CONSTRAINT pk_audit_personal PRIMARY KEY (audit_id),
        CONSTRAINT fk_audit_personal_audit_id_audit_event FOREIGN KEY (audit_id) REFERENCES audit_event (id))""",
    "INSERT INTO seal_chain VALUES ('audit')",
)

APPEND_ONLY = """CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% of % is forbidden: what was written is only ever added to', TG_OP, TG_TABLE_NAME
    USING ERRCODE = '23514', CONSTRAINT = 'append_only';
END $$"""

PLACE = "SET search_path = public, pg_temp"
"""A caller's search_path could put other tables in front of ours: every function that runs as the owner fixes it."""

MICROSECONDS = """CREATE FUNCTION microseconds(p_at timestamptz) RETURNS bigint LANGUAGE sql STABLE AS
$$ SELECT (extract(epoch FROM p_at) * 1000000)::bigint $$"""

# RFC 6962, section 2.1: leaves and nodes are hashed apart; an odd last node rises unpaired, which is the RFC's tree.
MERKLE_ROOT = """CREATE FUNCTION merkle_root(p_level bytea[]) RETURNS bytea LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  above bytea[];
BEGIN
  IF coalesce(cardinality(p_level), 0) = 0 THEN
    RETURN sha256('');
  END IF;
  FOR i IN 1..cardinality(p_level) LOOP
    p_level[i] := sha256('\\x00'::bytea || p_level[i]);
  END LOOP;
  WHILE cardinality(p_level) > 1 LOOP
    above := '{}';
    FOR i IN 1..cardinality(p_level) BY 2 LOOP
      above := above || CASE WHEN i < cardinality(p_level)
        THEN sha256('\\x01'::bytea || p_level[i] || p_level[i + 1]) ELSE p_level[i] END;
    END LOOP;
    p_level := above;
  END LOOP;
  RETURN p_level[1];
END $$"""

BLOCK_HASH = f"""CREATE FUNCTION seal_block_hash(b seal_block) RETURNS bytea LANGUAGE sql STABLE {PLACE} AS $$
  SELECT sha256(b.prev_hash || b.merkle_root
    || convert_to(concat_ws('|', b.chain, b.height, b.size, microseconds(b.sealed_at)), 'UTF8')) $$"""

CLOSE_BLOCK = f"""CREATE FUNCTION seal_close_block(p_chain text, p_limit integer DEFAULT 4096) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER {PLACE} AS $$
DECLARE
  head seal_block;
  b seal_block;
  hashes bytea[];
  ids bigint[];
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('seal:' || p_chain, 0));
  WITH taken AS (
    DELETE FROM unsealed WHERE chain = p_chain AND row_id IN (
      SELECT row_id FROM unsealed WHERE chain = p_chain ORDER BY row_id LIMIT p_limit) RETURNING row_id)
  SELECT array_agg(s.hash ORDER BY s.row_id), array_agg(s.row_id ORDER BY s.row_id) INTO hashes, ids
    FROM taken JOIN seal s ON s.chain = p_chain AND s.row_id = taken.row_id;
  IF ids IS NULL THEN
    RETURN NULL;
  END IF;
  SELECT * INTO head FROM seal_block WHERE chain = p_chain ORDER BY height DESC LIMIT 1;
  b.chain := p_chain;
  b.height := coalesce(head.height, 0) + 1;
  b.size := cardinality(ids);
  b.merkle_root := merkle_root(hashes);
  b.prev_hash := coalesce(head.block_hash, '\\x');
  b.sealed_at := clock_timestamp();
  b.block_hash := seal_block_hash(b);
  INSERT INTO seal_block SELECT b.*;
  INSERT INTO seal_leaf (chain, height, pos, row_id)
    SELECT p_chain, b.height, place - 1, id FROM unnest(ids) WITH ORDINALITY AS u (id, place);
  RETURN b.height;
END $$"""

# Rows against their seals (so the row is named), blocks recomputed and linked, nothing outside the chain, and the
# chain against a head that was published elsewhere: that one shows a cut tail and a chain rewritten whole.
VERIFY = f"""CREATE FUNCTION seal_verify(p_chain text, p_known_height bigint DEFAULT NULL, p_known_hash bytea DEFAULT NULL)
RETURNS TABLE (height bigint, row_id bigint, problem text) LANGUAGE plpgsql SECURITY DEFINER {PLACE} AS $$
#variable_conflict use_column
DECLARE
  b seal_block;
  hashes bytea[];
  previous bytea := '\\x';
BEGIN
  RETURN QUERY EXECUTE format($sql$
    SELECT l.height, coalesce(r.row_id, s.row_id), CASE
        WHEN r.row_id IS NULL THEN 'row is gone'
        WHEN s.row_id IS NULL THEN 'row has no seal'
        WHEN r.hash <> s.hash THEN 'row differs from its seal'
        ELSE 'row is neither in a block nor waiting' END
      FROM %I r
      FULL JOIN (SELECT * FROM seal WHERE chain = $1) s ON s.row_id = r.row_id
      LEFT JOIN seal_leaf l ON l.chain = $1 AND l.row_id = coalesce(r.row_id, s.row_id)
      LEFT JOIN unsealed u ON u.chain = $1 AND u.row_id = coalesce(r.row_id, s.row_id)
     WHERE r.hash IS DISTINCT FROM s.hash OR (l.row_id IS NULL AND u.row_id IS NULL)
     ORDER BY 2$sql$, 'sealed_' || p_chain) USING p_chain;
  RETURN QUERY SELECT l.height, l.row_id, 'place in the chain without a seal or a block' FROM seal_leaf l
     WHERE l.chain = p_chain
       AND (NOT EXISTS (SELECT FROM seal s WHERE s.chain = p_chain AND s.row_id = l.row_id)
         OR NOT EXISTS (SELECT FROM seal_block x WHERE x.chain = p_chain AND x.height = l.height));
  FOR b IN SELECT * FROM seal_block x WHERE x.chain = p_chain ORDER BY x.height LOOP
    SELECT array_agg(s.hash ORDER BY l.pos) INTO hashes
      FROM seal_leaf l JOIN seal s ON s.chain = l.chain AND s.row_id = l.row_id
     WHERE l.chain = p_chain AND l.height = b.height;
    IF coalesce(cardinality(hashes), 0) <> b.size THEN
      RETURN QUERY SELECT b.height, NULL::bigint, 'rows are missing from the block';
    ELSIF merkle_root(hashes) <> b.merkle_root THEN
      RETURN QUERY SELECT b.height, NULL::bigint, 'block differs from its rows (Merkle root)';
    END IF;
    IF b.prev_hash <> previous OR b.block_hash <> seal_block_hash(b) THEN
      RETURN QUERY SELECT b.height, NULL::bigint, 'block is not linked to the one before it (block hash)';
    END IF;
    previous := b.block_hash;
  END LOOP;
  RETURN QUERY SELECT g.h, NULL::bigint, 'block is missing'
    FROM generate_series(1, greatest((SELECT max(x.height) FROM seal_block x WHERE x.chain = p_chain), p_known_height))
      AS g (h)
   WHERE NOT EXISTS (SELECT FROM seal_block x WHERE x.chain = p_chain AND x.height = g.h);
  RETURN QUERY SELECT p_known_height, NULL::bigint, 'block differs from the published head'
    FROM seal_block x WHERE x.chain = p_chain AND x.height = p_known_height AND x.block_hash <> p_known_hash;
END $$"""

# The columns named here are what is sealed. A column added later needs a new chain entry form, never a change here.
AUDIT_HASH = f"""CREATE FUNCTION audit_hash(e audit_event) RETURNS bytea LANGUAGE sql STABLE {PLACE} AS $$
  SELECT sha256(convert_to(json_build_array('audit', e.id, microseconds(e.at), e.actor_kind, e.actor_user_id,
    e.actor_organisation_id, e.actor_name, e.role, e.verb, e.entity, e.entity_id, e.op, e.before, e.after, e.reason,
    e.request_id, encode(e.personal_digest, 'hex'))::text, 'UTF8')) $$"""

AUDIT_VIEW = "CREATE VIEW sealed_audit AS SELECT e.id AS row_id, audit_hash(e) AS hash FROM audit_event e"

AUDIT_SEALS = f"""CREATE FUNCTION audit_seals() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER {PLACE} AS $$
BEGIN
  INSERT INTO seal SELECT 'audit', e.id, audit_hash(e) FROM added JOIN audit_event e USING (id);
  INSERT INTO unsealed (chain, row_id) SELECT 'audit', id FROM added;
  RETURN NULL;
END $$"""

# The only way in. Personal text goes aside under a salted digest: erasing it leaves the sealed row whole.
AUDIT_WRITE = f"""CREATE FUNCTION audit_write(p_events jsonb) RETURNS void
LANGUAGE sql SECURITY DEFINER {PLACE} AS $$
  WITH said AS (
    SELECT nextval(pg_get_serial_sequence('audit_event', 'id')) AS id,
      uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) AS salt, x.*
      FROM jsonb_to_recordset(p_events) AS x (actor_kind text, actor_user_id integer, actor_organisation_id uuid,
        actor_name text, role text, verb text, entity text, entity_id text, op text, before jsonb, after jsonb,
        reason text, request_id text, personal jsonb)),
  kept AS (
    INSERT INTO audit_event (id, actor_kind, actor_user_id, actor_organisation_id, actor_name, role, verb, entity,
      entity_id, op, before, after, reason, request_id, personal_digest) OVERRIDING SYSTEM VALUE
    SELECT id, actor_kind, actor_user_id, actor_organisation_id, coalesce(actor_name, ''), coalesce(role, ''),
      coalesce(verb, ''), entity, entity_id, op, before, after, coalesce(reason, ''), coalesce(request_id, ''),
      CASE WHEN personal IS NOT NULL THEN sha256(salt || convert_to(personal::text, 'UTF8')) END FROM said)
  INSERT INTO audit_personal SELECT id, salt, personal FROM said WHERE personal IS NOT NULL $$"""

AUDIT_ERASE = f"""CREATE FUNCTION audit_erase(p_entity text, p_entity_id text, p_by jsonb) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER {PLACE} AS $$
DECLARE
  erased bigint;
BEGIN
  DELETE FROM audit_personal p USING audit_event e
   WHERE e.id = p.audit_id AND e.entity = p_entity AND e.entity_id = p_entity_id;
  GET DIAGNOSTICS erased = ROW_COUNT;
  PERFORM audit_write(jsonb_build_array(p_by || jsonb_build_object('verb', 'erase_personal_text', 'op', 'D',
    'entity', p_entity, 'entity_id', p_entity_id, 'before', jsonb_build_object('audit_personal', erased))));
  RETURN erased;
END $$"""

AUDIT_VERIFY = f"""CREATE FUNCTION audit_personal_verify() RETURNS TABLE (row_id bigint, problem text)
LANGUAGE sql STABLE SECURITY DEFINER {PLACE} AS $$
  SELECT p.audit_id, 'personal text differs from its digest' FROM audit_personal p
    LEFT JOIN audit_event e ON e.id = p.audit_id
   WHERE e.personal_digest IS DISTINCT FROM sha256(p.salt || convert_to(p.content::text, 'UTF8')) $$"""

FUNCTIONS = (
    APPEND_ONLY,
    MICROSECONDS,
    MERKLE_ROOT,
    BLOCK_HASH,
    CLOSE_BLOCK,
    VERIFY,
    AUDIT_HASH,
    AUDIT_VIEW,
    AUDIT_SEALS,
    AUDIT_WRITE,
    AUDIT_ERASE,
    AUDIT_VERIFY,
)
SIGNATURES = (
    "append_only()",
    "microseconds(timestamptz)",
    "merkle_root(bytea[])",
    "seal_block_hash(seal_block)",
    "seal_close_block(text, integer)",
    "seal_verify(text, bigint, bytea)",
    "audit_hash(audit_event)",
    "audit_seals()",
    "audit_write(jsonb)",
    "audit_erase(text, text, jsonb)",
    "audit_personal_verify()",
)
FOR_THE_APPLICATION = (
    "seal_close_block(text, integer)",
    "seal_verify(text, bigint, bytea)",
    "audit_write(jsonb)",
    "audit_erase(text, text, jsonb)",
    "audit_personal_verify()",
)
READ_ONLY = (
    "seal_chain",
    "seal",
    "unsealed",
    "seal_block",
    "seal_leaf",
    "audit_event",
    "audit_personal",
    "sealed_audit",
)
IMMUTABLE = ("seal_chain", "seal", "seal_block", "seal_leaf", "audit_event", "transition")


def upgrade() -> None:
    for statement in (*TABLES, *FUNCTIONS):
        op.execute(statement)
    op.execute(
        "CREATE TRIGGER audit_seals AFTER INSERT ON audit_event REFERENCING NEW TABLE AS added "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_seals()"
    )
    for table in IMMUTABLE:
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION append_only()"
        )
    op.execute("CREATE TRIGGER append_only BEFORE UPDATE ON audit_personal FOR EACH ROW EXECUTE FUNCTION append_only()")
    for table in (*IMMUTABLE, "audit_personal"):
        op.execute(
            f"CREATE TRIGGER no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION append_only()"
        )
    for table in READ_ONLY:
        op.execute(f"REVOKE ALL ON {table} FROM fixnado_application")
        op.execute(f"GRANT SELECT ON {table} TO fixnado_application")
    op.execute("REVOKE UPDATE, DELETE, TRUNCATE ON transition FROM fixnado_application")
    for signature in SIGNATURES:
        op.execute(f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC")
    for signature in FOR_THE_APPLICATION:
        op.execute(f"GRANT EXECUTE ON FUNCTION {signature} TO fixnado_application")


def downgrade() -> None:
    op.execute("DROP TRIGGER append_only ON transition")
    op.execute("DROP TRIGGER no_truncate ON transition")
    op.execute("GRANT UPDATE, DELETE ON transition TO fixnado_application")
    op.execute("DROP VIEW sealed_audit")
    op.execute("DROP TABLE audit_personal, seal_leaf, unsealed")
    for function in (
        "audit_personal_verify()",
        "audit_erase(text, text, jsonb)",
        "audit_write(jsonb)",
        "seal_verify(text, bigint, bytea)",
        "seal_close_block(text, integer)",
        "audit_hash(audit_event)",
        "seal_block_hash(seal_block)",
        "merkle_root(bytea[])",
        "microseconds(timestamptz)",
    ):
        op.execute(f"DROP FUNCTION {function}")
    op.execute("DROP TABLE audit_event, seal_block, seal, seal_chain")
    op.execute("DROP FUNCTION audit_seals()")
    op.execute("DROP FUNCTION append_only()")
