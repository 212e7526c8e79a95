from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser.conftest import chromium, reader
from tests.simulators.provider import Provider, Receiver, running

__all__ = ["chromium", "reader"]
"""The browser of tests/browser: two Playwright drivers cannot live in one process, so nobody starts another."""


@pytest.fixture(scope="session")
def _running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Provider, Receiver]]:
    with running(tmp_path_factory.mktemp("provider")) as pair:
        yield pair


@pytest.fixture
def shop(_running: tuple[Provider, Receiver]) -> Receiver:
    """Takes webhooks in the shop's place."""
    return _running[1]


@pytest.fixture
def provider(_running: tuple[Provider, Receiver]) -> Provider:
    """The payment provider, knowing nothing yet."""
    provider, shop = _running
    provider.start_over()
    shop.clear()
    return provider
