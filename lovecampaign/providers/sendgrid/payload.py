"""Writes a message as JSON for SendGrid's v3 Mail Send.

Piece by piece: the part that many recipients share is encoded once, and a dictionary for each
recipient took most of the time of a request.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from email.header import Header
from functools import lru_cache
from json import dumps
from json.encoder import encode_basestring_ascii

from lovecampaign.core.message import Address, Message
from lovecampaign.providers.base.addresses import encode_address

#: Headers that SendGrid writes itself and rejects in requests (its OpenAPI description).
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

#: SendGrid must neither rewrite links nor add a second List-Unsubscribe header.
_TRACKING_OFF = dumps(
    {
        "click_tracking": {"enable": False, "enable_text": False},
        "open_tracking": {"enable": False},
        "subscription_tracking": {"enable": False},
        "ganalytics": {"enable": False},
    }
)

_NOT_ASCII_WORDS = re.compile(r"\S*[^\x00-\x7f]\S*(?:[ \t]+\S*[^\x00-\x7f]\S*)*")

#: A text as JSON, in quotes; in ASCII, so that a lone surrogate is valid and one character is
#: one byte.
as_json: Callable[[str], str] = encode_basestring_ascii


def personal_part(message: Message, to: Address) -> str:
    """The JSON of one recipient, without substitutions; raises UnusableAddress.

    ``to`` is the message's own.
    """
    return (
        f'"to":[{_address(to)}],"subject":{as_json(message.subject)},'
        f'"headers":{{{_headers(message.headers)}}},'
        # Opaque on purpose: SendGrid stores it unencrypted and shows it in every event.
        f'"custom_args":{{"lc_id":{as_json(message.delivery_id)}}}'
    )


def full_part(message: Message) -> str:
    """The JSON of a message that is not in :func:`personal_part`; raises UnusableAddress."""
    return common_part(message, text=as_json(message.text), html=as_json(message.html))


def common_part(message: Message, *, text: str, html: str) -> str:
    """The JSON that all recipients of a request share; raises UnusableAddress.

    ``text`` and ``html`` are JSON already.
    """
    return (
        f'"from":{_address(message.sender)},"reply_to":{_address(message.reply_to)},'
        # Plain text first, or SendGrid rejects the request.
        f'"content":[{{"type":"text/plain","value":{text}}},'
        f'{{"type":"text/html","value":{html}}}],"tracking_settings":{_TRACKING_OFF}'
    )


def _address(address: Address) -> str:
    email = f'"email":{as_json(encode_address(address.email))}'
    # SendGrid accepts neither "," nor ";" in a name.
    name = " ".join(address.name.replace(",", " ").replace(";", " ").split())
    return f'{{{email},"name":{as_json(name)}}}' if name else f"{{{email}}}"


def _headers(headers: Mapping[str, str]) -> str:
    written = [
        f"{key}:{as_json(value if value.isascii() else _as_ascii(value))}"
        for name, value in headers.items()
        if (key := _header_key(name))
    ]
    return ",".join(written)


@lru_cache(maxsize=64)
def _header_key(name: str) -> str:
    """A header's name as JSON; "" for one that SendGrid refuses."""
    return "" if name.lower() in FORBIDDEN_HEADERS else as_json(name)


def _as_ascii(value: str) -> str:
    """Words outside ASCII encoded (RFC 2047); the rest, above all links, unchanged."""
    return _NOT_ASCII_WORDS.sub(
        lambda words: Header(words[0], "utf-8").encode(splitchars="", linesep=""), value
    )
