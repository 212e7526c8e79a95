"""A refund for a reason that staff give has somebody who asked for it and, once it is approved, somebody who approved.

Rows that the clock approved before are history: the check is not asked of them.
"""

from __future__ import annotations

from alembic import op

revision = "0028"
down_revision = "0027"

CHECK = "ck_refund_asked_and_approved_by_people"
RULE = """cause NOT IN ('goodwill', 'not_as_described', 'other', 'overcharged') OR requested_by_user_id IS NOT NULL
 AND (state IN ('requested', 'rejected') OR approved_by_user_id IS NOT NULL)"""


def upgrade() -> None:
    op.execute(f"ALTER TABLE refund ADD CONSTRAINT {CHECK} CHECK ({RULE}) NOT VALID")


def downgrade() -> None:
    op.drop_constraint(op.f(CHECK), "refund", type_="check")
