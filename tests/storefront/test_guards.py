"""Every page of the shop says who may see it, and the public ones are a list that somebody read."""

from __future__ import annotations

PUBLIC = {
    "ask_for_password",
    "ask_unsubscribe",
    "begin",
    "change_favourite",
    "choose_password",
    "choose_theme",
    "confirm",
    "do_confirm",
    "do_sign_in",
    "do_sign_up",
    "do_take_email",
    "do_undo_email",
    "do_unsubscribe",
    "forgotten_password",
    "home",
    "legal_text",
    "legal_version",
    "listing",
    "listing_card",
    "new_password",
    "parts",
    "photo_file",
    "proof",
    "proof_checker",
    "proof_head",
    "robots",
    "search_page",
    "see_invitation",
    "sell",
    "seller",
    "seller_reviews",
    "services",
    "sign_in",
    "sign_out",
    "sign_up",
    "sitemap",
    "sitemap_part",
    "take_email",
    "undo_email",
    "signed_file",
}


def guards(app) -> dict[str, str]:
    views = app.view_functions.items()
    return {
        name.removeprefix("storefront."): getattr(view, "shop_guard", "none")
        for name, view in views
        if name.startswith("storefront.")
    }


def test_no_page_of_the_shop_is_without_a_guard(app):
    assert "none" not in guards(app).values(), "wear @public, @customer or @provider (views/storefront/guard.py)"


def test_the_public_pages_are_exactly_these(app):
    assert {name for name, guard in guards(app).items() if guard == "public"} == PUBLIC


def test_the_desk_is_for_providers_and_orders_are_for_customers(app):
    for name, guard in guards(app).items():
        if name not in PUBLIC:
            own = name.startswith("account")
            assert guard == ("provider" if name.startswith("pro_") else "person" if own else "customer"), name


def test_every_form_of_the_shop_carries_its_token(app, monkeypatch):
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    answer = app.test_client().post("/sign-in", data={"email": "a@b.test", "password": "x"})
    assert answer.status_code == 400
    assert "Load it again" in answer.text


def test_a_program_that_posts_to_a_hook_gets_no_web_page(app):
    assert app.test_client().get("/hooks/payments/nothing").mimetype == "application/problem+json"
