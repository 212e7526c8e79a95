"""VAT numbers by their check digits, without asking anybody: the online registers are another, recorded step."""

from __future__ import annotations

import re

from stdnum.eu import vat as eu_vat
from stdnum.exceptions import ValidationError
from stdnum.gb import vat as gb_vat

from models.errors import Invalid

_COUNTRY = re.compile(r"[A-Z]{2}")


def written(typed: str) -> str:
    """A VAT number with its country in front, check digits verified (UK modulus 97 and 9755; EU by country). One
    without a country is taken as British. Raises Invalid (vat_number)."""
    plain = re.sub(r"[\s.\-]", "", typed).upper()
    country = plain[:2] if _COUNTRY.match(plain) else "GB"
    try:
        if country in {"GB", "XI"}:
            return f"{country}{gb_vat.validate(plain.removeprefix(country))}"
        number = eu_vat.validate(plain)
    except ValidationError as error:
        raise Invalid(
            "That is not a VAT number.",
            {"vat_number": "Check the VAT number: it begins with GB, XI or an EU country, and its digits must fit."},
        ) from error
    return str(number)
