"""SendGrid webhook events as test data, and their signature."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from lovecampaign.web.serve.webhooks.sendgrid_signature import SIGNATURE_HEADER, TIMESTAMP_HEADER

SgEvent = dict[str, Any]
_MACHINE = "192.0.2.17"
_BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"
_OK = "250 2.0.0 OK  1755119505 e9e14a558f8cb-3e543d3ec1csi148151125cb.10 - gsmtp"
_SMTP_ID = "<14c5d75ce93.dfd.64b469@ismtpd-555>"
#: The fields of each kind of event beyond the common ones.
_OF_KIND: Mapping[str, SgEvent] = {
    "processed": {"smtp-id": _SMTP_ID, "pool": {"name": "letters", "id": "210"}},
    "delivered": {"smtp-id": _SMTP_ID, "response": _OK, "ip": _MACHINE, "tls": 1},
    "deferred": {"smtp-id": _SMTP_ID, "response": "421 4.7.0 Try again later", "attempt": "2"},
    "dropped": {"smtp-id": _SMTP_ID, "reason": "Bounced Address"},
    "bounce": {
        "smtp-id": _SMTP_ID,
        "type": "bounce",
        "status": "5.1.1",
        "reason": "550 5.1.1 <{email}> no such user",
        "bounce_classification": "Invalid Address",
        "ip": _MACHINE,
        "tls": 1,
    },
    "open": {"ip": _MACHINE, "useragent": _BROWSER, "sg_content_type": "html"},
    "click": {"ip": _MACHINE, "useragent": _BROWSER, "url": "https://bloom.example/soil"},
    "spamreport": {},
    "unsubscribe": {"ip": _MACHINE, "useragent": _BROWSER, "date": "2027-02-01"},
    "group_unsubscribe": {"ip": _MACHINE, "useragent": _BROWSER, "asm_group_id": 10},
    "group_resubscribe": {"ip": _MACHINE, "useragent": _BROWSER, "asm_group_id": 10},
}
KINDS = tuple(_OF_KIND)
#: A full mailbox: SendGrid goes on writing to it.
BLOCKED: SgEvent = {
    "type": "blocked",
    "status": "4.2.2",
    "reason": "452 4.2.2 mailbox full",
    "bounce_classification": "Mailbox Unavailable",
}


def make_event(
    kind: str, lc_id: str, email: str, at: datetime, number: int = 0, **more: object
) -> SgEvent:
    """An event of a message; the same ``number`` is the same event again."""
    own = {
        name: value.replace("{email}", email) if isinstance(value, str) else value
        for name, value in _OF_KIND[kind].items()
    }
    name = f"{kind}-{lc_id}-{number}".encode()
    event_id = base64.urlsafe_b64encode(name).decode().rstrip("=")
    return {
        "email": email,
        "event": kind,
        "timestamp": int(at.timestamp()),
        "sg_event_id": event_id[:100],
        "sg_message_id": "Xj5LmNkWSOqRbdvOpR34BA.recvd-85abf8d92c-3qfgp-2-7890E356-43C.1",
        "category": ["letters"],
        "lc_id": lc_id,
        **own,
        **more,
    }


class Webhook:
    """SendGrid's side of the event webhook, with a key pair of its own."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())

    @property
    def public_key(self) -> str:
        """As SendGrid's settings page shows it: base64 without a PEM frame."""
        raw = self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return base64.b64encode(raw).decode()

    def body(self, events: Sequence[object]) -> bytes:
        """Its bodies end with CRLF, which is signed too."""
        return json.dumps(events).encode() + b"\r\n"

    def headers(self, body: bytes, timestamp: str = "1800000000") -> dict[str, str]:
        signature = self._key.sign(timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))
        return {
            SIGNATURE_HEADER: base64.b64encode(signature).decode(),
            TIMESTAMP_HEADER: timestamp,
            "Content-Type": "application/json",
        }


def event_validator(description: Path) -> Callable[[SgEvent], Iterator[str]]:
    """Checks events against the schemas of the Email Logs API; needs ``jsonschema``.

    Those nest the custom arguments that the webhook puts beside everything else.
    """
    from jsonschema import Draft202012Validator

    components = json.loads(description.read_text(encoding="utf-8"))["components"]
    by_event = components["schemas"]["EmailLogsEvent"]["discriminator"]["mapping"]

    def check(event: SgEvent) -> Iterator[str]:
        logged = {name: value for name, value in event.items() if name != "lc_id"}
        schema = {"$ref": by_event[event["event"]], "components": components}
        validator = Draft202012Validator(schema)
        for error in validator.iter_errors({**logged, "custom_args": {"lc_id": event["lc_id"]}}):
            yield error.message

    return check
