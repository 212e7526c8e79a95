"""The town that these tests break, and the two people in it whom every test knows."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.factories import commerce
from tests.faults.browser import Browser
from tests.faults.town import Town


@pytest.fixture(scope="session")
def _town(worker_id: str) -> Iterator[Town]:
    folder = Path(tempfile.mkdtemp(prefix="town-"))
    town = Town.build(folder, worker_id)
    town.open()
    yield town
    town.close()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def town(_town: Town) -> Iterator[Town]:
    """Everything runs and the provider behaves. Whatever the test did, the books must be right after it."""
    _town.until_answering()
    yield _town
    httpx.delete(f"{_town.provider_url}/_knobs").raise_for_status()
    assert _town.faults() == []


@pytest.fixture(scope="session")
def story(_town: Town) -> commerce.Story:
    """A customer, a provider, and what it sells."""
    with _town.arrange() as session:
        return commerce.story(session)


@pytest.fixture(scope="session")
def buyer(_town: Town, story: commerce.Story) -> Iterator[Browser]:
    """The customer's browser, signed in."""
    with Browser.signed_in(_town.url, story.buyer.user.email) as browser:
        yield browser


@pytest.fixture(scope="session")
def seller(_town: Town, story: commerce.Story) -> Iterator[Browser]:
    """The provider's browser, signed in."""
    with Browser.signed_in(_town.url, story.seller.user.email) as browser:
        yield browser
