"""Each test starts with an empty count of tries."""

from __future__ import annotations

import pytest
from redis import Redis


@pytest.fixture(autouse=True)
def _nobody_has_tried_yet(redis_url):
    with Redis.from_url(redis_url) as redis:
        redis.flushdb()
