"""The job that a quote is asked for: what a customer types, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

from app.services.commerce.checkout import LONGEST_WAIT, SHORTEST_ADDRESS, postcode_problem
from app.services.commerce.quote import UK
from app.services.platform import clock
from models.catalogue.listing import Listing
from models.errors import Invalid
from models.platform.stored_file import StoredFile

LEAST, MOST, MOST_WISHES, MOST_ADDRESS, MOST_FILES = 20, 4000, 120, 300, 5


@dataclass(frozen=True, slots=True)
class Job:
    """As typed. `wished_from` is the first day that suits, `wished` more about days, in words."""

    text: str
    address: str
    postcode: str
    wished_from: date | None = None
    wished: str = ""
    files: Iterable[StoredFile] = field(default=())

    def check(self, listing: Listing, files: list[StoredFile]) -> None:
        """Raises Invalid, field by field."""
        today, wrong = clock.now().astimezone(UK).date(), dict[str, str]()
        if not LEAST <= len(plain(self.text)) <= MOST:
            wrong["text"] = f"Describe the job in {LEAST} to {MOST} characters."
        if not SHORTEST_ADDRESS <= len(plain(self.address)) <= MOST_ADDRESS:
            wrong["site_address"] = "Enter the address where the work is."
        if problem := postcode_problem(listing, self.postcode):
            wrong["site_postcode"] = problem
        if self.wished_from is not None and not today <= self.wished_from <= today + timedelta(LONGEST_WAIT.days):
            wrong["wished_from"] = "Choose a day within the next 70 days, or leave it empty."
        if len(plain(self.wished)) > MOST_WISHES:
            wrong["wished"] = f"Write at most {MOST_WISHES} characters."
        if len(files) > MOST_FILES:
            wrong["file"] = f"Choose at most {MOST_FILES} files."
        if wrong:
            raise Invalid("The request was not sent.", wrong)


def plain(text: str) -> str:
    """One kind of line end, nothing around it."""
    return text.replace("\r\n", "\n").replace("\0", "").strip()
