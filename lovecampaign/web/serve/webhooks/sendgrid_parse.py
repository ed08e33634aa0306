"""Translates SendGrid's events into reports; pure, without I/O.

A batch has no order, and an event may be repeated. A malformed event is kept as far as it can be
read, and does not affect the others.
Sources: SendGrid's event reference, and the schemas in ``tsg_logs_v3.json``.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from lovecampaign.audience.subscriber import SuppressionReason
from lovecampaign.core.tokens import Purpose, RowKey, TokenSigner
from lovecampaign.store.ledger.events import EventKind, ProviderEvent
from lovecampaign.web.serve.webhooks.bounded_json import read_json

_KINDS: Mapping[str, EventKind] = {
    "processed": EventKind.PROCESSED,
    "delivered": EventKind.DELIVERED,
    "deferred": EventKind.DEFERRED,
    "dropped": EventKind.DROPPED,
    "cancel_drop": EventKind.DROPPED,
    "spamreport": EventKind.COMPLAINED,
    "unsubscribe": EventKind.UNSUBSCRIBED,
    "group_unsubscribe": EventKind.UNSUBSCRIBED,
    "open": EventKind.OPENED,
    "click": EventKind.CLICKED,
}
_SUPPRESSES: Mapping[EventKind, SuppressionReason] = {
    EventKind.BOUNCED: SuppressionReason.HARD_BOUNCE,
    EventKind.COMPLAINED: SuppressionReason.COMPLAINT,
    EventKind.UNSUBSCRIBED: SuppressionReason.UNSUBSCRIBED,
}
#: Reasons for ``dropped``: the address is on one of SendGrid's own suppression lists.
_DROPPED_FOR: Mapping[str, SuppressionReason] = {
    "bounced address": SuppressionReason.HARD_BOUNCE,
    "invalid": SuppressionReason.HARD_BOUNCE,
    "spam reporting address": SuppressionReason.COMPLAINT,
    "unsubscribed address": SuppressionReason.UNSUBSCRIBED,
}
#: Bounce classes by which a receiver rejects the sender, not the address.
_SENDER_REJECTED = frozenset({"reputation", "content", "frequency or volume too high"})
#: The fields that are stored: no email or IP address, no user agent, no link.
_KEPT = (
    "event",
    "type",
    "reason",
    "response",
    "status",
    "bounce_classification",
    "attempt",
    "asm_group_id",
    "sg_machine_open",
    "sg_message_id",
)
_ADDRESS = re.compile(r"[^\s<>()\[\]\"',;:=]+@[^\s<>()\[\]\"',;:]+")
_OWN_ID = re.compile(r"[A-Za-z0-9_=-]{1,100}")
_MAX_LENGTH = 500
_YEARS = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC))


def read_batch(body: bytes, signer: TokenSigner, now: datetime) -> Sequence[ProviderEvent]:
    """A report for each event; raises MalformedJson.

    ``now`` replaces a time that is unreadable or in the future.
    """
    batch = read_json(body)
    return [_read(one, signer, now) for one in (batch if isinstance(batch, list) else [batch])]


def _read(event: object, signer: TokenSigner, now: datetime) -> ProviderEvent:
    if not isinstance(event, dict):
        return ProviderEvent(key=_key_of(event), kind=EventKind.UNKNOWN, at=now, payload={})
    kind = _kind_of(event)
    delivery_key, transactional_key = _read_own_id(event, signer)
    return ProviderEvent(
        key=_key_of(event),
        kind=kind,
        at=_at(event.get("timestamp"), now),
        delivery_key=delivery_key,
        transactional_key=transactional_key,
        message_id=_message_id(event),
        address=_text(event, "email"),
        suppresses=_reason_to_suppress(event, kind),
        unsubscribes_from_campaign=_text(event, "event") == "group_unsubscribe",
        payload={name: _keep(event[name]) for name in _KEPT if name in event},
    )


def _read_own_id(
    event: Mapping[str, Any], signer: TokenSigner
) -> tuple[RowKey | None, RowKey | None]:
    """A delivery, or a transactional message."""
    arguments = event.get("custom_args")
    nested = _text(arguments, "lc_id") if isinstance(arguments, dict) else ""
    token = _text(event, "lc_id") or nested
    if not token:
        return None, None
    delivery_key = signer.verify(Purpose.DELIVERY, token)
    if delivery_key is not None:
        return delivery_key, None
    return None, signer.verify(Purpose.TRANSACTIONAL, token)


def _message_id(event: Mapping[str, Any]) -> str:
    """Without SendGrid's suffix, as in the API's response; '' where it cannot be stored."""
    given = _text(event, "sg_message_id").partition(".")[0]
    return given if given.isprintable() else ""


def _kind_of(event: Mapping[str, Any]) -> EventKind:
    name = _text(event, "event")
    return _kind_of_bounce(event) if name == "bounce" else _KINDS.get(name, EventKind.UNKNOWN)


def _kind_of_bounce(event: Mapping[str, Any]) -> EventKind:
    """SendGrid suppresses addresses with ``type`` bounce, and goes on sending after a block."""
    if _text(event, "type") in ("bounce", ""):
        return EventKind.BOUNCED
    rejects_sender = _text(event, "bounce_classification").lower() in _SENDER_REJECTED
    return EventKind.BLOCKED if rejects_sender else EventKind.SOFT_BOUNCED


def _reason_to_suppress(event: Mapping[str, Any], kind: EventKind) -> SuppressionReason | None:
    if kind is EventKind.DROPPED:
        return _DROPPED_FOR.get(_text(event, "reason").strip().lower())
    return _SUPPRESSES.get(kind)


def _key_of(event: object) -> str:
    """SendGrid's id, or a hash of the content: the idempotency key of the event."""
    own = event.get("sg_event_id") if isinstance(event, dict) else None
    if isinstance(own, str) and _OWN_ID.fullmatch(own):
        return own
    whole = json.dumps(event, sort_keys=True).encode()
    return f"sendgrid:{hashlib.sha256(whole).hexdigest()}"


def _at(timestamp: object, now: datetime) -> datetime:
    if not isinstance(timestamp, int | float | str):
        return now
    try:
        instant = datetime.fromtimestamp(float(timestamp), UTC)
    except (ValueError, OverflowError, OSError):
        return now
    return min(instant, now) if _YEARS[0] <= instant < _YEARS[1] else now


def _text(event: Mapping[str, Any], name: str) -> str:
    value = event.get(name)
    return value if isinstance(value, str) else ""


def _keep(value: object) -> object:
    """Numbers unchanged; text without email addresses, and storable in both databases."""
    if isinstance(value, bool | int) or value is None:
        return value
    text = value if isinstance(value, str) else json.dumps(value)
    if not text.isprintable():
        text = "".join(letter if letter.isprintable() else " " for letter in text)
    return _ADDRESS.sub("(address)", text[:_MAX_LENGTH]) if "@" in text else text[:_MAX_LENGTH]
