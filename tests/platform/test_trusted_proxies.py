"""Behind proxies of ours: who asks is who the last of them says, whatever a visitor wrote there before."""

from __future__ import annotations

import pytest
from flask import Flask, request

from app.factory import behind_proxies
from config import Config, ConfigError
from views.tries import network

FORWARDED = {"X-Forwarded-For": "203.0.113.9, 198.51.100.7", "X-Forwarded-Proto": "https"}


@pytest.mark.parametrize(
    ("proxies", "seen"), [(0, "127.0.0.1 http"), (1, "198.51.100.7 https"), (2, "203.0.113.9 http")]
)
def test_an_address_is_believed_from_as_many_proxies_as_there_are(proxies: int, seen: str) -> None:
    app = Flask(__name__)
    app.add_url_rule("/", view_func=lambda: f"{network()} {request.scheme}")
    behind_proxies(app, proxies)
    assert app.test_client().get("/", headers=FORWARDED).text == seen


def test_their_number_is_a_number() -> None:
    with pytest.raises(ConfigError, match="TRUSTED_PROXIES"):
        Config(**{**vars(Config.from_environment()), "trusted_proxies": "all"})
