"""The machines as they were designed, row by row: state, event, next state, who, and when it happens by itself.

`+7d` counts from entering the state, `+85d captured_at` from that column, `@accept_by` is the moment in that column.
Written down a second time on purpose: a table of moves is a promise to people and to the law; changing it takes two
changes that agree.
"""

from __future__ import annotations

TABLES = {
    "deletion_request": """
        waiting withdraw withdrawn buyer
        waiting refuse refused operator
        waiting carry_out completed operator|system @due_at
    """,
    "seller": """
        applied submit_kyc kyc_pending seller
        applied lapse rejected system +30d
        kyc_pending approve active operator
        kyc_pending reject rejected operator
        kyc_pending lapse rejected system +30d
        kyc_pending ask_for_more more_needed operator
        more_needed submit_kyc kyc_pending seller
        more_needed lapse rejected system +30d
        active restrict restricted operator|system
        restricted lift active operator|system
        active notice_terminate terminating operator
        restricted notice_terminate terminating operator
        terminating appeal_upheld active operator
        terminating take_effect closed system @effective_at
        active close closed seller
    """,
    "checkout": """
        draft submit awaiting_payment buyer
        draft lapse abandoned system @draft_until
        draft give_back abandoned buyer
        awaiting_payment payment_captured paid psp
        awaiting_payment payment_failed awaiting_payment psp
        awaiting_payment lapse expired system +15m
        awaiting_payment cancel abandoned buyer|psp
        awaiting_payment attempts_exhausted abandoned system
        expired late_capture refunded_late psp
        abandoned late_capture refunded_late psp
    """,
    "order": """
        pending_acceptance accept accepted seller
        pending_acceptance decline declined seller
        pending_acceptance cancel cancelled buyer|operator
        pending_acceptance lapse expired system @accept_by
        accepted start in_progress seller
        accepted cancel cancelled buyer|operator|seller
        accepted open_dispute disputed buyer|operator|seller
        accepted hold_limit cancelled system +75d captured_at
        in_progress deliver delivered seller
        in_progress cancel cancelled buyer|operator
        in_progress open_dispute disputed buyer|operator|seller
        in_progress hold_limit disputed system +75d captured_at
        delivered accept_delivery completed buyer
        delivered request_changes in_progress buyer
        delivered open_dispute disputed buyer|operator
        delivered hold_alarm disputed system
        delivered lapse completed system +14d
        disputed resolve_complete completed operator|system
        disputed resolve_cancel cancelled operator|system
        disputed lapse cancelled system +60d
        accepted hold_ran_out cancelled system
        in_progress hold_ran_out cancelled system
        delivered hold_ran_out cancelled system
        disputed hold_ran_out cancelled system
        pending_acceptance charged_back cancelled system
        accepted charged_back cancelled system
        in_progress charged_back cancelled system
        delivered charged_back cancelled system
        disputed charged_back cancelled system
        disputed withdrawn_to_delivered delivered buyer|operator
        disputed withdrawn_to_in_progress in_progress buyer|operator|seller
        disputed withdrawn_to_accepted accepted buyer|operator|seller
    """,
    "escrow": """
        pending captured held psp
        pending void voided system
        held release held system
        held refund held operator|system
        held release_rest settled system
        held refund_rest settled operator|system
        held freeze frozen system
        frozen unfreeze held system
        frozen split settled operator|system
        frozen charge_back settled system
        frozen charge_back_part frozen system
        held age_alarm frozen system +85d captured_at
        frozen age_limit settled system +89d captured_at
        frozen refund_rest_system settled system
    """,
    "refund": """
        requested approve approved operator
        requested auto_approve approved system
        requested reject rejected operator|system
        requested deadline rejected system +14d
        approved submit submitted system
        approved cancel cancelled operator
        submitted psp_succeeded succeeded psp
        submitted psp_failed failed psp
        submitted no_answer unknown system +24h
        unknown found submitted system
        failed found submitted system
        unknown not_found approved system
        failed retry approved operator
        failed to_wallet settled_manually buyer
        failed bank_transfer settled_manually operator
        approved charged_back settled_manually system
        approved charged_back_part approved system
        failed charged_back_part failed system
        failed charged_back settled_manually system
        succeeded psp_failed_late failed psp
    """,
    "dispute": """
        open respond under_review buyer|seller
        open no_answer under_review system +3d
        open take_up under_review operator
        open withdraw withdrawn buyer|operator|seller
        under_review withdraw withdrawn buyer|operator|seller
        awaiting_info withdraw withdrawn buyer|operator|seller
        proposed withdraw withdrawn buyer|operator|seller
        under_review request_info awaiting_info operator
        awaiting_info provide under_review buyer|seller
        awaiting_info no_info under_review system +5d
        under_review propose proposed operator
        under_review propose_by_rule proposed system +30d
        proposed agree proposed buyer|seller
        proposed accept_both decided_split system
        proposed reject under_review buyer|seller
        proposed no_agreement under_review system +7d
        under_review decide_refund decided_refund operator
        under_review decide_release decided_release operator
        under_review decide_split decided_split operator
        proposed decide_refund decided_refund operator
        proposed decide_release decided_release operator
        proposed decide_split decided_split operator
        open order_closed closed_by_order system
        under_review order_closed closed_by_order system
        awaiting_info order_closed closed_by_order system
        proposed order_closed closed_by_order system
    """,
    "chargeback": """
        needs_response submit_evidence under_review operator
        needs_response concede under_review operator
        needs_response no_evidence under_review system @evidence_due_at
        needs_response psp_review under_review psp
        needs_response psp_won won psp
        needs_response psp_lost lost psp
        needs_response inquiry_closed inquiry_closed psp
        under_review psp_asks needs_response psp
        under_review psp_won won psp
        under_review psp_lost lost psp
        under_review inquiry_closed inquiry_closed psp
    """,
    "quote": """
        requested offer offered seller
        requested decline declined seller
        requested withdraw withdrawn buyer
        requested lapse expired system +7d
        offered revise offered seller
        offered decline declined seller
        offered accept accepted buyer
        offered refuse refused buyer
        offered lapse expired system @valid_until
        accepted reopen offered system
    """,
    "question": """
        asked answer answered seller
        asked lapse closed system +30d
        asked hide hidden operator
        answered publish published seller
        answered hide hidden operator
        published take_down answered seller
        published report reported buyer|seller
        published hide hidden operator
        reported report reported buyer|seller
        reported dismiss published operator
        reported hide hidden operator
    """,
    "webhook_inbox": """
        received verify_failed rejected system
        received seen duplicate system
        received apply applied system
        received defer deferred system
        received give_up dead system
        deferred apply applied system
        deferred give_up dead system +3d
        dead apply applied system
        dead replay received operator
    """,
}
"""`hold_ran_out` ends an order whose hold reached the provider's limit, so that none outlives its hold. A checkout is
cancelled by the provider too: whoever cancels the payment there cancels it here. No chargeback is booked as lost before
the provider says so: a deadline without evidence, and a concession, wait for its word."""
ENDS = {
    "deletion_request": ("waiting", {"withdrawn", "refused", "completed"}, set()),
    "seller": ("applied", {"rejected", "closed"}, set()),
    "checkout": ("draft", {"paid", "expired", "abandoned", "refunded_late"}, {"expired", "abandoned"}),
    "order": ("pending_acceptance", {"completed", "cancelled", "declined", "expired"}, set()),
    "escrow": ("pending", {"settled", "voided"}, set()),
    "refund": ("requested", {"succeeded", "rejected", "cancelled", "settled_manually"}, {"succeeded"}),
    "dispute": (
        "open",
        {"decided_refund", "decided_release", "decided_split", "withdrawn", "closed_by_order"},
        set(),
    ),
    "chargeback": ("needs_response", {"won", "lost", "inquiry_closed"}, set()),
    "quote": ("requested", {"accepted", "declined", "withdrawn", "refused", "expired"}, {"accepted"}),
    "question": ("asked", {"answered", "published", "closed", "hidden"}, {"answered", "published"}),
    "webhook_inbox": ("received", {"applied", "duplicate", "rejected"}, set()),
}
"""First state, states without a way on, and those of them that late news may undo."""
