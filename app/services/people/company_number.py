"""Company numbers of the United Kingdom: shape and prefix. Whether one exists is for a person to look up."""

from __future__ import annotations

import re

from models.errors import Invalid
from models.people.legal_form import LegalForm

COMPANIES = {"": "England and Wales", "SC": "Scotland", "NI": "Northern Ireland", "R": "Northern Ireland"}
PARTNERSHIPS = {"OC": "England and Wales", "SO": "Scotland", "NC": "Northern Ireland"}
OTHERS = {
    "LP": "England and Wales", "SL": "Scotland", "NL": "Northern Ireland", "IP": "England and Wales",
    "SP": "Scotland", "NP": "Northern Ireland", "RS": "England and Wales", "CE": "England and Wales",
    "CS": "Scotland", "RC": "England and Wales", "SR": "Scotland", "NR": "Northern Ireland",
    "FC": "England and Wales", "SF": "Scotland", "NF": "Northern Ireland",
}  # fmt: skip
_LENGTH = 8
_SHAPE = re.compile(r"([A-Z]{0,2})([0-9]{1,8})")
_EXAMPLES = {
    LegalForm.limited_company: (COMPANIES, "12345678, SC123456 or NI123456"),
    LegalForm.llp: (PARTNERSHIPS, "OC123456, SO123456 or NC123456"),
    LegalForm.other: ({**COMPANIES, **PARTNERSHIPS, **OTHERS}, "IP123456 or CE123456"),
}


def written(typed: str, form: LegalForm) -> str:
    """A number as Companies House writes it: eight characters, zeros in front. Raises Invalid (company_number)."""
    prefixes, example = _EXAMPLES[form]
    found = _SHAPE.fullmatch(re.sub(r"[\s.-]", "", typed).upper())
    if found:
        prefix, digits = found.groups()
        number = prefix + digits.zfill(_LENGTH - len(prefix))
        if prefix in prefixes and len(number) == _LENGTH and int(digits):
            return number
    raise Invalid(
        "That is not a company number.", {"company_number": f"Enter the number from the register, like {example}."}
    )


def jurisdiction(number: str) -> str:
    """The register's part of the United Kingdom that a written number belongs to, by its prefix."""
    prefix = number.rstrip("0123456789") if number else ""
    return {**COMPANIES, **PARTNERSHIPS, **OTHERS}.get(prefix, "")
