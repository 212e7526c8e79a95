"""The contract: complete, accessible, the same bytes every time, and unimpressed by hostile text."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from reports.commerce import contract
from reports.commerce.facts import Consent, Rung
from reports.errors import PaperRefused
from tests.factories.paper import BUYER, LADDER, LISTING, ORDERED, SELLER, VISIT, WORK, contract_facts, text
from tests.reports.conftest import fonts, plain, structure

HOSTILE = (
    '<script>alert(1)</script><img src="http://203.0.113.9/x"><link rel=stylesheet href="file:///etc/passwd">{{7*7}}'
)


@pytest.fixture(scope="module")
def pdf() -> bytes:
    return contract.render(contract_facts())


def test_everything_that_was_agreed_is_on_the_paper(pdf: bytes) -> None:
    words = plain(pdf)
    for fact in (
        *("FX-2026-000123", "C-2026-000123", "1 July 2026, 11:30:12 BST", "Amira Hassan", "Brightwire Electrical Ltd"),
        *("GB 999 9999 73", "09999999", "£240.00", "£48.00", "20 %", "£288.00", "£5.00", "£293.00", "Key safe left"),
        *("Tuesday 7 July 2026, 09:00 to 12:30 BST", "Time zone Europe/London", "15 July 2026, 09:30:12 BST"),
        *("Ticked at checkout", "Version 1.0.0", "Your right to cancel", "Model cancellation form", "Part P"),
        "The visit begins within that time, so the cancellation policy “Standard” of the listing does not come to it.",
        *(text().sha256.hex(), "Page 1 of"),
    ):
        assert fact.replace("\N{NO-BREAK SPACE}", " ") in words.replace("\N{NO-BREAK SPACE}", " "), fact


def test_consumers_do_not_read_the_internal_word_or_the_commission(pdf: bytes) -> None:
    assert "escrow" not in plain(pdf).lower()
    assert "commission" not in plain(pdf).lower()


def test_it_says_of_itself_what_accessible_pdf_needs(pdf: bytes) -> None:
    with pikepdf.open(BytesIO(pdf)) as document:
        assert document.Root.MarkInfo.Marked
        assert document.Root.Lang == "en-GB"
        assert document.Root.ViewerPreferences.DisplayDocTitle
        with document.open_metadata() as metadata:
            assert metadata["pdfuaid:part"] == "1"
            assert metadata["dc:title"] == "Contract C-2026-000123"
            assert metadata["xmp:CreateDate"] == "2026-07-01T10:30:12Z"


def test_headings_descend_without_gaps_and_lists_and_tables_are_tagged(pdf: bytes) -> None:
    tags = [tag for tag, _ in structure(pdf)]
    assert tags.count("/H1") == 1
    assert {"/H2", "/H3", "/P", "/Table", "/Caption"} <= set(tags)
    assert not {"/H4", "/H5", "/H6", "/Figure"} & set(tags)


def test_every_figure_in_a_table_names_its_headers(pdf: bytes) -> None:
    headers = {facts["ID"] for tag, facts in structure(pdf) if tag == "/TH"}
    cells = [facts["Headers"] for tag, facts in structure(pdf) if tag == "/TD"]
    assert cells
    assert all(names and names <= headers for names in cells)


def test_only_our_own_font_is_used_and_it_is_in_the_file(pdf: bytes) -> None:
    assert fonts(pdf) == {("Paper", True), ("Paper-Semi-Bold", True)}


def test_every_process_makes_the_same_bytes(pdf: bytes) -> None:
    program = (
        "import hashlib; from reports.commerce import contract; from tests.factories.paper import contract_facts;"
        "print(hashlib.sha256(contract.render(contract_facts())).hexdigest())"
    )
    surroundings = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "LC_ALL": "C", "HOME": "/nonexistent"}
    other = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        check=True,
        text=True,
        env=surroundings,
        cwd=Path(__file__).parents[2],
    )
    assert other.stdout.strip() == hashlib.sha256(pdf).hexdigest()


def test_another_fact_makes_another_file_with_another_identifier(pdf: bytes) -> None:
    other = contract.render(contract_facts(document_number="C-2026-000124"))
    ids = [pikepdf.open(BytesIO(one)).trailer.ID[0] for one in (pdf, other)]
    assert bytes(ids[0]) != bytes(ids[1])


def test_markup_typed_by_people_is_printed_and_not_obeyed() -> None:
    facts = contract_facts(
        buyer=replace(BUYER, name=HOSTILE, address=(HOSTILE,)),
        listing=replace(LISTING, title=HOSTILE, description=HOSTILE, facets=((HOSTILE, HOSTILE),)),
        visit=replace(VISIT, access_notes=HOSTILE, address=(HOSTILE,)),
        lines=(replace(WORK, description=HOSTILE),),
        terms=(text(title=HOSTILE, body=f"## {HOSTILE}\n\n**{HOSTILE}**\n\n- {HOSTILE}"),),
    )
    page = contract.html(facts)
    assert "<script" not in page
    assert page.count("<img") == 0
    assert page.count("<link") == 0
    assert "49" not in page.partition("</head>")[0]
    assert "<script>alert(1)</script>" in plain(contract.render(facts))


def test_sixty_line_addresses_and_long_texts_flow_over_pages() -> None:
    long = "Taking out, fitting, testing and writing down what was done. " * 120
    facts = contract_facts(
        buyer=replace(BUYER, address=tuple(f"Address line {number}" for number in range(1, 61))),
        visit=replace(VISIT, access_notes="x" * 1500),
        listing=replace(LISTING, description=long, title="Unbreakable" * 40),
        lines=tuple(replace(WORK, description=f"Position {number}") for number in range(40)),
    )
    pdf = contract.render(facts)
    words, pages = plain(pdf), PdfReader(BytesIO(pdf)).pages
    assert "Address line 1 " in words
    assert "Address line 60" in words
    assert "Position 39" in words
    assert f"Page {len(pages)} of {len(pages)}" in words
    assert fonts(pdf) == {("Paper", True), ("Paper-Semi-Bold", True)}


def test_nothing_is_drawn_outside_the_page() -> None:
    facts = contract_facts(
        buyer=replace(BUYER, name="W" * 400, email="w" * 300 + "@example.org"),
        listing=replace(LISTING, title="M" * 400, facets=(("M" * 200, "W" * 200),)),
        lines=(replace(WORK, description="W" * 300, unit="M" * 60, net=10**13, vat=2 * 10**12),),
    )
    edges = []
    for page in PdfReader(BytesIO(contract.render(facts))).pages:
        page.extract_text(visitor_text=lambda _text, cm, tm, *_: edges.append(tm[4] * cm[0] + cm[4]))
    assert max(edges) < 595


def test_letters_that_the_font_lacks_are_written_as_their_code_and_direction_marks_are_dropped() -> None:
    facts = contract_facts(
        buyer=replace(BUYER, name="مرحبا \N{RIGHT-TO-LEFT OVERRIDE}trap"),
        seller=replace(SELLER, name="Ångström Živković Ελένη Борис Nguyễn \N{GREEK SMALL LETTER ALPHA WITH TONOS}"),
    )
    pdf = contract.render(facts)
    words = plain(pdf)
    assert "[U+0645][U+0631][U+062D][U+0628][U+0627]trap" in words.replace(" ", "")
    assert "Ångström Živković Ελένη Борис Nguyễn ά" in words
    assert fonts(pdf) == {("Paper", True), ("Paper-Semi-Bold", True)}


@settings(max_examples=60, deadline=None)
@given(typed=st.text(max_size=200))
def test_whatever_is_typed_the_page_keeps_its_tags(typed: str) -> None:
    def tags(page: str) -> list[str]:
        return [part.partition(">")[0] for part in page.split("<")[1:] if not part.startswith("br>")]

    calm = contract_facts(
        visit=replace(VISIT, access_notes="x"), listing=replace(LISTING, title="x", facets=(("x", "x"),))
    )
    wild = contract_facts(
        visit=replace(VISIT, access_notes=typed or "x"),
        listing=replace(LISTING, title=typed, facets=((typed, typed),)),
    )
    assert tags(contract.html(wild)) == tags(contract.html(calm))


def test_a_text_that_was_ticked_is_printed_in_full_and_each_text_once() -> None:
    wish = text("express-start-consent", "Request to start", "I ask the provider to begin the work.")
    given = (Consent(text=wish, how="Ticked", at=ORDERED), Consent(text=text(), how="Accepted", at=ORDERED))
    page = contract.html(contract_facts(consents=given))
    assert page.count("I ask the provider to begin the work.") == 1
    assert page.count("<h2>Order terms in short</h2>") == 1


def test_a_business_buyer_gets_no_cancellation_pages() -> None:
    facts = contract_facts(
        buyer=replace(BUYER, trader=True), cancellation=None, cancellation_form=None, cancel_before=None
    )
    page = contract.html(facts)
    assert "ight to cancel" not in page
    assert "From the acceptance on</strong> the cancellation policy “Standard”" in page


def test_what_comes_back_is_printed_as_far_as_the_right_to_cancel_has_not_covered_it() -> None:
    day_before = VISIT.starts_at - timedelta(hours=30)
    words = plain(contract.render(contract_facts(cancel_before=day_before)))
    assert "Until 6 July 2026, 09:00:12 BST £144.00" in words
    assert "Until the visit begins, 7 July 2026, 09:00:12 BST £0.00" in words
    assert "Until 5 July 2026" not in words


def test_a_ladder_without_steps_or_that_goes_back_in_time_is_none() -> None:
    for rungs in ((), LADDER.rungs[::-1]):
        with pytest.raises(PaperRefused):
            replace(LADDER, rungs=rungs)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"lines": ()}, "priced line"),
        ({"accepted_at": ORDERED - timedelta(seconds=1)}, "before it was placed"),
        ({"cancel_before": None}, "right to cancel"),
        ({"ladder": replace(LADDER, rungs=(Rung(until=VISIT.starts_at, back=28801),))}, "than the work costs"),
    ],
)
def test_facts_that_contradict_themselves_make_no_contract(change: dict[str, object], reason: str) -> None:
    with pytest.raises(PaperRefused, match=reason):
        contract_facts(**change)


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        contract.html(
            contract_facts(accepted_at=(ORDERED + timedelta(hours=2)), cancel_before=ORDERED.replace(tzinfo=None))
        )
