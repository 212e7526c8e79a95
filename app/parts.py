"""What a process is made of besides its code: settings, database, file storage, payment provider. Free of Flask, so
that web, worker and commands are put together the same way."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from app import session
from app.clients.mail import Mailer
from app.clients.payments import Payments
from app.clients.payments_stripe import StripePayments
from app.clients.storage import Storage
from app.services.commerce import news  # noqa: F401  follows every move of an order
from app.services.platform import clock, mail, signed_link
from config import Config
from reports.commerce.facts import Party
from reports.mail.letter import Sender

ONCE_MORE = Retry(NoBackoff(), 1)
"""A connection that a restarted Redis closed is replaced; the library's own retries, with pauses between them, would
keep a transaction open for seconds."""


@dataclass(frozen=True)
class Parts:
    """The settings, and the clients made from them on first use."""

    config: Config

    @cached_property
    def storage(self) -> Storage:
        """Where files lie."""
        return Storage(self.config.storage_url)

    @cached_property
    def payments(self) -> Payments:
        """The payment provider (or its simulator, which speaks the same)."""
        made = self.config
        return StripePayments(made.payments_url, made.payments_key, public_url=made.payments_public_url)

    @cached_property
    def mailer(self) -> Mailer:
        """The mail server."""
        made = self.config
        return Mailer(made.smtp_url, made.mail_from, user=made.smtp_user, password=made.smtp_password)

    @property
    def letterhead(self) -> Sender:
        """Who stands below every mail."""
        made, us = self.config, self.marketplace
        return Sender(us.name, us.address, us.email, made.base_url.rstrip("/"), made.business_time_zone)

    @property
    def marketplace(self) -> Party:
        """The company that runs this marketplace, as it stands on contracts and receipts."""
        address = tuple(line.strip() for line in self.config.operator_address.split(";") if line.strip())
        return Party(
            name=self.config.operator_name,
            address=address,
            email=self.config.operator_email,
            trader=True,
            vat_number=self.config.operator_vat_number,
        )

    @cached_property
    def redis(self) -> Redis:
        """Redis or Valkey, with short waits: it is a hint, never the truth."""
        return Redis.from_url(self.config.redis_url, socket_timeout=3, socket_connect_timeout=3, retry=ONCE_MORE)


def assemble(config: Config | None = None) -> Parts:
    """Reads the settings and binds the database."""
    parts = Parts(config or Config.from_environment())
    session.configure(parts.config.database_url, **parts.config.engine_options())
    mail.write_as(parts.letterhead)
    signed_link.sign_with(parts.config.secret_key)
    clock.follow(yes=not parts.config.production)
    return parts
