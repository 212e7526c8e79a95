"""An order's life: who may do what when, and where the money goes."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from tests.oracle import dispute, hold
from tests.oracle.arithmetic import rounded, share
from tests.oracle.world import DAYS, No, Sale, Thing, Who, World, require

LONDON = ZoneInfo("Europe/London")
TWO_PEOPLE_ABOVE = 500_00


def pay(world: World, sale: Sale) -> None:
    """The provider took the money: an order, or money that came too late and goes straight back. Once."""
    if sale.captured is not None:
        return
    sale.captured = world.now
    if sale.checkout.state == "awaiting_payment":
        world.become(sale, "checkout", sale.checkout, "paid")
        world.post(**{f"escrow:{sale.number}": -sale.gross}, psp=sale.total, service_fee=-sale.fee[0], vat=-sale.fee[1])
        starts, ends = sale.visit
        first = min(world.now + 6 * DAYS, starts - DAYS, ends)
        sale.accept_by = max(first, min(world.now + timedelta(hours=1), ends))
        sale.order, sale.hold = Thing("pending_acceptance", world.now), Thing("held", world.now)
        world.rearm(sale, "order", sale.order)
        world.rearm(sale, "escrow", sale.hold)
    else:
        world.become(sale, "checkout", sale.checkout, "refunded_late")
        hold.new_refund(world, sale, sale.total, "late_capture", (0, 0))
        world.post(**{f"refund:{sale.number}:0": -sale.total}, psp=sale.total)
    world.post(psp_fees=sale.psp_fee, psp=-sale.psp_fee)


def declined(world: World, sale: Sale) -> None:
    """One attempt to pay failed; the fifth is the last."""
    if sale.checkout.state != "awaiting_payment":
        return
    sale.attempts += 1
    if sale.attempts >= 5:
        abandoned(world, sale)


def abandoned(world: World, sale: Sale, state: str = "abandoned") -> None:
    """Nobody waits for the money any more: the provider is asked to let go of the payment."""
    world.become(sale, "checkout", sale.checkout, state)
    if sale.captured is None:
        world.ask(f"payment.void:{sale.number}")


def period_ends(sale: Sale) -> datetime:
    """The fourteen days to cancel end with the fourteenth local day after the contract."""
    since = sale.accepted or sale.captured
    assert since is not None
    last = since.astimezone(LONDON).date() + timedelta(days=15)
    return datetime.combine(last, time(), tzinfo=LONDON).astimezone(UTC)


def may_withdraw(world: World, sale: Sale) -> bool:
    return sale.consumer and world.now < period_ends(sale)


def _in(sale: Sale, *states: str) -> Thing:
    require(sale.order and sale.order.state in states, f"the order is not {' or '.join(states)}")
    assert sale.order is not None
    return sale.order


def _quiet(sale: Sale) -> None:
    require(not sale.contested, "the bank has the money")


def accept(world: World, sale: Sale) -> None:
    order = _in(sale, "pending_acceptance")
    _quiet(sale)
    require(sale.accept_by and world.now < sale.accept_by, "too late to accept")
    sale.accepted = world.now
    world.become(sale, "order", order, "accepted")


def decline(world: World, sale: Sale) -> None:
    order = _in(sale, "pending_acceptance")
    _quiet(sale)
    world.become(sale, "order", order, "declined")
    hold.all_back(world, sale, "declined")


def start(world: World, sale: Sale) -> None:
    order = _in(sale, "accepted")
    _quiet(sale)
    require(sale.express or not may_withdraw(world, sale), "the customer can still cancel")
    world.become(sale, "order", order, "in_progress")
    sale.started = sale.started or world.now


def deliver(world: World, sale: Sale, photos: int) -> None:
    order = _in(sale, "in_progress")
    require(photos, "nothing shows the work")
    world.become(sale, "order", order, "delivered")


def request_changes(world: World, sale: Sale) -> None:
    order = _in(sale, "delivered")
    require(sale.rounds < 3, "three rounds were used")
    sale.rounds += 1
    world.become(sale, "order", order, "in_progress")


def accept_delivery(world: World, sale: Sale) -> None:
    order = _in(sale, "delivered")
    _quiet(sale)
    world.become(sale, "order", order, "completed")
    complete(world, sale)


def complete(world: World, sale: Sale) -> None:
    """All that is held goes to the seller; what was asked for before is still to be decided."""
    hold.release_rest(world, sale)


def terms(world: World, sale: Sale, who: Who, done_bps: int | None) -> tuple[int, bool, str]:
    """What goes back of the price when `who` cancels now, whether the buyer fee does too, and the cause."""
    state = sale.order.state if sale.order else ""
    if state == "pending_acceptance" and who.kind == "buyer":
        return sale.held, True, "cancelled_before_acceptance"
    if state == "pending_acceptance" and who.kind == "operator":
        return sale.held, True, "cancelled_by_staff"
    if state == "accepted" and who.kind != "buyer":
        return sale.held, True, "cancelled_by_seller" if who.kind == "seller" else "cancelled_by_staff"
    if state == "accepted":
        return _before_the_work(world, sale)
    if state == "in_progress" and who.kind == "operator":
        require(done_bps is not None and 0 <= done_bps <= 10_000, "how much is done?")
        assert done_bps is not None
        require(sale.held <= TWO_PEOPLE_ABOVE, "two people decide so much")
        return share(sale.held, 10_000 - done_bps), not done_bps, "cancelled_by_staff"
    if state == "in_progress" and who.kind == "buyer":
        require(world.now < sale.visit[1], "the visit is over")
        begun = max(sale.visit[0], sale.started or sale.visit[0])
        whole, gone = (int((end - begun).total_seconds()) for end in (sale.visit[1], world.now))
        bps = 10_000 - rounded(Fraction(max(gone, 0) * 10_000, whole)) if whole > 0 else 0
        return share(sale.held, bps), False, "cancelled_by_buyer"
    raise No("this party cannot cancel now")


def _before_the_work(world: World, sale: Sale) -> tuple[int, bool, str]:
    left = sale.visit[0] - world.now
    require(left > timedelta(), "the visit should have begun")
    if may_withdraw(world, sale):
        return sale.held, True, "withdrawal"
    if sale.ladder is None:
        return sale.held, False, "cancelled_by_buyer"
    steps = [bps for hours, bps in sorted(sale.ladder, reverse=True) if left >= timedelta(hours=hours)]
    return share(sale.held, steps[0] if steps else 0), False, "cancelled_by_buyer"


def cancel(world: World, sale: Sale, who: Who, done_bps: int | None = None) -> None:
    back, with_fee, cause = terms(world, sale, who, done_bps)
    _quiet(sale)
    assert sale.order is not None
    world.become(sale, "order", sale.order, "cancelled")
    hold.divide(world, sale, back, cause, sale.fee_left if with_fee else (0, 0))


def late(sale: Sale, world: World) -> bool:
    """A bank gave the money back less than fourteen days ago: people come before the clock."""
    return any(one.state == "won" and one.entered > world.now - 14 * DAYS for one in sale.cases)


def lapse(world: World, sale: Sale) -> None:
    """Nobody accepted, nobody objected, nobody decided."""
    order = _in(sale, "pending_acceptance", "delivered", "disputed")
    _quiet(sale)
    require(order.state != "disputed" or not late(sale, world), "people decide first")
    if order.state == "delivered":
        world.become(sale, "order", order, "completed")
        complete(world, sale)
        return
    before = order.state
    world.become(sale, "order", order, "expired" if before == "pending_acceptance" else "cancelled")
    dispute.close_with_order(world, sale)
    hold.all_back(world, sale, "lapsed" if before == "pending_acceptance" else "hold_limit")


def hold_limit(world: World, sale: Sale) -> None:
    """75 days after payment."""
    order = _in(sale, "accepted", "in_progress")
    _quiet(sale)
    require(order.state != "accepted" or not late(sale, world), "people decide first")
    if order.state == "accepted":
        world.become(sale, "order", order, "cancelled")
        hold.all_back(world, sale, "hold_limit")
    else:
        world.become(sale, "order", order, "disputed")
        dispute.begin(world, sale, "system", "in_progress")


def age_alarm(world: World, sale: Sale) -> None:
    """85 days after payment; what is delivered and would be silently accepted after day 89 must be decided."""
    hold.freeze(world, sale)
    dispute.open_when_late(world, sale)


def age_limit(world: World, sale: Sale) -> None:
    """89 days after payment: the provider keeps money no longer than 90."""
    order = _in(sale, "accepted", "in_progress", "delivered", "disputed")
    if order.state == "delivered" and world.now >= order.entered + 14 * DAYS:
        lapse(world, sale)  # nobody objected in time
        return
    _quiet(sale)
    require(not late(sale, world), "people decide first")
    world.become(sale, "order", order, "cancelled")
    dispute.close_with_order(world, sale)
    hold.all_back(world, sale, "hold_limit")
