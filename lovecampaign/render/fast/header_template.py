"""Template of the bytes around an email's bodies: headers and MIME boundaries, with holes.

The headers are written once by the plain path's code, with placeholders for personal values, and
cut at the placeholders.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from email.utils import format_datetime
from enum import StrEnum

from lovecampaign.audience.subscriber import Subscriber
from lovecampaign.render.fast.result_cache import BoundedCache
from lovecampaign.render.mime.headers import encode_address
from lovecampaign.render.mime.message import (
    EmailHeaders,
    boundary_of,
    is_plain_id,
    part_starts,
    write_head,
)
from lovecampaign.render.model.errors import RenderError
from lovecampaign.render.model.recipient import Links, Recipient


class HeaderHole(StrEnum):
    """Personal values around the bodies."""

    TO = "to"  #: address and name, encoded
    SUBJECT = "subject"  #: more often of the variant than of the subscriber
    DATE = "date"
    DELIVERY = "delivery"  #: the opaque id, also part of the boundary
    UNSUBSCRIBE = "unsubscribe"  #: the link, encoded with the subscriber's other links


HeaderPart = bytes | HeaderHole

_PLAIN_MAILBOX = re.compile(
    r"[A-Za-z0-9]+(?: [A-Za-z0-9]+)* <[A-Za-z0-9_.+-]+@[a-z0-9.-]+>"
).fullmatch
#: Fits into a line without being folded.
_SHORT = 60
#: Placeholder for a date; real ones are of this century.
_PLACEHOLDER_DATE = datetime(1970, 1, 1, tzinfo=UTC)


class HeaderTemplate:
    """Everything of an email's messages but subject and bodies."""

    PERSONAL = (HeaderHole.TO, HeaderHole.DATE, HeaderHole.DELIVERY)

    def __init__(self, email_headers: EmailHeaders, prefix: str) -> None:
        """``prefix`` occurs nowhere in the email (:class:`TokenFormat`)."""
        self.email_headers = email_headers
        placeholders: dict[HeaderHole, str] = {one: f"{prefix}{one}z" for one in HeaderHole}
        placeholders[HeaderHole.DATE] = format_datetime(_PLACEHOLDER_DATE)
        boundary = boundary_of(placeholders[HeaderHole.DELIVERY])
        head = _head_with(email_headers, placeholders, boundary)
        plain, html, end = part_starts(boundary)
        holes = {one.encode(): hole for hole, one in placeholders.items()}
        self.before_text: Sequence[HeaderPart] = tuple(_cut(head + plain, holes))
        self.before_html: Sequence[HeaderPart] = tuple(_cut(html, holes))
        self.after_html: Sequence[HeaderPart] = tuple(_cut(end, holes))
        self._dates: BoundedCache[bytes] = BoundedCache()

    def personal(self, recipient: Recipient) -> list[bytes]:
        """The value of each of :attr:`PERSONAL`.

        Raises RenderError for what only the plain path can write.
        """
        delivery = recipient.delivery_id
        if not is_plain_id(delivery):
            raise RenderError("the delivery's id needs quoting")
        return [
            self._to(recipient).encode("ascii"),
            self._date(recipient.first_claimed_at),
            delivery.encode("ascii"),
        ]

    def _to(self, recipient: Recipient) -> str:
        """Most names and addresses need neither quoting nor encoding."""
        subscriber = recipient.subscriber
        name = f"{subscriber.first_name} {subscriber.last_name}".strip()
        line = f"{name} <{subscriber.email}>"
        if len(line) <= _SHORT and _PLAIN_MAILBOX(line):
            return line
        return encode_address(self.email_headers.to(recipient), len("To: "))

    def _date(self, claimed_at: datetime) -> bytes:
        """Cached: all deliveries of one claim share it."""
        date = self._dates.get(claimed_at)
        if date is None:
            date = format_datetime(claimed_at.astimezone(UTC)).encode("ascii")
            self._dates.keep(claimed_at, date)
        return date


def _head_with(
    email_headers: EmailHeaders, placeholders: Mapping[HeaderHole, str], boundary: str
) -> bytes:
    address = "nobody@stand-in.invalid"
    links = dict.fromkeys((one.name for one in fields(Links)), "")
    sample = Recipient(
        subscriber=Subscriber(id=0, email=address),
        zone="UTC",
        delivery_id=placeholders[HeaderHole.DELIVERY],
        first_claimed_at=_PLACEHOLDER_DATE,
        links=Links(**{**links, "unsubscribe": placeholders[HeaderHole.UNSUBSCRIBE]}),
    )
    message = email_headers.message(sample, placeholders[HeaderHole.SUBJECT], b"", b"")
    head = write_head(message, boundary)
    return head.replace(address.encode("ascii"), placeholders[HeaderHole.TO].encode("ascii"))


def _cut(source: bytes, holes: Mapping[bytes, HeaderHole]) -> Iterator[HeaderPart]:
    placeholder = b"(" + b"|".join(map(re.escape, holes)) + b")"
    for number, piece in enumerate(re.split(placeholder, source)):
        yield holes[piece] if number % 2 else piece
