"""What does a message look like as a request to SendGrid's v3 Mail Send?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.header import Header
from typing import Any

from lovecampaign.message import Address, Message
from lovecampaign.providers.addresses import on_the_wire

#: Headers that SendGrid writes itself and refuses to be given (its OpenAPI description).
FORBIDDEN_HEADERS = frozenset(
    {
        "x-sg-id",
        "x-sg-eid",
        "received",
        "dkim-signature",
        "content-type",
        "content-transfer-encoding",
        "to",
        "from",
        "subject",
        "reply-to",
        "cc",
        "bcc",
    }
)

#: Everything of SendGrid's that would change links or add an unsubscribe of its own. With
#: subscription tracking on, a mail would carry two List-Unsubscribe mechanisms.
_TRACKING_OFF = {
    "click_tracking": {"enable": False, "enable_text": False},
    "open_tracking": {"enable": False},
    "subscription_tracking": {"enable": False},
    "ganalytics": {"enable": False},
}

_NOT_ASCII_WORDS = re.compile(r"\S*[^\x00-\x7f]\S*(?:[ \t]+\S*[^\x00-\x7f]\S*)*")


def as_request(message: Message) -> dict[str, Any]:
    """The request body for one message with its full content; raises UnusableAddress."""
    return {
        "personalizations": [personal_part(message)],
        **common_part(message, text=message.text, html=message.html),
    }


def personal_part(message: Message) -> dict[str, Any]:
    """What is one person's own, beside what fills their holes; raises UnusableAddress."""
    return {
        "to": [_address(message.to)],
        "subject": message.subject,
        "headers": _headers(message.headers),
        # Opaque on purpose: SendGrid stores it in the clear and shows it in every event.
        "custom_args": {"lc_id": message.delivery_id},
    }


def common_part(message: Message, *, text: str, html: str) -> dict[str, Any]:
    """What all people of a request have in common; raises UnusableAddress."""
    return {
        "from": _address(message.sender),
        "reply_to": _address(message.reply_to),
        "content": [  # plain text first, or SendGrid refuses the request
            {"type": "text/plain", "value": text},
            {"type": "text/html", "value": html},
        ],
        "tracking_settings": _TRACKING_OFF,
    }


def _address(address: Address) -> dict[str, str]:
    email = {"email": on_the_wire(address.email)}
    # SendGrid takes neither "," nor ";" in a name.
    name = " ".join(address.name.replace(",", " ").replace(";", " ").split())
    return {**email, "name": name} if name else email


def _headers(headers: Mapping[str, str]) -> dict[str, str]:
    return {
        name: _as_ascii(value)
        for name, value in headers.items()
        if name.lower() not in FORBIDDEN_HEADERS
    }


def _as_ascii(value: str) -> str:
    """Words outside ASCII encoded (RFC 2047); the rest, links above all, as it is."""
    if value.isascii():
        return value
    return _NOT_ASCII_WORDS.sub(
        lambda words: Header(words[0], "utf-8").encode(splitchars="", linesep=""), value
    )
