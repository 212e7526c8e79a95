"""What a contract and a receipt are made of: plain data, checked for sense, known to no table.

Money is minor units of the document's currency, rates are basis points, moments are aware and in UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from reports.errors import PaperRefused

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Who is bound. A trader's details are the ones that traders must show; empty strings are left out."""

    name: str
    address: tuple[str, ...]
    email: str
    trader: bool
    legal_name: str = ""
    phone: str = ""
    company_number: str = ""
    vat_number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One priced line. `vat_bps` is None where no VAT is charged, and `vat_note` then says why."""

    description: str
    quantity: int
    unit: str
    net: int
    vat: int
    vat_bps: int | None
    vat_note: str = ""

    @property
    def gross(self) -> int:
        """Minor units, VAT included."""
        return self.net + self.vat

    def __post_init__(self) -> None:
        if self.vat_bps is None and self.vat:
            raise PaperRefused("A line has VAT and no rate.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The offer as it was when the order was placed."""

    title: str
    description: str
    reference: str
    area: str
    facets: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """When and where. `zone` is the IANA zone in which the window was chosen."""

    starts_at: datetime
    ends_at: datetime
    zone: str
    address: tuple[str, ...]
    access_notes: str = ""

    def __post_init__(self) -> None:
        if self.ends_at <= self.starts_at:
            raise PaperRefused("A visit ends before it begins.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """Whoever cancels until this moment gets `back` of the price of the work; the last rung ends with the visit's
    beginning."""

    until: datetime
    back: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """The cancellation policy that the order was placed under, worked out for its visit. `name` may be empty."""

    name: str
    summary: str
    rungs: tuple[Rung, ...]

    def __post_init__(self) -> None:
        if not self.rungs:
            raise PaperRefused("A cancellation policy without a step says nothing.")
        if any(later.until <= sooner.until for sooner, later in pairwise(self.rungs)):
            raise PaperRefused("The steps of a cancellation policy go forward in time.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One version of a policy text in full; `sha256` is over its published file."""

    id: str
    version: str
    effective_on: date
    title: str
    body: str
    sha256: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """That someone agreed to, or was given, a text: which version, when, and in what way."""

    text: Text
    how: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """Money that arrived, or with a negative amount went back. `reference` is the provider's."""

    method: str
    reference: str
    at: datetime
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """The ledger entry with which the protected payment hold was passed to the provider."""

    entry_id: int
    at: datetime
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """Where the release stands in the sealed ledger, and the audit path that proves it. All hashes are SHA-256.

    `position` counts from 0; `previous_block_hash` is empty for the first block of a chain.
    """

    chain: str
    height: int
    position: int
    size: int
    entry_hash: bytes
    path: tuple[bytes, ...]
    merkle_root: bytes
    previous_block_hash: bytes
    block_hash: bytes
    sealed_at: datetime

    @property
    def stamp(self) -> str:
        """The text that the block hash covers besides the two hashes; the last number is microseconds since 1970."""
        micros = (self.sealed_at - _EPOCH) // timedelta(microseconds=1)
        return f"{self.chain}|{self.height}|{self.size}|{micros}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deal:
    """What contract and receipt have in common. `fee` is the order fee, charged by the marketplace."""

    order_reference: str
    document_number: str
    issued_at: datetime
    zone: str
    currency: str
    marketplace: Party
    buyer: Party
    seller: Party
    lines: tuple[Line, ...]
    fee: Line

    @property
    def work_net(self) -> int:
        """Net of all lines, without the order fee."""
        return sum(line.net for line in self.lines)

    @property
    def work_vat(self) -> int:
        """VAT on all lines, without that on the order fee."""
        return sum(line.vat for line in self.lines)

    @property
    def work_gross(self) -> int:
        """What goes on the protected payment hold."""
        return self.work_net + self.work_vat

    @property
    def total(self) -> int:
        """What the buyer pays: the work and the order fee."""
        return self.work_gross + self.fee.gross


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractFacts(Deal):
    """Everything the contract says.

    `cancel_before` is the end of the cancellation period; it and its two texts are None for a business buyer.
    """

    ordered_at: datetime
    accepted_at: datetime
    listing: Listing
    visit: Visit
    ladder: Ladder
    consents: tuple[Consent, ...]
    terms: tuple[Text, ...]
    cancellation: Text | None
    cancellation_form: Text | None
    cancel_before: datetime | None

    @property
    def rungs_that_count(self) -> tuple[Rung, ...]:
        """Those that end after the right to cancel, which stands above them; all of them for a business."""
        right = self.cancel_before
        return tuple(rung for rung in self.ladder.rungs if right is None or rung.until > right)

    def __post_init__(self) -> None:
        if not self.lines:
            raise PaperRefused("A contract without a priced line is none.")
        if any(not 0 <= rung.back <= self.work_gross for rung in self.ladder.rungs):
            raise PaperRefused("No more comes back than the work costs.")
        if self.accepted_at < self.ordered_at:
            raise PaperRefused("An order cannot be accepted before it was placed.")
        if len({self.cancellation is None, self.cancellation_form is None, self.cancel_before is None}) > 1:
            raise PaperRefused(
                "The right to cancel is told with its instructions, its form and its end, or not at all."
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptFacts(Deal):
    """Everything the receipt says. The marketplace's commission is no concern of the buyer and not part of it.

    `proof_url` is the page that has the checker and the published heads.
    """

    payments: tuple[Payment, ...]
    release: Release
    seal: Seal
    proof_url: str

    @property
    def paid(self) -> int:
        """What arrived less what went back."""
        return sum(payment.amount for payment in self.payments)

    def __post_init__(self) -> None:
        if self.paid > self.total:
            raise PaperRefused("More was paid than the order costs.")
        if self.release.amount > self.work_gross:
            raise PaperRefused("More was released than was on hold.")
