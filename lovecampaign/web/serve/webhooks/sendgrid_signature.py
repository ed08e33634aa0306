"""Verifies SendGrid's signature: ECDSA over timestamp and raw body, by ``sendgrid``'s library.

Timestamps do not expire: SendGrid retries for 24 hours with the time of the first try, and a
replayed batch holds only known events.
"""

from __future__ import annotations

import binascii
from collections.abc import Callable
from typing import TypeAlias

from lovecampaign.core.errors import UsageError

SIGNATURE_HEADER = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP_HEADER = "X-Twilio-Email-Event-Webhook-Timestamp"
VARIABLE = "SENDGRID_WEBHOOK_PUBLIC_KEY"
#: Of the body, the signature and the timestamp.
Verify: TypeAlias = Callable[[bytes, str, str], bool]
_FRAMES = ("-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----")


def verifier(public_key: str) -> Verify:
    """A function that verifies a batch; raises UsageError for an invalid key.

    The key may be copied with or without its PEM frame, on one line or several.
    """
    from cryptography.hazmat.primitives.asymmetric import ec
    from sendgrid.helpers.eventwebhook import EventWebhook  # half a second to import

    try:
        webhook = EventWebhook(_bare(public_key))
    except Exception as error:  # several kinds, of two libraries
        raise _not_a_key() from error
    if not isinstance(webhook.public_key, ec.EllipticCurvePublicKey):
        raise _not_a_key()

    def verify(body: bytes, signature: str, timestamp: str) -> bool:
        if not signature or not timestamp:
            return False
        try:
            # The library takes text, and encodes it again to the signed bytes.
            return bool(webhook.verify_signature(body.decode(), signature, timestamp))
        except (binascii.Error, ValueError):
            return False  # invalid base64 or UTF-8

    return verify


def _bare(public_key: str) -> str:
    """The base64 without its PEM frame."""
    text = public_key.replace("\\n", "\n")
    for frame in _FRAMES:
        text = text.replace(frame, "")
    return "".join(text.split())


def _not_a_key() -> UsageError:
    return UsageError(
        f"{VARIABLE} is not the public key of an event webhook",
        hint="copy it from SendGrid's settings of the event webhook, Signature Verification",
    )
