"""Knobs: read once, typed, and a production that is unsafe does not start."""

from __future__ import annotations

import dataclasses

import pytest

from config import Config, ConfigError

SECRET = "s" * 40
SAFE = {
    "ENVIRONMENT": "production",
    "DATABASE_URL": "postgresql://app@db/fixnado",
    "MIGRATION_DATABASE_URL": "postgresql://owner@db/fixnado",
    "REDIS_URL": "redis://redis/0",
    "SECRET_KEY": SECRET,
    "BASE_URL": "https://shop.example",
    "TRUSTED_PROXIES": "1",
    "TRUSTED_HOSTS": "shop.example",
    "PAYMENTS_PROVIDER": "stripe",
    "PAYMENTS_URL": "https://payments.example",
    "PAYMENTS_PUBLIC_URL": "https://pay.example",
    "PAYMENTS_KEY": "key-" + SECRET,
    "PAYMENTS_WEBHOOK_SECRETS": SECRET,
    "PAYMENTS_ENDPOINT_KEY": "endpoint-" + SECRET,
    "SEAL_SIGNING_KEY": "4f" * 32,
    "OPERATOR_ADDRESS": "1 Canal Yard, Leeds",
    "SMTP_URL": "smtp+tls://mail.shop.test:587",
    "MAIL_FROM": "Fixnado <no-reply@shop.test>",
}
NEEDED = [one.name.upper() for one in dataclasses.fields(Config) if one.metadata["default"] is None]


def test_a_safe_production_starts() -> None:
    assert Config.from_environment(SAFE).production


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "short"),
        ("SECRET_KEY", "development"),
        ("MIGRATION_DATABASE_URL", ""),
        ("TRUSTED_PROXIES", "0"),
        ("MIGRATION_DATABASE_URL", SAFE["DATABASE_URL"]),
        ("BASE_URL", "http://shop.example"),
        ("PAYMENTS_PROVIDER", "simulator"),
        ("PAYMENTS_URL", "http://payments.example"),
        ("PAYMENTS_PUBLIC_URL", "http://pay.example"),
        ("PAYMENTS_WEBHOOK_SECRETS", "short"),
        ("PAYMENTS_WEBHOOK_SECRETS", f"{SECRET},short"),
        ("PAYMENTS_WEBHOOK_SECRETS", ","),
        ("METRICS_TOKEN", "short"),
        ("SEAL_SIGNING_KEY", ""),
        ("SEAL_SIGNING_KEY", "4f" * 31),
        ("SEAL_SIGNING_KEY", "no hexadecimal digits".ljust(64)),
        ("OPERATOR_ADDRESS", ""),
        ("SMTP_URL", "smtp://mail.shop.test"),
        ("SMTP_URL", "smtps://127.0.0.1:8025"),
        ("SMTP_URL", "smtp+tls://localhost"),
        ("MAIL_FROM", "no-reply@fixnado.example"),
    ],
)
def test_production_refuses_an_unsafe_value_by_its_name(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=name):
        Config.from_environment({**SAFE, name: value})


def test_production_refuses_debug(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLASK_DEBUG", "1")
    with pytest.raises(ConfigError, match="FLASK_DEBUG"):
        Config.from_environment(SAFE)


def test_every_unsafe_value_is_named_at_once() -> None:
    with pytest.raises(ConfigError, match=r"SECRET_KEY.*OPERATOR_ADDRESS"):
        Config.from_environment({**SAFE, "SECRET_KEY": "x", "OPERATOR_ADDRESS": ""})


@pytest.mark.parametrize("name", NEEDED)
def test_a_missing_value_is_named(name: str) -> None:
    with pytest.raises(ConfigError, match=f"{name} is not set"):
        Config.from_environment({key: value for key, value in SAFE.items() if key != name})


def test_no_refusal_shows_a_secret() -> None:
    with pytest.raises(ConfigError) as refusal:
        Config.from_environment({**SAFE, "BASE_URL": "http://x", "PAYMENTS_KEY": "sk_live_visible"})
    assert "sk_live_visible" not in str(refusal.value)


def test_an_unknown_environment_is_refused() -> None:
    with pytest.raises(ConfigError, match="ENVIRONMENT is 'staging'"):
        Config.from_environment({**SAFE, "ENVIRONMENT": "staging"})


def test_a_pool_that_is_no_number_is_refused() -> None:
    with pytest.raises(ConfigError, match="DB_POOL"):
        Config.from_environment({**SAFE, "DB_POOL": "many"})


def test_values_cannot_be_changed_afterwards() -> None:
    config = Config.from_environment(SAFE)
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.secret_key = "other"  # type: ignore[misc]


def test_the_cookie_is_plain_on_a_laptop_and_locked_to_the_host_in_production() -> None:
    laptop = Config.from_environment({**SAFE, "ENVIRONMENT": "development"}).flask_settings()
    production = Config.from_environment(SAFE).flask_settings()
    assert (laptop["SESSION_COOKIE_SECURE"], production["SESSION_COOKIE_SECURE"]) == (False, True)
    assert production["SESSION_COOKIE_NAME"] == "__Host-session"


def test_one_address_alone_gives_up_the_owner_s_rights() -> None:
    alone = Config.from_environment({**SAFE, "ENVIRONMENT": "development", "MIGRATION_DATABASE_URL": ""})
    assert "role=fixnado_application" in alone.engine_options()["connect_args"]["options"]
    assert "role=" not in Config.from_environment(SAFE).engine_options()["connect_args"]["options"]
