"""Numbers of the United Kingdom's registers, as people type them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.services.people import company_number
from models.errors import Invalid
from models.people.legal_form import LegalForm

LTD, LLP, OTHER = LegalForm.limited_company, LegalForm.llp, LegalForm.other


@pytest.mark.parametrize(
    ("typed", "form", "kept", "place"),
    [
        ("9990120", LTD, "09990120", "England and Wales"),
        ("sc 123456", LTD, "SC123456", "Scotland"),
        ("NI-12345", LTD, "NI012345", "Northern Ireland"),
        ("R0000123", LTD, "R0000123", "Northern Ireland"),
        ("OC301234", LLP, "OC301234", "England and Wales"),
        ("SO301234", LLP, "SO301234", "Scotland"),
        ("CE001234", OTHER, "CE001234", "England and Wales"),
    ],
)
def test_a_number_is_written_as_the_register_has_it(typed: str, form: LegalForm, kept: str, place: str) -> None:
    assert company_number.written(typed, form) == kept
    assert company_number.jurisdiction(kept) == place


@pytest.mark.parametrize(
    ("typed", "form"),
    [("", LTD), ("00000000", LTD), ("123456789", LTD), ("XX123456", LTD), ("SC1234567", LTD), ("OC301234", LTD),
     ("12345678", LLP), ("sole trader", LTD), ("١٢٣٤٥٦٧٨", LTD)],
)  # fmt: skip
def test_what_is_no_number_is_refused_at_its_field(typed: str, form: LegalForm) -> None:
    with pytest.raises(Invalid) as refused:
        company_number.written(typed, form)
    assert "company_number" in refused.value.fields


@given(st.sampled_from(["", "SC", "NI"]), st.integers(1, 999_999))
def test_what_was_written_is_written_the_same_again(prefix: str, digits: int) -> None:
    once = company_number.written(f"{prefix}{digits}", LTD)
    assert company_number.written(once, LTD) == once
