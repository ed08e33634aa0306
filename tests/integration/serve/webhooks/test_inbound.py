"""Inbound Parse: a raw mail is on the disk before the answer, and taken in once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from lovecampaign.core.settings import Settings
from lovecampaign.core.tokens import Purpose
from lovecampaign.delivery.inbox.mailboxes.open import open_spool
from lovecampaign.delivery.inbox.reader import InboxReader
from lovecampaign.store import tables
from lovecampaign.store.database.engine import Database
from tests.integration.delivery.test_provider_events import SIGNER, Desk
from tests.integration.serve.support.heads import refused_from_head
from tests.integration.serve.support.letters import rows_of
from tests.support.serving import Answer, Serving, serving, with_settings
from tests.unit.delivery.inbox.mails import dsn, letter

SECRET = "0123456789abcdef"
FORM = "multipart/form-data; boundary=xYzZY"


class Webhook:
    """Calls as SendGrid does."""

    def __init__(self, served: Serving) -> None:
        self.served = served
        self.folder = served.site.settings.workspace

    def send(self, *fields: tuple[str, bytes], secret: str = SECRET, kind: str = FORM) -> Answer:
        parts = (
            f'--xYzZY\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode() + value
            for name, value in fields
        )
        body = b"\r\n".join(parts) + b"\r\n--xYzZY--\r\n"
        return self.call(body, secret, kind)

    def call(self, body: bytes, secret: str = SECRET, kind: str = FORM) -> Answer:
        path, headers = f"/webhooks/inbound/{secret}", {"Content-Type": kind}
        return self.served.ask("POST", path, body, headers)

    def spooled(self) -> list[bytes]:
        return [file.read_bytes() for file in sorted(self.spool.glob("new/*"))]

    @property
    def spool(self) -> Path:
        return self.folder / ".lovecampaign" / "inbound"


@pytest.fixture
def desk(settings: Settings, database: Database) -> Desk:
    return Desk(settings, database, readers=1)


@pytest.fixture
def webhook(desk: Desk, settings: Settings) -> Iterator[Webhook]:
    changed = with_settings(settings, inbound_secret=SECRET)
    with serving(changed, desk.database, desk.stage.clock) as served:
        yield Webhook(served)


def test_a_mail_is_spooled_and_taken_in_by_its_envelope(webhook: Webhook, desk: Desk) -> None:
    token = SIGNER.sign(Purpose.DELIVERY, desk.key(Purpose.DELIVERY, desk.letters[0]))
    bounce = dsn(email="reader1@readers.example").replace(b"bounces+" + b"A" * 31 + b"B", b"b")
    envelope = json.dumps({"to": [f"bounces+{token}@in.bloom.example"], "from": ""}).encode()
    answer = webhook.send(("email", b"\r\n" + bounce), ("charsets", b"{}"), ("envelope", envelope))

    assert (answer.status, json.loads(answer.text)) == (200, {"taken": True})
    (spooled,) = webhook.spooled()
    assert spooled.startswith(b"X-Envelope-To: bounces+")
    assert spooled.endswith(bounce)
    assert [file.stat().st_mode & 0o077 for file in webhook.spool.rglob("*")] == [0, 0, 0]

    reader = InboxReader(
        database=desk.database,
        signer=SIGNER,
        clock=desk.stage.clock,
        campaigns=lambda: {desk.stage.campaign.id: desk.stage.campaign},
    )
    counts = reader.read(open_spool(webhook.served.site.settings))
    assert (counts.read, counts.bounces_hard, counts.unmatched) == (1, 1, 0)
    assert webhook.spooled() == []
    (row,) = rows_of(desk.database, tables.incoming_mail)
    assert row.delivery_id == desk.letters[0]

    webhook.send(("email", bounce), ("envelope", envelope))
    assert reader.read(open_spool(webhook.served.site.settings)).read == 0


def test_a_call_without_the_secret_is_refused_from_its_head(webhook: Webhook) -> None:
    for path in ("/webhooks/inbound/wrong", f"/webhooks/inbound/{SECRET}%C3%A9"):
        assert refused_from_head(webhook.served, path) == 401
    assert not webhook.spool.exists()
    assert {line["route"] for line in webhook.served.log} == {"/webhooks/inbound/{secret}"}


def test_without_the_setting_there_is_no_webhook(served: Serving) -> None:
    assert served.post("/webhooks/inbound/x").status == 404


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"", FORM, 400),
        (b"email=x", "application/x-www-form-urlencoded", 400),
        (b"x", "multipart/form-data", 400),
        (b'--xYzZY\r\nContent-Disposition: form-data; name="email"\r\n\r\nX', FORM, 400),
        (b"--nonsense", FORM, 400),
        (b'--xYzZY\r\nContent-Disposition: form-data; name="a"\r\n\r\nX\r\n--xYzZY--', FORM, 503),
        (bytes(33 << 20), FORM, 413),
    ],
)  # fmt: skip
def test_what_is_not_a_whole_mail_is_refused_and_leaves_nothing(
    webhook: Webhook, body: bytes, kind: str, status: int
) -> None:
    answer = webhook.call(body, kind=kind)

    assert (answer.status, list(json.loads(answer.text))) == (status, ["error"])
    assert webhook.spooled() == []
    assert not list(webhook.spool.glob("tmp/*"))


def test_an_envelope_cannot_write_other_headers(webhook: Webhook) -> None:
    for to in ('{"to": ["a@b.example\\r\\nFrom: x"]}', '{"to": []}', "[" * 9_000, "null", "\xff"):
        answer = webhook.send(("email", letter("Hi")), ("envelope", to.encode("latin-1")))
        assert answer.status == 200
    assert {one[:60].split()[0] for one in webhook.spooled()} == {b"X-Envelope-To:"}
    assert all(one.split(b"\r\n")[0].strip() == b"X-Envelope-To:" for one in webhook.spooled())


def test_a_disk_that_is_full_asks_for_the_mail_again(webhook: Webhook) -> None:
    webhook.spool.parent.mkdir(exist_ok=True)
    webhook.spool.write_text("in the way")

    assert webhook.send(("email", letter("Hi"))).status == 503
