"""What must hold whenever nobody is in the middle of something: questions whose answers are the rows that break it.

A new invariant is one entry of INVARIANTS: SQL that selects one text, a sentence about each offending row.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

SHOWN = 20
"""So many offending rows are told, no more."""


@dataclass(frozen=True, slots=True)
class Invariant:
    """`sql` ends without a LIMIT."""

    number: str
    sentence: str
    sql: str


@dataclass(frozen=True, slots=True)
class Finding:
    """The answer for one invariant: it holds when no row is named."""

    invariant: Invariant
    rows: tuple[str, ...]

    @property
    def holds(self) -> bool:
        return not self.rows


ENTRIES_BALANCE = Invariant(
    "I1",
    "Every journal entry has at least two lines and balances in each currency",
    """SELECT 'entry ' || e.id || CASE WHEN count(p.line) < 2 THEN ' has ' || count(p.line) || ' lines'
           ELSE ' is off by ' || sum(p.amount) || ' ' || p.currency END
         FROM journal_entry e LEFT JOIN posting p ON p.entry_id = e.id
        GROUP BY e.id, p.currency
       HAVING coalesce(sum(p.amount), 0) <> 0
           OR (SELECT count(*) FROM posting q WHERE q.entry_id = e.id) < 2""",
)
CACHED_IS_SUMMED = Invariant(
    "I2",
    "The cached balance of a guarded account is the sum of its postings",
    """SELECT a.code || ' ' || a.currency || ' is ' || coalesce(b.balance::text, 'nothing') || ', postings ' || s.total
         FROM account a LEFT JOIN account_balance b ON b.account_id = a.id
        CROSS JOIN LATERAL (SELECT coalesce(sum(p.amount), 0) AS total FROM posting p WHERE p.account_id = a.id) s
        WHERE a.guarded AND b.balance IS DISTINCT FROM s.total""",
)
CLOSING_IS_SUMMED = Invariant(
    "I2b",
    "The newest closing of the books is the sum of the postings up to its entry",
    """SELECT coalesce(c.shape, s.shape) || ' ' || coalesce(c.currency, s.currency) || ' closed with '
           || coalesce(c.balance::text, 'nothing') || ', postings ' || coalesce(s.total::text, 'nothing')
         FROM (SELECT * FROM closing WHERE entry_id = (SELECT max(entry_id) FROM closing)) c
         FULL JOIN (SELECT account_shape(a.code) AS shape, a.currency, sum(p.amount) AS total
                      FROM posting p JOIN account a ON a.id = p.account_id
                     WHERE p.entry_id <= (SELECT max(entry_id) FROM closing) GROUP BY 1, 2) s USING (shape, currency)
        WHERE c.balance IS DISTINCT FROM s.total""",
)
GUARDED_STAYS_ON_ITS_SIDE = Invariant(
    "I3",
    "No guarded account stands on the wrong side of zero",
    """SELECT a.code || ' ' || a.currency || ' stands at ' || sum(p.amount)
         FROM account a JOIN posting p ON p.account_id = a.id
        WHERE a.guarded
        GROUP BY a.id
       HAVING sum(p.amount) * CASE WHEN a.kind IN ('asset', 'expense') THEN 1 ELSE -1 END < 0""",
)
_HELD = """coalesce((SELECT -sum(p.amount) FROM account a JOIN posting p ON p.account_id = a.id
            WHERE a.code = 'escrow:' || o.id AND a.currency = o.currency), 0)"""
HOLD_IS_WHAT_IS_LEFT = Invariant(
    "I4",
    "What an order holds is what was captured, less the buyer fee, what was refunded, released and charged back",
    f"""SELECT 'order ' || o.reference || ': captured ' || y.captured_minor || ' less fee '
           || o.fee_net_minor + o.fee_vat_minor || ', refunded ' || e.refunded_minor || ', released '
           || e.released_minor || ', charged back ' || e.charged_back_minor || ', but the ledger holds ' || {_HELD}
         FROM sales_order o JOIN escrow e ON e.order_id = o.id JOIN payment y ON y.checkout_id = o.checkout_id
        WHERE e.captured_minor <> o.gross_minor
           OR {_HELD} <> y.captured_minor - o.fee_net_minor - o.fee_vat_minor - e.refunded_minor - e.released_minor
              - e.charged_back_minor""",  # noqa: S608  fixed text
)
ENDED_ORDER_HOLDS_NOTHING = Invariant(
    "I5",
    "An order that has ended holds nothing",
    f"""SELECT 'order ' || o.reference || ' is ' || o.state || ' and holds ' || {_HELD}
         FROM sales_order o
        WHERE o.state IN ('completed', 'cancelled', 'declined', 'expired') AND {_HELD} <> 0""",  # noqa: S608  fixed text
)
NO_MORE_BACK_THAN_CAME = Invariant(
    "I6",
    "No more is refunded than was paid, neither of a payment nor of an order's work",
    """SELECT 'payment ' || y.id || ': ' || sum(r.amount_minor) || ' of ' || y.captured_minor || ' refunded'
         FROM payment y JOIN refund r ON r.payment_id = y.id AND r.state NOT IN ('rejected', 'cancelled')
        GROUP BY y.id
       HAVING sum(r.amount_minor) > y.captured_minor
       UNION ALL
       SELECT 'order ' || o.reference || ': ' || sum(r.amount_minor - r.fee_net_minor - r.fee_vat_minor) || ' of '
           || o.gross_minor || ' refunded'
         FROM sales_order o JOIN refund r ON r.order_id = o.id AND r.state NOT IN ('rejected', 'cancelled')
        GROUP BY o.id
       HAVING sum(r.amount_minor - r.fee_net_minor - r.fee_vat_minor) > o.gross_minor""",
)
MONEY_MOVES_WITH_A_MOVE = Invariant(
    "I9",
    "Money leaves a hold, or is sent back, by a recorded move, and each such move has its entry",
    """SELECT 'entry ' || n.id || ' (' || n.event || ') takes from ' || a.code || ' without its move'
         FROM posting p JOIN account a ON a.id = p.account_id JOIN journal_entry n ON n.id = p.entry_id
         LEFT JOIN transition t ON t.id = n.transition_id
         LEFT JOIN escrow e ON t.machine = 'escrow' AND e.id = t.subject_id
        WHERE p.amount > 0
          AND ((a.code LIKE 'escrow%' AND a.code IS DISTINCT FROM 'escrow:' || e.order_id)
            OR (a.code LIKE 'refund%' AND n.event IN ('refund.succeeded', 'refund.transferred', 'refund.charged_back')
                AND (t.machine = 'refund' AND a.code LIKE 'refund_' || t.subject_id || '%') IS NOT TRUE))
       UNION ALL
       SELECT 'move ' || t.id || ' (' || t.machine || ' ' || t.event || ') has no entry'
         FROM transition t
        WHERE ((t.machine = 'escrow' AND t.event IN ('release', 'release_rest', 'refund', 'refund_rest', 'split',
                 'age_limit', 'refund_rest_system', 'charge_back', 'charge_back_part'))
            OR (t.machine = 'refund' AND t.event IN ('psp_succeeded', 'bank_transfer', 'charged_back')))
          AND NOT EXISTS (SELECT FROM journal_entry n WHERE n.transition_id = t.id)""",
)
LINES_ADD_UP = Invariant(
    "I8",
    "The parts of an order's lines are what its hold and the ledger say; no commission is kept on what went back",
    """SELECT 'order ' || o.reference || ': ' || problem
         FROM sales_order o JOIN escrow e ON e.order_id = o.id
         JOIN LATERAL (SELECT
             coalesce(sum(a.gross_minor) FILTER (WHERE a.kind = 'release'), 0) AS released,
             coalesce(sum(a.gross_minor) FILTER (WHERE a.kind = 'refund' AND NOT a.after_release), 0) AS refunded,
             coalesce(sum(a.gross_minor) FILTER (WHERE a.kind = 'chargeback' AND NOT a.after_release), 0) AS charged,
             coalesce(sum(a.gross_minor) FILTER (WHERE a.after_release), 0) AS back,
             coalesce(sum(CASE WHEN a.kind = 'release' THEN a.commission_minor
                               WHEN a.after_release THEN -a.commission_minor END), 0) AS commission
           FROM allocation a JOIN order_line l ON l.id = a.order_line_id WHERE l.order_id = o.id) s ON true
         JOIN LATERAL (SELECT coalesce(-sum(p.amount), 0) AS kept
           FROM journal_entry n JOIN posting p ON p.entry_id = n.id JOIN account c ON c.id = p.account_id
          WHERE n.subject = 'order:' || o.id AND c.code = 'revenue:commission') r ON true
         JOIN LATERAL (VALUES
             (s.released <> e.released_minor, 'released ' || s.released || ' by line, ' || e.released_minor),
             (s.refunded <> e.refunded_minor, 'refunded ' || s.refunded || ' by line, ' || e.refunded_minor),
             (s.charged <> e.charged_back_minor, 'charged back ' || s.charged || ' by line, ' || e.charged_back_minor),
             (s.back > s.released, 'took back ' || s.back || ' of ' || s.released || ' released'),
             (s.commission <> r.kept, 'commission ' || s.commission || ' by line, ledger ' || r.kept),
             (s.back = s.released AND s.commission <> 0, 'keeps commission ' || s.commission || ' on nothing')
           ) AS v (broken, problem) ON v.broken""",
)
DUE_IS_IN_TRANSIT = Invariant(
    "I26",
    "What a refund owes is in transit: all that no bank gave while it is approved and not over, else nothing",
    """SELECT 'refund ' || r.id || ' is ' || r.state || ' and owes ' || s.owed || ' of ' || s.due
         FROM refund r
        CROSS JOIN LATERAL (SELECT r.amount_minor - r.covered_minor AS due, coalesce(-sum(p.amount), 0) AS owed
             FROM account a JOIN posting p ON p.account_id = a.id
            WHERE a.code = 'refund:' || r.id || '\\:in_transit') s
        WHERE s.owed <> CASE WHEN r.state IN ('approved', 'submitted', 'unknown', 'failed') THEN s.due ELSE 0 END""",
)
CONTESTED_IS_WITH_THE_BANK = Invariant(
    "I27",
    "A chargeback's account holds what the bank took while it decides, and nothing afterwards",
    """SELECT 'chargeback ' || c.id || ' is ' || c.state || ' and its account stands at ' || s.total
         FROM chargeback c
        CROSS JOIN LATERAL (SELECT coalesce(sum(p.amount), 0) AS total FROM account a JOIN posting p
             ON p.account_id = a.id WHERE a.code = 'dispute:' || c.id) s
        WHERE s.total <> CASE WHEN c.withdrawn_at IS NOT NULL AND c.state IN ('needs_response', 'under_review')
                              THEN c.amount_minor ELSE 0 END""",
)
DISPUTED_HAS_A_PROBLEM = Invariant(
    "I28",
    "An order in dispute has one live problem, an order out of dispute has none",
    """SELECT 'order ' || o.reference || ' is ' || o.state || ' with ' || count(d.id) || ' live problems'
         FROM sales_order o LEFT JOIN dispute d ON d.order_id = o.id
          AND d.state IN ('open', 'under_review', 'awaiting_info', 'proposed')
        GROUP BY o.id
       HAVING count(d.id) <> CASE WHEN o.state = 'disputed' THEN 1 ELSE 0 END""",
)
REVIEW_FIGURES_ARE_SUMMED = Invariant(
    "I29",
    "The figures of reviews are the sum of the reviews that everybody may read",
    """SELECT coalesce(f.kind, s.kind) || ' ' || coalesce(f.subject_id, s.subject_id) || ' counts '
           || coalesce(f.counts::text, 'nothing') || ', reviews ' || coalesce(s.counts::text, 'none')
         FROM (SELECT kind, subject_id, ARRAY[ones, twos, threes, fours, fives]::bigint[] AS counts FROM review_figure
                WHERE ones + twos + threes + fours + fives > 0) f
         FULL JOIN (SELECT v.kind, v.subject_id, ARRAY[count(*) FILTER (WHERE stars = 1),
                      count(*) FILTER (WHERE stars = 2), count(*) FILTER (WHERE stars = 3),
                      count(*) FILTER (WHERE stars = 4), count(*) FILTER (WHERE stars = 5)] AS counts
                      FROM review r CROSS JOIN LATERAL (VALUES
                           (CASE r.author WHEN 'buyer' THEN 'seller' ELSE 'buyer' END, r.subject_organisation_id),
                           ('listing', r.listing_id)) v(kind, subject_id)
                     WHERE r.state IN ('published', 'reported') AND v.subject_id IS NOT NULL
                     GROUP BY v.kind, v.subject_id) s USING (kind, subject_id)
        WHERE f.counts IS DISTINCT FROM s.counts""",
)
EVENTS_APPLY_ONCE = Invariant(
    "I17",
    "Each event of a provider is applied at most once, and each checkout is captured at most once",
    """SELECT 'event ' || event_id || ' of ' || provider || ' was applied ' || count(*) || ' times'
         FROM webhook_inbox WHERE state = 'applied' GROUP BY provider, event_id HAVING count(*) > 1
       UNION ALL
       SELECT subject || ' was captured ' || count(*) || ' times'
         FROM journal_entry WHERE event = 'order.captured' GROUP BY subject HAVING count(*) > 1""",
)
CHAINS_VERIFY = Invariant(
    "I19",
    "Every chain verifies: nothing was altered, removed or put in between",
    """SELECT concat_ws(' ', c.chain, 'block ' || v.height, 'row ' || v.row_id, v.problem)
         FROM seal_chain c CROSS JOIN LATERAL seal_verify(c.chain) v
       UNION ALL
       SELECT 'audit row ' || row_id || ' ' || problem FROM audit_personal_verify()""",
)
MONEY_IS_WHOLE = Invariant(
    "I25",
    "No column of money is anything but whole minor units",
    """SELECT table_name || '.' || column_name || ' is ' || data_type
         FROM information_schema.columns
        WHERE table_schema = 'public'
          AND (data_type = 'money'
            OR (column_name ~ '(_minor$|amount|price|balance|(^|_)(fee|net|gross|vat|total|cost)(_|$))'
                AND data_type IN ('real', 'double precision', 'numeric')))""",
)
INVARIANTS = (
    ENTRIES_BALANCE,
    CACHED_IS_SUMMED,
    CLOSING_IS_SUMMED,
    GUARDED_STAYS_ON_ITS_SIDE,
    HOLD_IS_WHAT_IS_LEFT,
    ENDED_ORDER_HOLDS_NOTHING,
    NO_MORE_BACK_THAN_CAME,
    LINES_ADD_UP,
    MONEY_MOVES_WITH_A_MOVE,
    EVENTS_APPLY_ONCE,
    CHAINS_VERIFY,
    MONEY_IS_WHOLE,
    DUE_IS_IN_TRANSIT,
    CONTESTED_IS_WITH_THE_BANK,
    DISPUTED_HAS_A_PROBLEM,
    REVIEW_FIGURES_ARE_SUMMED,
)


def check(session: Session, invariant: Invariant) -> Finding:
    """Asks the database. Raises sqlalchemy.exc.DBAPIError when the question can't be asked."""
    asked = sa.text(f"SELECT * FROM ({invariant.sql}) AS broken LIMIT {SHOWN}")  # noqa: S608  our own questions
    return Finding(invariant, tuple(session.scalars(asked)))


def check_all(session: Session) -> list[Finding]:
    """Every invariant, in the order of the list."""
    return [check(session, invariant) for invariant in INVARIANTS]
