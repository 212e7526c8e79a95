"""The sections of the checklist: what they are called and which forms they have."""

from __future__ import annotations

from views.storefront.keyed import Keyed
from views.storefront.people import paper_forms, setup_forms

FORMS: dict[str, type[Keyed]] = {
    "identity": setup_forms.Identity,
    "company": setup_forms.Company,
    "vat": setup_forms.Vat,
    "address": setup_forms.Address,
    "contact": setup_forms.Contact,
    "lawful": setup_forms.Lawful,
}
PAPERS: dict[str, type[paper_forms.IdentityPaper | paper_forms.PolicyPaper]] = {
    "identity": paper_forms.IdentityPaper,
    "insurance": paper_forms.PolicyPaper,
}
TITLES = {
    "identity": ("Who is responsible", "user-check"),
    "company": ("The business", "building-store"),
    "vat": ("VAT", "receipt"),
    "address": ("Postal address", "map-pin"),
    "contact": ("Telephone and e-mail", "phone"),
    "lawful": ("Lawful services only", "scale"),
    "insurance": ("Insurance", "shield-check"),
}
SECTION = "identity, company, vat, address, contact, lawful, insurance"
