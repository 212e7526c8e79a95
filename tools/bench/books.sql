-- A year of orders in the ledger, made at once: captured, their fee, released after ten days; one in ten refunded, the
-- newest tenth still held. Run by a superuser with every trigger off, in a database that is thrown away.
SET session_replication_role = replica;

CREATE TEMP TABLE story AS
SELECT n, t, ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid AS order_id,
       ('00000000-0000-7000-9000-' || lpad(to_hex(n), 12, '0'))::uuid AS refund_id,
       ('00000000-0000-7000-a000-' || lpad(to_hex(n % 1000), 12, '0'))::uuid AS seller_id,
       CASE WHEN n > :orders * 0.9 THEN 'held' WHEN n % 10 = 0 THEN 'refunded' ELSE 'released' END AS fate
  FROM generate_series(1, :orders) AS n
 CROSS JOIN LATERAL (SELECT now() - interval '365 days' + n * (interval '365 days' / :orders) AS t) AS moments;

CREATE TEMP TABLE step (kind text, code text, account_kind text, guarded boolean, amount bigint);
INSERT INTO step VALUES
  ('order.captured', 'psp:simulator:clearing', 'asset', false, 29300),
  ('order.captured', 'escrow:{order}', 'liability', true, -28800),
  ('order.captured', 'revenue:service_fee', 'income', false, -417),
  ('order.captured', 'tax:vat_output', 'liability', false, -83),
  ('psp.fee', 'expense:psp_fees', 'expense', false, 460),
  ('psp.fee', 'psp:simulator:clearing', 'asset', false, -460),
  ('escrow.released', 'escrow:{order}', 'liability', true, 28800),
  ('escrow.released', 'seller:{seller}:pending', 'liability', true, -25344),
  ('escrow.released', 'revenue:commission', 'income', false, -2880),
  ('escrow.released', 'tax:vat_output', 'liability', false, -576),
  ('refund.requested', 'escrow:{order}', 'liability', true, 28800),
  ('refund.requested', 'revenue:service_fee', 'income', false, 417),
  ('refund.requested', 'tax:vat_output', 'liability', false, 83),
  ('refund.requested', 'refund:{refund}:in_transit', 'liability', true, -29300),
  ('refund.succeeded', 'refund:{refund}:in_transit', 'liability', true, 29300),
  ('refund.succeeded', 'psp:simulator:clearing', 'asset', false, -29300);

CREATE TEMP TABLE entry AS
SELECT row_number() OVER (ORDER BY at, n, kind) AS id, n, kind, at FROM (
  SELECT n, 'order.captured' AS kind, t AS at FROM story
  UNION ALL SELECT n, 'psp.fee', t + interval '1 second' FROM story
  UNION ALL SELECT n, 'escrow.released', t + interval '10 days' FROM story WHERE fate = 'released'
  UNION ALL SELECT n, 'refund.requested', t + interval '1 hour' FROM story WHERE fate = 'refunded'
  UNION ALL SELECT n, 'refund.succeeded', t + interval '2 hours' FROM story WHERE fate = 'refunded' AND n % 100 <> 0
) AS happened;

CREATE TEMP TABLE line AS
SELECT e.id, e.at, s.kind, s.account_kind, s.guarded, s.amount,
       replace(replace(replace(s.code, '{order}', o.order_id::text), '{seller}', o.seller_id::text),
               '{refund}', o.refund_id::text) AS code,
       row_number() OVER (PARTITION BY e.id ORDER BY s.code) AS line
  FROM entry e JOIN story o USING (n) JOIN step s ON s.kind = e.kind;

INSERT INTO account (code, currency, kind, guarded) SELECT DISTINCT code, 'GBP', account_kind, guarded FROM line;
INSERT INTO journal_entry (id, event, idem_key, request_hash, subject, occurred_at, posted_at) OVERRIDING SYSTEM VALUE
SELECT e.id, e.kind, 'bench:' || e.id, sha256(''), 'order:' || o.order_id, e.at, e.at FROM entry e JOIN story o USING (n);
INSERT INTO posting (entry_id, line, account_id, currency, amount)
SELECT l.id, l.line, a.id, 'GBP', l.amount FROM line l JOIN account a ON a.code = l.code AND a.currency = 'GBP';
INSERT INTO account_balance (account_id, sign, balance)
SELECT a.id, CASE WHEN a.kind IN ('asset', 'expense') THEN 1 ELSE -1 END, sum(p.amount)
  FROM account a JOIN posting p ON p.account_id = a.id WHERE a.guarded GROUP BY a.id;

-- Closed every midnight, as the clock does; the present day is open.
INSERT INTO closing (entry_id, shape, currency, balance, at)
SELECT d.entry_id, s.shape, 'GBP', sum(coalesce(p.amount, 0)) OVER (PARTITION BY s.shape ORDER BY d.day), d.day
  FROM (SELECT date_trunc('day', at) + interval '1 day' AS day, max(id) AS entry_id FROM line
         WHERE at < date_trunc('day', now()) GROUP BY 1) AS d
 CROSS JOIN (SELECT DISTINCT account_shape(code) AS shape FROM account) AS s
  LEFT JOIN (SELECT date_trunc('day', at) + interval '1 day' AS day, account_shape(code) AS shape, sum(amount) AS amount
               FROM line GROUP BY 1, 2) AS p ON p.day = d.day AND p.shape = s.shape;

SELECT setval(pg_get_serial_sequence('journal_entry', 'id'), (SELECT max(id) FROM journal_entry));
SET session_replication_role = DEFAULT;
