"""The same picture of the product's database and of the oracle, to be laid side by side."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.commerce.market.shop import Shop
from tests.oracle.world import Sale, World

NOUNS = ("checkout", "order", "escrow", "refund", "dispute", "chargeback")
SHARED = {
    "psp:simulator:clearing": "psp",
    "revenue:commission": "commission",
    "revenue:service_fee": "service_fee",
    "tax:vat_output": "vat",
    "expense:psp_fees": "psp_fees",
    "expense:dispute_fees": "dispute_fees",
    "expense:chargeback_loss": "loss",
    "bank:client_money": "bank",
}
JOBS = ("commerce.refund.submit", "commerce.payment.void", "commerce.chargeback.submit_evidence",
        "commerce.chargeback.concede")  # fmt: skip
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LOOK = f"""
select json_build_object(
 'sales', (select json_agg(x order by x.id) from (select c.id, c.state as checkout, c.attempts, y.id as payment,
    y.captured_at is not null as captured, o.id as order, o.state, o.change_rounds, e.id as escrow, e.state as hold,
    e.released_minor, e.refunded_minor, e.charged_back_minor
    from checkout c join payment y on y.checkout_id = c.id left join sales_order o on o.checkout_id = c.id
    left join escrow e on e.order_id = o.id) x),
 'refunds', (select json_agg(x order by x.id) from (select r.id, payment_id, state, amount_minor, cause,
    fee_net_minor, fee_vat_minor, attempts, provider_refund_id from refund r) x),
 'disputes', (select json_agg(x order by x.id) from (select id, order_id, state, opened_by, opened_from, two_people,
    proposals, proposed_minor from dispute) x),
 'chargebacks', (select json_agg(x order by x.id) from (select id, payment_id, provider_dispute_id, state,
    amount_minor, withdrawn_at is not null as taken from chargeback) x),
 'accounts', (select json_agg(x) from (select a.code, sum(p.amount) as total from posting p
    join account a on a.id = p.account_id group by a.code) x where total <> 0),
 'timers', (select json_agg(x) from (select machine, subject_id, event, extract(epoch from due_at) as due from timer
    where state = 'waiting' and machine in {NOUNS}) x),
 'jobs', (select json_agg(x order by x.id) from (select id, job, key, payload from outbox_message
    where done_at is null and job in {JOBS}) x))"""


@dataclass
class Picture:
    """`names` says what the oracle calls a row; `rows` the other way round; `jobs` are messages that wait, by key."""

    raw: dict[str, list[dict[str, Any]]]
    names: dict[str, str] = field(default_factory=dict)
    rows: dict[str, str] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)


def of_product(shop: Shop) -> Picture:
    raw = {key: rows or [] for key, rows in shop.ask(_LOOK)[0][0].items()}
    picture = Picture(raw)
    for i, actor in enumerate(shop.cast.sellers):
        picture.names[str(actor.organisation_id)] = str(i)
    sales = [_sale(picture, number, row) for number, row in enumerate(raw["sales"])]
    picture.facts |= {f"sale {number}": facts for number, facts in enumerate(sales)}
    picture.facts["accounts"] = {
        SHARED.get(one["code"], _renamed(picture, one["code"]).removesuffix(":in_transit")): one["total"]
        for one in raw["accounts"]
    }
    picture.facts["timers"] = {
        f"{one['machine']} {picture.names[one['subject_id']]} {one['event']}": int(one["due"]) for one in raw["timers"]
    }
    picture.jobs = {_renamed(picture, one["key"]): one for one in raw["jobs"]}
    picture.facts["jobs"] = sorted(picture.jobs)
    picture.rows = {f"{len(key)} {name}": key for key, name in picture.names.items()}
    return picture


def _renamed(picture: Picture, text: str) -> str:
    return _UUID.sub(lambda found: picture.names[found.group()], text)


def _sale(picture: Picture, number: int, row: dict[str, Any]) -> dict[str, Any]:
    name, raw = picture.names, picture.raw
    for column in ("id", "payment", "order", "escrow"):
        if row[column]:
            name[row[column]] = str(number)
    refunds = [one for one in raw["refunds"] if one["payment_id"] == row["payment"]]
    disputes = [one for one in raw["disputes"] if one["order_id"] == row["order"] and row["order"]]
    cases = [one for one in raw["chargebacks"] if one["payment_id"] == row["payment"]]
    for several in (refunds, disputes):
        name |= {one["id"]: f"{number}:{i}" for i, one in enumerate(several)}
    name |= {one["id"]: one["provider_dispute_id"] for one in cases}
    row |= {"refunds": refunds, "disputes": disputes, "cases": cases}
    return {
        "checkout": (row["checkout"], row["attempts"], row["captured"]),
        "order": (row["state"], row["change_rounds"] or 0),
        "hold": (row["hold"], row["released_minor"] or 0, row["refunded_minor"] or 0, row["charged_back_minor"] or 0),
        "refunds": [
            (r["state"], r["amount_minor"], r["cause"], (r["fee_net_minor"], r["fee_vat_minor"]), r["attempts"],
             r["provider_refund_id"]) for r in refunds
        ],
        "disputes": [
            (d["state"], d["opened_by"], d["opened_from"], d["two_people"], d["proposals"], d["proposed_minor"])
            for d in disputes
        ],
        "chargebacks": [(c["state"], c["provider_dispute_id"], c["amount_minor"], c["taken"]) for c in cases],
    }  # fmt: skip


def of_oracle(world: World) -> dict[str, Any]:
    facts: dict[str, Any] = {f"sale {sale.number}": _told(sale) for sale in world.sales}
    facts["accounts"] = world.balances()
    facts["timers"] = {
        f"{one.noun} {_subject(world, one.noun, one.sale, one.place)} {one.event}": _stamp(due)
        for one, due in world.timers.items()
    }
    facts["jobs"] = sorted(key for key, done in world.asked.items() if not done)
    return facts


def _stamp(moment: datetime) -> int:
    return int(moment.timestamp())


def _subject(world: World, noun: str, number: int, place: int) -> str:
    if noun == "chargeback":
        return world.sales[number].cases[place].name
    return f"{number}:{place}" if noun in {"refund", "dispute"} else str(number)


def _told(sale: Sale) -> dict[str, Any]:
    return {
        "checkout": (sale.checkout.state, sale.attempts, sale.captured is not None),
        "order": (sale.order.state if sale.order else None, sale.rounds),
        "hold": (sale.hold.state if sale.hold else None, sale.released, sale.refunded, sale.charged),
        "refunds": [(r.state, r.amount, r.cause, r.fee, r.attempts, r.known_as) for r in sale.refunds],
        "disputes": [
            (d.state, d.opened_by, d.opened_from, d.two_people, d.proposals, d.proposed) for d in sale.problems
        ],
        "chargebacks": [(c.state, c.name, c.amount, c.taken) for c in sale.cases],
    }


def differences(product: dict[str, Any], oracle: dict[str, Any]) -> str:
    """Empty when the two agree."""
    lines = []
    for key in sorted(product.keys() | oracle.keys()):
        ours, theirs = product.get(key), oracle.get(key)
        if ours != theirs and isinstance(ours, dict) and isinstance(theirs, dict):
            for one in sorted(ours.keys() | theirs.keys()):
                if ours.get(one) != theirs.get(one):
                    lines.append(f"{key}, {one}: product {ours.get(one)}, oracle {theirs.get(one)}")  # noqa: PERF401
        elif ours != theirs:
            lines.append(f"{key}: product {ours}, oracle {theirs}")
    return "\n".join(lines)
