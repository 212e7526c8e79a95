"""The press and its small parts: limits, isolation, and how figures are written."""

from __future__ import annotations

import logging
import os
import sys
from datetime import UTC, datetime

import pytest
from jinja2 import UndefinedError
from jinja2.exceptions import SecurityError

from reports.errors import PaperRefused, PaperUnavailable
from reports.layout import template
from reports.layout.formats import instant, money, percent, window
from reports.layout.letters import composed, legible
from reports.layout.press import press
from reports.layout.prose import lines, prose

NOW = datetime(2026, 7, 1, 8, 30, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "tag",
    [
        '<img src="http://203.0.113.9/x.png" alt="x">',
        '<img src="file:///etc/passwd" alt="x">',
        '<img src="data:image/svg+xml,%3Csvg/%3E" alt="x">',
        '<link rel="stylesheet" href="https://203.0.113.9/x.css">',
        '<style>@import "file:///etc/hostname";</style>',
        '<style>body { background: url("ftp://203.0.113.9/x") }</style>',
        '<link rel="attachment" href="file:///etc/passwd">',
        '<img src="paper:../../config.py" alt="x">',
    ],
)
def test_a_document_that_reaches_outside_is_not_made(tag: str) -> None:
    with pytest.raises(PaperRefused, match="from outside"):
        press(f"<html lang=en><title>x</title>{tag}<p>x", issued_at=NOW)


def test_a_document_that_is_too_long_is_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PaperRefused, match="too long"):
        press("x" * 2_000_001, issued_at=NOW)
    monkeypatch.setattr("reports.layout.engine._MOST_PAGES", 3)
    with pytest.raises(PaperRefused, match="longer than 3 pages"):
        press("<html lang=en><title>x</title>" + "<p style='break-before:page'>x" * 5, issued_at=NOW)


def test_without_pango_there_is_one_clear_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "reports.layout.engine", raising=False)
    for name in [name for name in sys.modules if name.partition(".")[0] == "weasyprint"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr("cffi.FFI.dlopen", _missing)
    with pytest.raises(PaperUnavailable, match="install the Pango library"):
        press("<p>x", issued_at=NOW)


def _missing(*_args: object) -> None:
    raise OSError("cannot load library 'libpango-1.0-0': cannot open shared object file")


def test_a_document_leaves_no_chatter_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        press("<html lang=en><title>x</title><p>x", issued_at=NOW)
    assert caplog.records == []


def test_the_surroundings_of_the_process_are_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "5")
    monkeypatch.delenv("FONTCONFIG_FILE", raising=False)
    press("<html lang=en><title>x</title><p>x", issued_at=NOW)
    assert os.environ["SOURCE_DATE_EPOCH"] == "5"
    assert "FONTCONFIG_FILE" not in os.environ


def test_a_template_cannot_leave_its_sandbox_and_misses_nothing_quietly() -> None:
    environment = template._environment()
    with pytest.raises(SecurityError):
        environment.from_string("{{ ''.__class__.__mro__ }}").render()
    with pytest.raises(UndefinedError):
        environment.from_string("{{ facts.price }}").render(facts=object())
    with pytest.raises(TypeError, match="missing value"):
        environment.from_string("{{ nothing }}").render(nothing=None)


@pytest.mark.parametrize(
    ("minor", "currency", "written"),
    [
        (0, "GBP", "£0.00"),
        (29300, "GBP", "£293.00"),
        (-5, "GBP", "\N{MINUS SIGN}£0.05"),
        (123456789, "EUR", "€1,234,567.89"),
        (1500, "JPY", "JPY\N{NO-BREAK SPACE}1,500"),
        (1500, "KWD", "KWD\N{NO-BREAK SPACE}1.500"),
    ],
)
def test_money_is_written_from_minor_units(minor: int, currency: str, written: str) -> None:
    assert money(minor, currency) == written


def test_rates_keep_their_decimals() -> None:
    assert [percent(bps).replace("\N{NO-BREAK SPACE}", " ") for bps in (0, 500, 1250, 2055)] == [
        *("0 %", "5 %", "12.5 %", "20.55 %")
    ]


def test_windows_over_midnight_and_over_a_clock_change_say_so() -> None:
    assert (
        window(datetime(2026, 10, 24, 22, tzinfo=UTC), datetime(2026, 10, 25, 8, tzinfo=UTC), "Europe/London")
        == "Saturday 24 October 2026, 23:00 BST to Sunday 25 October 2026, 08:00 GMT"
    )
    assert instant(NOW, "Europe/London") == "1 July 2026, 09:30:12 BST"


def test_composition_makes_one_letter_of_two() -> None:
    assert legible(composed("e\N{COMBINING ACUTE ACCENT}\r\n\tx")) == "é\n x"


def test_a_combining_stroke_cannot_eat_the_end_of_a_tag() -> None:
    page = template._environment().from_string("{{ typed | lines }}").render(typed="a\n\u0338b")
    assert "<br>" in page


def test_policy_markdown_becomes_headings_lists_and_paragraphs() -> None:
    assert prose("## A\n\nb\nc **d**\n\n- e\n- f <i>") == (
        "<h3>A</h3>\n<p>b c <strong>d</strong></p>\n<ul><li>e</li><li>f &lt;i&gt;</li></ul>"
    )
    assert lines("a\r\n\n\n\n\nb") == "a<br><br>b"
