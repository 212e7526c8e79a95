"""A file of an order by its signed address, without a session: the address says for whom, and until when."""

from __future__ import annotations

from flask.typing import ResponseReturnValue

from app.services.commerce import order_file
from app.session import session
from views.storefront import files
from views.storefront.blueprint import storefront
from views.storefront.guard import public


@storefront.get(f"{order_file.PATH}<token>")
@public
def signed_file(token: str) -> ResponseReturnValue:
    """As a download; 404 once it is too old, or when its person is no party of the order any more."""
    found = order_file.opened(session(), token)
    return files.send(found.file, found.name)
