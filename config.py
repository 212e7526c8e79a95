"""Knobs: one frozen, typed object, read once from the environment. A value that is missing or unsafe stops the boot."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any
from urllib.parse import urlsplit

SHORTEST_SECRET = 32
DEVELOPMENT_SECRETS = frozenset({"", "change-me", "development", "secret"})


class ConfigError(SystemExit):
    """The environment cannot be used; the text says which variable and why."""


def knob(default: str | None, text: str, *, secret: bool = False) -> Any:
    """One environment variable. `default=None` means it must be set; `text` is its line in .env.example."""
    return field(metadata={"default": default, "text": text, "secret": secret})


@dataclass(frozen=True, kw_only=True)
class Config:
    """Every variable the product reads. Names are the environment's names in lower case."""

    environment: str = knob("development", "development, test or production; production refuses unsafe values")
    database_url: str = knob(None, "PostgreSQL 15 or later, as the application role (it cannot alter or truncate)")
    migration_database_url: str = knob("", "the same database as its owner, who migrates; production needs it")
    redis_url: str = knob(None, "Redis 7 or Valkey; holds nothing that may not be lost")
    secret_key: str = knob(None, "signs sessions and forms; at least 32 characters", secret=True)
    base_url: str = knob("http://127.0.0.1:8000", "the address people type, without a slash at the end")
    trusted_hosts: str = knob("127.0.0.1,localhost", "host names this server answers to, separated by commas")
    trusted_proxies: str = knob("0", "how many proxies of yours stand before this server and say who asks")
    storage_url: str = knob("file://var/storage", "where files lie: file://folder or s3://bucket/prefix")
    payments_url: str = knob("http://127.0.0.1:8090", "the payment provider's API")
    payments_public_url: str = knob("http://127.0.0.1:8090", "where its payment page is shown to customers")
    payments_key: str = knob(None, "the provider's API key", secret=True)
    payments_webhook_secrets: str = knob(
        None, "one or two signing secrets of its webhooks, comma separated", secret=True
    )
    payments_endpoint_key: str = knob(None, "the last part of /hooks/payments/<endpoint key>", secret=True)
    payments_provider: str = knob("simulator", "simulator or stripe; names the provider's ledger accounts")
    business_time_zone: str = knob("Europe/London", "the IANA zone in which people read times")
    seal_signing_key: str = knob("", "Ed25519 private key (64 hex digits) that signs published heads", secret=True)
    operator_name: str = knob("Fixnado Ltd", "the company on contracts and receipts")
    operator_address: str = knob("", "its postal address, lines parted by semicolons; production needs it")
    operator_email: str = knob("help@fixnado.example", "where customers write")
    operator_vat_number: str = knob("", "its VAT number")
    smtp_url: str = knob(
        "smtp://127.0.0.1:8025", "the mail server: smtp:// (plain), smtp+tls:// (STARTTLS) or smtps://, host and port"
    )
    smtp_user: str = knob("", "who we are to the mail server, where it asks")
    smtp_password: str = knob("", "and our password there", secret=True)
    mail_from: str = knob("Fixnado <no-reply@fixnado.example>", "who mails come from")
    log_level: str = knob("INFO", "DEBUG, INFO, WARNING or ERROR")
    otel_exporter_otlp_endpoint: str = knob("", "an OpenTelemetry collector; empty switches tracing off")
    metrics_token: str = knob(
        "", "bearer token for /metrics; without one it answers this machine only, and nobody in production", secret=True
    )
    db_pool: str = knob("5", "database connections per process")

    def __post_init__(self) -> None:
        if self.environment not in {"development", "test", "production"}:
            raise ConfigError(f"config: ENVIRONMENT is {self.environment!r}; say development, test or production")
        if not self.db_pool.isdigit():
            raise ConfigError(f"config: DB_POOL is {self.db_pool!r}; say a number")
        if not self.trusted_proxies.isdigit():
            raise ConfigError(f"config: TRUSTED_PROXIES is {self.trusted_proxies!r}; say a number")
        if self.seal_signing_key and not re.fullmatch("[0-9a-fA-F]{64}", self.seal_signing_key):
            raise ConfigError("config: SEAL_SIGNING_KEY is not 64 hexadecimal digits")
        if self.production:
            self._refuse_unsafe()

    @property
    def production(self) -> bool:
        """True where real people's money moves."""
        return self.environment == "production"

    @property
    def owner_url(self) -> str:
        """The address migrations use."""
        return self.migration_database_url or self.database_url

    @property
    def webhook_secrets(self) -> list[str]:
        """The live signing secrets; two while one is being replaced."""
        return [s.strip() for s in self.payments_webhook_secrets.split(",") if s.strip()]

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Config:
        """Reads every knob. Raises ConfigError naming the first variable that is missing."""
        source = os.environ if environ is None else environ
        values: dict[str, str] = {}
        for one in fields(cls):
            name, default = one.name.upper(), one.metadata["default"]
            value = source.get(name, "") or default
            if value is None:
                raise ConfigError(f"config: {name} is not set ({one.metadata['text']}). `make run` sets it for you")
            values[one.name] = value
        return cls(**values)

    def engine_options(self) -> dict[str, Any]:
        """Arguments for create_engine: short waits, no parameters in error texts, the application role."""
        limits = {"timezone": "UTC", "statement_timeout": 15_000, "lock_timeout": 10_000}
        options = " ".join(f"-c {name}={value}" for name, value in limits.items())
        if not self.migration_database_url and not self.production:
            options += " -c role=fixnado_application"  # one address for both: give up the owner's rights
        return {
            "pool_pre_ping": True,
            "hide_parameters": True,
            "pool_size": int(self.db_pool),
            "connect_args": {"options": options, "connect_timeout": 5},
        }

    def flask_settings(self) -> dict[str, Any]:
        """What Flask and its extensions read. Without https (development) the cookie has a plain name and no Secure."""
        return {
            "SECRET_KEY": self.secret_key,
            "ENVIRONMENT": self.environment,
            "TESTING": self.environment == "test",
            "TRUSTED_HOSTS": [h.strip() for h in self.trusted_hosts.split(",") if h.strip()],
            "SESSION_COOKIE_NAME": "__Host-session"
            if self.production
            else f"fixnado-{self.base_url.rpartition(':')[2]}",
            "SESSION_COOKIE_SECURE": self.production,
            "SESSION_COOKIE_HTTPONLY": True,
            "SESSION_COOKIE_SAMESITE": "Lax",
            "PERMANENT_SESSION_LIFETIME": 8 * 3600,
            "MAX_CONTENT_LENGTH": 12 * 1024 * 1024,
            "MAX_FORM_MEMORY_SIZE": 1024 * 1024,
            "RATELIMIT_STORAGE_URI": self.redis_url,
            "SQLALCHEMY_DATABASE_URI": self.database_url,
            "BUSINESS_TIME_ZONE": self.business_time_zone,
        }

    def _refuse_unsafe(self) -> None:
        wrong = {
            "SECRET_KEY": len(self.secret_key) < SHORTEST_SECRET or self.secret_key.lower() in DEVELOPMENT_SECRETS,
            "MIGRATION_DATABASE_URL": not self.migration_database_url
            or self.migration_database_url == self.database_url,
            "TRUSTED_PROXIES": int(self.trusted_proxies) < 1,
            "BASE_URL": not self.base_url.startswith("https://"),
            "PAYMENTS_PROVIDER": self.payments_provider == "simulator",
            "PAYMENTS_WEBHOOK_SECRETS": not self.webhook_secrets
            or any(len(s) < SHORTEST_SECRET for s in self.webhook_secrets),
            "PAYMENTS_URL": not self.payments_url.startswith("https://"),
            "PAYMENTS_PUBLIC_URL": not self.payments_public_url.startswith("https://"),
            "SMTP_URL": self.smtp_url.startswith("smtp://") or _at_home(self.smtp_url),
            "MAIL_FROM": "@" not in self.mail_from or self.mail_from.rstrip(">").endswith(".example"),
            "METRICS_TOKEN": 0 < len(self.metrics_token) < SHORTEST_SECRET,
            "SEAL_SIGNING_KEY": not self.seal_signing_key,
            "OPERATOR_ADDRESS": not self.operator_address,
            "FLASK_DEBUG": os.environ.get("FLASK_DEBUG", "0") not in {"", "0"},
        }
        if bad := [name for name, unsafe in wrong.items() if unsafe]:
            raise ConfigError(f"config: unsafe for production: {', '.join(bad)}")


def _at_home(url: str) -> bool:
    """Whether an address is this machine, where a mailbox of the developers may listen."""
    host = urlsplit(url).hostname or ""
    return host in {"", "localhost"} or host.startswith("127.") or host == "::1"


def example() -> str:
    """The text of .env.example, made from the knobs above (a house test holds them equal)."""
    lines = [
        "# Every variable the product reads. `make run` fills in what is needed; production sets it.",
        "",
    ]
    for one in fields(Config):
        default = one.metadata["default"]
        need = " (needed)" if default is None else ""
        lines += [f"# {one.metadata['text']}{need}", f"{one.name.upper()}={default or ''}", ""]
    return "\n".join(lines)
