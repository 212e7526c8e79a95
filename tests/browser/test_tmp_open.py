import tests.browser.test_every_page as t
from tests.browser.test_every_page import shop  # noqa
def test_open(shop, reader, monkeypatch):
    n = []
    monkeypatch.setattr(t, "look", lambda one: n.append(one.page.url) or [])
    try:
        t.test_every_page_is_fit_to_be_seen(shop, reader)
    finally:
        print("SEEN", len(n))
