"""What no browser sends: refused as a request that cannot be read, and never a server error."""

from __future__ import annotations

import pytest
from flask import Flask

READ = (
    "/%00", "/orders/%00", "/l/%00", "/services?q=%00", "/services?q=a&q=b%00", "/pro/listings/%00",
    "/pro/listings/new?node=%00", "/sign-in?next=%00", "/console/orders/list/?q=%00", "/console/login/?next=%00",
)  # fmt: skip
TYPED = (
    ("/sign-in", {"email": "priya\x00@customer.test", "password": "x"}),
    ("/sign-in", {"email": "priya@customer.test", "password": "\x00"}),
    ("/console/login/", {"username": "moss\x00", "password": "x"}),
    ("/preferences/theme", {"theme": "dark", "next": "/\x00"}),
)


@pytest.mark.parametrize("address", READ)
def test_a_nul_in_an_address_is_refused(app: Flask, address: str) -> None:
    assert app.test_client().get(address).status_code == 400


@pytest.mark.parametrize(("address", "typed"), TYPED)
def test_a_nul_in_a_form_is_refused(app: Flask, address: str, typed: dict[str, str]) -> None:
    assert app.test_client().post(address, data=typed).status_code == 400


@pytest.mark.parametrize("host", ["evil.test", "127.0.0.1.evil.test", "evil@localhost"])
def test_a_host_that_is_not_ours_gets_no_answer(app: Flask, host: str) -> None:
    answer = app.test_client().get("/orders", headers={"Host": host})
    assert answer.status_code == 400
    assert "evil" not in answer.text
