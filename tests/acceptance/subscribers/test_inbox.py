"""inbox: what came back is told, acted on once, and explained."""

from __future__ import annotations

import email
from email.utils import parseaddr

from tests.acceptance.program import Shop
from tests.unit.delivery.inbox.mails import dsn

NOW = ("--now", "2027-02-01T21:00Z")


def test_a_bounce_is_named_then_applied_once_and_explained(shop: Shop) -> None:
    shop.type("send", "--yes", "--now", "2027-02-01T20:00Z").done()
    sent = next(iter((shop.folder / "outbox" / "new").iterdir()))
    message = email.message_from_bytes(sent.read_bytes())
    address, token = parseaddr(message["To"])[1], message["X-Lovecampaign-Delivery"]
    (shop.folder / "back.eml").write_bytes(dsn(token=token, email=address))

    (mail,) = shop.data("inbox", "sort", "back.eml")["mails"]
    assert (mail["kind"], mail["email"], mail["delivery"]) == ("bounce_hard", address, token)
    assert (mail["key"], mail["status"]) == ("day-01", "5.1.1")
    assert shop.data("suppressions")["suppressions"] == []

    assert shop.data("inbox", "sort", "back.eml", "--apply", *NOW)["new"] == 1
    assert shop.data("inbox", "sort", "back.eml", "--apply", *NOW)["new"] == 0
    (suppressed,) = shop.data("suppressions")["suppressions"]
    assert (suppressed["email"], suppressed["reason"]) == (address, "hard_bounce")
    assert "bounced" in shop.type("explain", address, *NOW).done().out


def test_nonsense_is_unreadable(shop: Shop) -> None:
    (shop.folder / "nonsense.eml").write_bytes(b"\0\1\2")

    said = shop.type("inbox", "sort", "nonsense.eml").done()

    assert "1 mail: 1 unreadable." in said.out
