"""Which bytes stand around the bodies of an email's messages, and what in them is personal?

The headers are written once, the plain way, for somebody made up; then they are cut where that
person's own things stand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from enum import StrEnum

from lovecampaign.audience.subscriber import Subscriber
from lovecampaign.render.mime.email_headers import EmailHeaders
from lovecampaign.render.mime.headers import encode_address
from lovecampaign.render.mime.write import boundary_of, is_plain_id, part_starts, write_head
from lovecampaign.render.model.errors import RenderError
from lovecampaign.render.model.recipient import Links, Recipient


class HeaderHole(StrEnum):
    """What differs from person to person around the bodies."""

    TO = "to"  #: address and name, encoded
    SUBJECT = "subject"  #: of the variant rather than of the person, more often than not
    DATE = "date"
    DELIVERY = "delivery"  #: the opaque id, which the boundary holds too
    UNSUBSCRIBE = "unsubscribe"  #: the link, which is encoded with the reader's other links


HeaderPart = bytes | HeaderHole

_PLAIN_MAILBOX = re.compile(
    r"[A-Za-z0-9]+(?: [A-Za-z0-9]+)* <[A-Za-z0-9_.+-]+@[a-z0-9.-]+>"
).fullmatch
#: Fits into a line without being folded.
_SHORT = 60
#: Stands in for a date; a real one is of this century.
_STAND_IN_DATE = datetime(1970, 1, 1, tzinfo=UTC)
_KEPT_DATES = 256


class HeaderTemplate:
    """Everything of an email's messages but subject and bodies."""

    PERSONAL = (HeaderHole.TO, HeaderHole.DATE, HeaderHole.DELIVERY)

    def __init__(self, envelope: EmailHeaders, prefix: str) -> None:
        """``prefix`` is what nothing in the email begins with (:class:`TokenShape`)."""
        self.envelope = envelope
        stand_ins: dict[HeaderHole, str] = {one: f"{prefix}{one}z" for one in HeaderHole}
        stand_ins[HeaderHole.DATE] = format_datetime(_STAND_IN_DATE)
        boundary = boundary_of(stand_ins[HeaderHole.DELIVERY])
        head = _head_for_stand_ins(envelope, stand_ins, boundary)
        plain, html, end = part_starts(boundary)
        pattern = re.compile(b"|".join(re.escape(one.encode()) for one in stand_ins.values()))
        names = {one.encode(): name for name, one in stand_ins.items()}
        self.before_text: Sequence[HeaderPart] = tuple(_cut(head + plain, pattern, names))
        self.before_html: Sequence[HeaderPart] = tuple(_cut(html, pattern, names))
        self.after_html: Sequence[HeaderPart] = tuple(_cut(end, pattern, names))
        self._dates: dict[datetime, bytes] = {}

    def personal(self, recipient: Recipient) -> list[bytes]:
        """What belongs at each of :attr:`PERSONAL`.

        Raises RenderError for what only the plain path can judge.
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
        """Most people's name and address need nothing done to them."""
        person = recipient.subscriber
        name = f"{person.first_name} {person.last_name}".strip()
        line = f"{name} <{person.email}>"
        if len(line) <= _SHORT and _PLAIN_MAILBOX(line):
            return line
        return encode_address(self.envelope.to(recipient), len("To: "))

    def _date(self, claimed_at: datetime) -> bytes:
        """The people of one claim share it."""
        known = self._dates.get(claimed_at)
        if known is None:
            if len(self._dates) >= _KEPT_DATES:
                self._dates.clear()
            known = format_datetime(claimed_at.astimezone(UTC)).encode("ascii")
            self._dates[claimed_at] = known
        return known


def _head_for_stand_ins(
    envelope: EmailHeaders, stand_ins: Mapping[HeaderHole, str], boundary: str
) -> bytes:
    nobody = Recipient(
        subscriber=Subscriber(id=0, email="nobody@stand-in.invalid"),
        zone="UTC",
        delivery_id=stand_ins[HeaderHole.DELIVERY],
        first_claimed_at=_STAND_IN_DATE,
        links=_links(stand_ins[HeaderHole.UNSUBSCRIBE]),
    )
    draft = envelope.draft(nobody, stand_ins[HeaderHole.SUBJECT], b"", b"")
    head = write_head(draft, boundary)
    to = stand_ins[HeaderHole.TO].encode("ascii")
    return head.replace(nobody.subscriber.email.encode("ascii"), to)


def _links(unsubscribe: str) -> Links:
    return Links(
        unsubscribe=unsubscribe,
        preferences="",
        web_view="",
        join="",
        insiders="",
        share="",
        deal="",
    )


def _cut(
    source: bytes, pattern: re.Pattern[bytes], names: Mapping[bytes, HeaderHole]
) -> Iterator[HeaderPart]:
    end = 0
    for found in pattern.finditer(source):
        yield source[end : found.start()]
        yield names[found[0]]
        end = found.end()
    yield source[end:]
