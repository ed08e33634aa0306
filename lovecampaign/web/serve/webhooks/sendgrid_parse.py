"""What do SendGrid's events say in our words? Pure: from a request's bytes to reports.

A batch is taken as a set of facts: nothing is known of its order, an event may come twice, and
one that cannot be understood is kept as far as it can be read and takes none of the others along.
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
from lovecampaign.core.tokens import Purpose, TokenSigner
from lovecampaign.store.ledger.events import EventKind, ProviderEvent

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
#: Why SendGrid drops: it keeps lists of its own, on which the address stands since earlier.
_DROPPED_FOR: Mapping[str, SuppressionReason] = {
    "bounced address": SuppressionReason.HARD_BOUNCE,
    "invalid": SuppressionReason.HARD_BOUNCE,
    "spam reporting address": SuppressionReason.COMPLAINT,
    "unsubscribed address": SuppressionReason.UNSUBSCRIBED,
}
#: Classes of bounces for which their reader can do nothing: the receiver refuses us.
_ABOUT_US = frozenset({"reputation", "content", "frequency or volume too high"})
#: What is worth keeping of an event: no address of a person or machine, no browser, no link.
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
_MOST_LETTERS = 500
_YEARS = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC))


class NotABatch(Exception):
    """The body is not JSON, so nothing of it can be kept."""


def read_batch(body: bytes, signer: TokenSigner, now: datetime) -> Sequence[ProviderEvent]:
    """A report for each event; raises NotABatch.

    ``now`` stands in for a time that cannot be read, and no event is of the future.
    """
    try:
        said = json.loads(body, parse_int=_read_int)
    except (ValueError, RecursionError) as error:
        raise NotABatch from error
    return [_read(one, signer, now) for one in (said if isinstance(said, list) else [said])]


def _read_int(digits: str) -> int | str:
    """A number without end would cost a whole batch (CPython limits int() of text)."""
    return int(digits) if len(digits) < 20 else digits


def _read(said: object, signer: TokenSigner, now: datetime) -> ProviderEvent:
    if not isinstance(said, dict):
        return ProviderEvent(key=_key_of(said), kind=EventKind.UNKNOWN, at=now, payload={})
    kind = _kind_of(said)
    delivery_id, transactional_id = _read_own_id(said, signer)
    return ProviderEvent(
        key=_key_of(said),
        kind=kind,
        at=_at(said.get("timestamp"), now),
        delivery_id=delivery_id,
        transactional_id=transactional_id,
        message_id=_message_id(said),
        address=_text(said, "email"),
        suppresses=_reason_to_suppress(said, kind),
        unsubscribes_from_campaign=_text(said, "event") == "group_unsubscribe",
        payload={name: _keep(said[name]) for name in _KEPT if name in said},
    )


def _read_own_id(said: Mapping[str, Any], signer: TokenSigner) -> tuple[int | None, int | None]:
    """The number of a delivery, or that of mail that was asked for."""
    token = _text(said, "lc_id") or _nested(said, "custom_args", "lc_id")
    if not token:
        return None, None
    delivery_id = signer.verify(Purpose.DELIVERY, token)
    if delivery_id is not None:
        return delivery_id, None
    return None, signer.verify(Purpose.TRANSACTIONAL, token)


def _message_id(said: Mapping[str, Any]) -> str:
    """As the answer gave it, before SendGrid's suffix; nothing where no database can hold it."""
    given = _text(said, "sg_message_id").partition(".")[0]
    return given if given.isprintable() else ""


def _kind_of(said: Mapping[str, Any]) -> EventKind:
    name = _text(said, "event")
    return _kind_of_bounce(said) if name == "bounce" else _KINDS.get(name, EventKind.UNKNOWN)


def _kind_of_bounce(said: Mapping[str, Any]) -> EventKind:
    """SendGrid itself suppresses what has ``type`` bounce, and goes on with what is blocked."""
    if _text(said, "type") in ("bounce", ""):
        return EventKind.BOUNCED
    is_about_us = _text(said, "bounce_classification").lower() in _ABOUT_US
    return EventKind.BLOCKED if is_about_us else EventKind.SOFT_BOUNCED


def _reason_to_suppress(said: Mapping[str, Any], kind: EventKind) -> SuppressionReason | None:
    if kind is EventKind.DROPPED:
        return _DROPPED_FOR.get(_text(said, "reason").strip().lower())
    return _SUPPRESSES.get(kind)


def _key_of(said: object) -> str:
    """SendGrid's own id; of what has none, its content: the same again is the same event."""
    own = said.get("sg_event_id") if isinstance(said, dict) else None
    if isinstance(own, str) and _OWN_ID.fullmatch(own):
        return own
    whole = json.dumps(said, sort_keys=True).encode()
    return f"sendgrid:{hashlib.sha256(whole).hexdigest()}"


def _at(timestamp: object, now: datetime) -> datetime:
    if not isinstance(timestamp, int | float | str):
        return now
    try:
        instant = datetime.fromtimestamp(float(timestamp), UTC)
    except (ValueError, OverflowError, OSError):
        return now
    return min(instant, now) if _YEARS[0] <= instant < _YEARS[1] else now


def _text(said: Mapping[str, Any], name: str) -> str:
    found = said.get(name)
    return found if isinstance(found, str) else ""


def _nested(said: Mapping[str, Any], outer: str, name: str) -> str:
    found = said.get(outer)
    return _text(found, name) if isinstance(found, dict) else ""


def _keep(value: object) -> object:
    """Numbers as they are; of texts what both databases can hold, without addresses."""
    if isinstance(value, bool | int) or value is None:
        return value
    text = value if isinstance(value, str) else json.dumps(value)
    if not text.isprintable():
        text = "".join(letter if letter.isprintable() else " " for letter in text)
    return _ADDRESS.sub("(address)", text[:_MOST_LETTERS]) if "@" in text else text[:_MOST_LETTERS]
