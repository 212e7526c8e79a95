"""The provider's word may come eight times, late, early or never: it makes one order."""

from __future__ import annotations

from tests.factories import commerce
from tests.faults.browser import Browser, Paying
from tests.faults.town import Town

ORDER = "select o.id, o.reference from sales_order o where o.checkout_id = %s"
INBOX = "select original, state from webhook_inbox where event_type = 'payment_intent.succeeded' and object_id = %s"


def books_show_one_order(town: Town, paying: Paying) -> str:
    """Its reference, once captured, posted and paid for exactly once."""
    town.until_counted(1, ORDER, paying.checkout_id)
    ((order_id, reference),) = town.ask(ORDER, paying.checkout_id)
    payment_id = town.one("select id from payment where checkout_id = %s", paying.checkout_id)
    town.until(lambda: town.ask("select 1 from payment where id = %s and fee_minor = 460", payment_id))
    events = "select event from journal_entry where subject in (%s, %s) order by event"
    assert town.ask(events, f"order:{order_id}", f"payment:{payment_id}") == [("order.captured",), ("psp.fee",)]
    assert town.ask("select captured_minor, state from escrow where order_id = %s", order_id) == [(28_800, "held")]
    return str(reference)


def test_one_webhook_eight_times_at_once_is_one_capture_one_order_one_posting(
    town: Town, buyer: Browser, story: commerce.Story
) -> None:
    town.knobs(hook_copies=8)
    paying = buyer.to_payment(story.listing.slug)
    paying.pay()
    town.until_counted(8, INBOX, paying.intent_id)
    books_show_one_order(town, paying)
    town.until(lambda: {state for _, state in town.ask(INBOX, paying.intent_id)} == {"applied", "duplicate"})
    assert [original for original, _ in town.ask(INBOX, paying.intent_id)].count(True) == 1


def test_a_webhook_before_the_browsers_return_leads_the_browser_to_the_order(
    town: Town, buyer: Browser, story: commerce.Story
) -> None:
    paying = buyer.to_payment(story.listing.slug)
    back = paying.pay().headers["Location"]
    reference = books_show_one_order(town, paying)
    buyer.go(back)
    assert buyer.at.url.path == f"/orders/{reference}"


def test_a_browser_that_returns_before_the_webhook_waits_and_then_sees_the_order(
    town: Town, buyer: Browser, story: commerce.Story
) -> None:
    town.knobs(hook_delay_s=2)
    paying = buyer.to_payment(story.listing.slug)
    page = buyer.go(paying.pay().headers["Location"])
    assert "Waiting for your bank" in page.findtext(".//h1")
    assert page.xpath("//*[@data-poll]"), "the page looks again by itself"
    assert page.xpath("//noscript/meta[@http-equiv='refresh']"), "also without a script"
    town.until(lambda: "/orders/" in str(buyer.client.get(paying.return_page).url))
    books_show_one_order(town, paying)


def test_a_webhook_that_never_comes_is_made_up_for_by_asking(town: Town, buyer: Browser, story: commerce.Story) -> None:
    town.knobs(hook_lost=1)
    paying = buyer.to_payment(story.listing.slug)
    paying.pay()
    # the sweep leaves the first minute to the webhook, and runs every minute: both are over now
    town.ask("update payment set created_at = created_at - interval '61 s' where checkout_id = %s", paying.checkout_id)
    town.sweep()
    books_show_one_order(town, paying)
    assert town.ask(INBOX, paying.intent_id) == []


def test_messages_in_any_order_come_out_the_same(town: Town, buyer: Browser, story: commerce.Story) -> None:
    town.knobs(hook_reorder=2, hook_copies=2)
    paying = buyer.to_payment(story.listing.slug)
    paying.pay()
    books_show_one_order(town, paying)
