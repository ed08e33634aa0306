"""Did SendGrid write this? ECDSA over the time and the raw body, by ``sendgrid``'s EventWebhook.

No age is too old: SendGrid repeats for 24 hours what was not answered, with the time of the first
try, and a batch that somebody else repeats holds nothing that is not known.
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
    """What tells SendGrid's batches from others'; raises UsageError for what is no key of theirs.

    The key may be copied with or without its PEM frame, on one line or several.
    """
    from cryptography.hazmat.primitives.asymmetric import ec
    from sendgrid.helpers.eventwebhook import EventWebhook  # half a second: only where it is used

    try:
        webhook = EventWebhook(_bare(public_key))
    except Exception as error:  # a handful of kinds, of two libraries
        raise _not_a_key() from error
    if not isinstance(webhook.public_key, ec.EllipticCurvePublicKey):
        raise _not_a_key()

    def verify(body: bytes, signature: str, timestamp: str) -> bool:
        if not signature or not timestamp:
            return False
        try:
            # The library wants a text, and encodes it again to the bytes that were signed.
            return bool(webhook.verify_signature(body.decode(), signature, timestamp))
        except (binascii.Error, ValueError):
            return False  # no base64; or a body, or a header, that is no UTF-8

    return verify


def _bare(public_key: str) -> str:
    """Base64 alone, whatever it was wrapped in."""
    text = public_key.replace("\\n", "\n")
    for frame in _FRAMES:
        text = text.replace(frame, "")
    return "".join(text.split())


def _not_a_key() -> UsageError:
    return UsageError(
        f"{VARIABLE} is not the public key of an event webhook",
        hint="copy it from SendGrid's settings of the event webhook, Signature Verification",
    )
