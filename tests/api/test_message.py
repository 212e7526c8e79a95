"""Messages and news for programs."""

from __future__ import annotations

from io import BytesIO

import pytest

from tests.api.conftest import PHOTO
from tests.factories import commerce, people


@pytest.fixture
def at(arrange, told) -> str:
    return f"/orders/{arrange(commerce.accepted, told).reference}/messages"


def test_a_message_with_a_file_is_read_by_the_other_side_and_marked(buyer, seller, at):
    file = {"file": (BytesIO(PHOTO), "meter.png", "image/png")}
    answer = buyer.send(at, {"text": "The meter is behind this door.", **file})
    assert answer.status_code == 201, answer.text
    page = seller.read(at)
    (one,) = page["items"]
    assert (one["party"], one["text"], page["unread"]) == ("buyer", "The meter is behind this door.", 1)
    (file,) = one["files"]
    assert (file["name"], file["media_type"]) == ("meter.png", "image/png")
    assert one["read_at"] is None
    assert seller.done(f"{at}/read")["number"] == 1
    assert seller.read(at)["unread"] == 0
    assert buyer.read(at)["items"][0]["read_at"]


def test_the_same_key_sends_once_and_nothing_is_not_a_message(buyer, at):
    said = {"text": "Is Tuesday still right?"}
    assert buyer.done(at, said, key="message-1") == buyer.done(at, said, key="message-1")
    assert len(buyer.read(at)["items"]) == 1
    assert buyer.post(at, {"text": " "}).status_code == 422
    assert buyer.post(at, {"text": "Another"}, key="message-1").status_code == 422


def test_pages_of_messages_go_back_in_time(buyer, seller, at):
    for number in range(3):
        buyer.done(at, {"text": f"Line {number}"})
    first = seller.read(at, limit=2)
    rest = seller.read(at, limit=2, before=first["next"])
    assert [one["text"] for one in (*first["items"], *rest["items"])] == ["Line 2", "Line 1", "Line 0"]
    assert rest["next"] is None


def test_strangers_find_no_conversation_and_staff_do_not_write(program, arrange, staff, at):
    stranger = program(arrange(people.customer, name="Owen Reed").user)
    assert stranger.get(at).status_code == 404
    assert stranger.post(at, {"text": "Hello"}).status_code == 404
    assert stranger.post(f"{at}/read").status_code == 404
    assert staff("Operations").post(at, {"text": "Hello"}).status_code == 403


def test_news_is_listed_marked_one_by_one_or_up_to_what_was_seen(buyer, seller, at):
    seller.done(at, {"text": "I am on my way."})
    page = buyer.read("/notifications")
    (mine,) = [one for one in page["items"] if one["event"] == "message.new"]
    assert page["unread"] >= 1
    assert mine["link"].startswith("/orders/")
    assert seller.post(f"/notifications/{mine['id']}/read").status_code == 404
    assert buyer.done(f"/notifications/{mine['id']}/read")["unread"] == page["unread"] - 1
    assert buyer.done("/notifications/read", {"until": page["items"][0]["id"]})["unread"] == 0
    assert buyer.post("/notifications/read", {"until": "yesterday"}).status_code == 422


def test_preferences_are_saved_as_a_whole(buyer, seller):
    before = buyer.read("/notification-preferences")
    assert before["switched_off"] == []
    wanted = {
        "switched_off": [{"group": "progress", "channel": "mail"}],
        "quiet_from": "22:00",
        "quiet_to": "07:00",
        "zone": "Europe/London",
        "digest": "daily",
    }
    assert buyer.done("/notification-preferences", wanted) == {**wanted, "groups": before["groups"]}
    assert buyer.read("/notification-preferences")["quiet_from"] == "22:00"
    assert seller.read("/notification-preferences")["quiet_from"] is None
    for wrong, where in (
        ({"quiet_to": None}, "#/quiet_to"),
        ({"zone": "Mars/Olympus"}, "#/zone"),
        ({"digest": "hourly"}, "#/digest"),
        ({"switched_off": [{"group": "nothing", "channel": "mail"}]}, "#/switched_off/0/group"),
    ):
        answer = buyer.post("/notification-preferences", {**wanted, **wrong})
        assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, where)


def test_who_has_no_token_has_no_news(nobody):
    assert nobody.get("/notifications").status_code == 401
    assert nobody.get("/notification-preferences").status_code == 401
