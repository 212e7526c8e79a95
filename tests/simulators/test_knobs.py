"""Trouble for one call only, and the promise that every knob is shown with its meaning."""

from __future__ import annotations

import time

import httpx

from app.simulators.payments.knobs import KNOBS
from tests.databases import ROOT
from tests.simulators.provider import KEY, Provider

ASK = {"amount": "500", "currency": "gbp"}


def ask(provider: Provider, wish: str, key: str = "", path: str = "payment_intents") -> httpx.Response:
    headers = {"Authorization": f"Bearer {KEY}", "Simulate": wish} | ({"Idempotency-Key": key} if key else {})
    fields = ASK if path == "payment_intents" else {}
    return httpx.post(f"{provider.url}/v1/{path}", data=fields, headers=headers, timeout=30)


def made(provider: Provider) -> int:
    return len(provider.document("payment_intents")["data"])


def test_one_call_is_refused_with_500_twice_and_then_done(provider: Provider) -> None:
    answers = [ask(provider, "error_before=2", "k").status_code for _ in range(3)]
    assert answers == [500, 500, 200]
    assert made(provider) == 1
    assert ask(provider, "").status_code == 200


def test_one_call_is_done_and_answered_500_and_stays_so_under_its_key(provider: Provider) -> None:
    assert [ask(provider, "error_after", "k").status_code for _ in range(2)] == [500, 500]
    assert made(provider) == 1


def test_one_call_in_its_metadata_asks_for_an_answer_that_never_comes(provider: Provider) -> None:
    wish = {"metadata[simulate]": "timeout_after, timeout_s=2"}
    began = time.monotonic()
    answer = provider.call("payment_intents", "k", **ASK, **wish)
    assert time.monotonic() - began >= 2
    assert provider.call("payment_intents", "k", **ASK, **wish).json() == answer.json()
    assert made(provider) == 1


def test_one_call_is_told_to_slow_down(provider: Provider) -> None:
    assert [ask(provider, "rate_limit", "k").status_code for _ in range(2)] == [429, 200]


def test_calls_that_take_no_metadata_are_troubled_by_a_header(provider: Provider) -> None:
    intent = provider.opened()
    assert ask(provider, "error_after", "c", path=f"payment_intents/{intent}/cancel").status_code == 500
    assert provider.document(f"payment_intents/{intent}")["status"] == "canceled"


def test_a_key_is_forgotten_after_a_day_and_not_before(provider: Provider) -> None:
    first = ask(provider, "", "k").json()["id"]
    provider.advance(86_000)
    assert ask(provider, "", "k").json()["id"] == first
    provider.advance(500)
    assert ask(provider, "", "k").json()["id"] != first


def test_a_run_that_was_never_clean_is_reset_by_one_call(provider: Provider) -> None:
    provider.knobs(**{knob.name: 7 for knob in KNOBS})
    provider.reset()
    assert httpx.get(f"{provider.url}/_knobs").json()["knobs"] == {knob.name: knob.default for knob in KNOBS}


def test_every_knob_is_on_the_page_with_its_meaning(provider: Provider) -> None:
    page = httpx.get(provider.url).text.replace("&#39;", "'")
    assert [knob.name for knob in KNOBS if f"<code>{knob.name}</code>" not in page or knob.meaning not in page] == []


def test_the_readme_lists_every_knob() -> None:
    table = (ROOT / "README.md").read_text(encoding="utf-8").partition("## A payment provider")[2].partition("\n## ")[0]
    assert [knob.name for knob in KNOBS if f"`{knob.name}`" not in table] == []
