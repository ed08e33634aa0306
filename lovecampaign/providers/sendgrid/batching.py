"""Groups messages into SendGrid requests.

Messages of one variant share a request: it has text and HTML once, with keys in the holes, and
substitutions for the keys per recipient. Any other message gets a request of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from lovecampaign.core.message import Address, FaultKind, Message, SharedContent
from lovecampaign.providers.base.addresses import UnusableAddress
from lovecampaign.providers.base.outcomes import Verdict, permanent, stop_the_run
from lovecampaign.providers.sendgrid.payload import as_json, full_part, personal_part
from lovecampaign.providers.sendgrid.shared_content import (
    MAX_HOLES,
    ContentTemplate,
    ContentTemplates,
)

#: SendGrid's own limits: recipients of a request, bytes of a recipient's substitutions.
MAX_RECIPIENTS = 1000
MAX_SUBSTITUTION_BYTES = 10_000
#: Theirs is 30 MB; they recommend 20.
MAX_REQUEST_BYTES = 15_000_000


class Personalization(NamedTuple):
    """One recipient of a request: address, and JSON of their part of the body."""

    delivery_id: str
    to: Address
    body: bytes = b""

    def with_body(self, body: str) -> Personalization:
        return Personalization(self.delivery_id, self.to, body.encode("ascii"))


class RequestBatch(NamedTuple):
    """The recipients of one request.

    A tuple, since there may be one for each message: a dataclass took three times as long.
    """

    recipients: tuple[Personalization, ...]
    #: JSON that they share, without the braces.
    common: bytes = b""
    #: Set where no request is needed.
    verdict: Verdict | None = None

    @property
    def body(self) -> Sequence[bytes]:
        """In pieces: it has a megabyte, and is copied once."""
        pieces = [b","] * (2 * len(self.recipients) - 1)
        pieces[::2] = [recipient.body for recipient in self.recipients]
        return [b'{"personalizations":[', *pieces, b"],", self.common, b"}"]

    def of(self, recipients: Iterable[Personalization]) -> RequestBatch:
        """The same for some of its recipients."""
        return self._replace(recipients=tuple(recipients))

    def halves(self) -> tuple[RequestBatch, RequestBatch]:
        middle = len(self.recipients) // 2
        return self.of(self.recipients[:middle]), self.of(self.recipients[middle:])


class Batcher:
    """Groups messages, claim after claim."""

    def __init__(self, max_recipients: int = MAX_RECIPIENTS) -> None:
        self._max_recipients = max_recipients
        self._templates = ContentTemplates()

    def group(self, messages: Iterable[Message]) -> Iterator[RequestBatch]:
        """Requests for all messages, each as soon as it is full, and the rest at the end.

        All messages of a claim may wait here, so a claim should be no larger than a request.
        """
        waiting: dict[SharedContent, _OpenBatch] = {}
        for message in messages:
            # Read once: a message may compute its recipient at each access.
            recipient = Personalization(message.delivery_id, message.to)
            try:
                personal = personal_part(message, recipient.to)
            except UnusableAddress as error:
                yield _rejected(recipient, permanent(str(error), FaultKind.RECIPIENT))
                continue
            try:
                yield from self._add(message, recipient, personal, waiting)
            except UnusableAddress as error:
                yield _rejected(recipient, stop_the_run(f"the sender's address: {error}"))
        for batch in waiting.values():
            if batch.recipients:
                yield batch.finished

    def _add(
        self,
        message: Message,
        recipient: Personalization,
        personal: str,
        waiting: dict[SharedContent, _OpenBatch],
    ) -> Iterator[RequestBatch]:
        """Add a recipient to the batch of the variant; yields batches that are full."""
        variant = message.variant
        if variant is None:
            yield _single(recipient, personal, full_part(message).encode("ascii"))
            return
        batch = waiting.get(variant)
        if batch is None:
            batch = waiting[variant] = _OpenBatch(self._templates.of(variant, message))
        elif not batch.has_room_for(recipient.to):
            yield batch.finished
            batch = waiting[variant] = _OpenBatch(batch.template)
        values = list(map(as_json, message.substitutions))
        if self._max_recipients == 1 or not batch.add(recipient, personal, values):
            yield _single(recipient, personal, batch.template.filled(values))
        elif len(batch.recipients) == self._max_recipients:
            yield waiting.pop(variant).finished


class _OpenBatch:
    """Recipients of one variant, not yet enough for a request."""

    def __init__(self, template: ContentTemplate) -> None:
        self.template = template
        self.recipients: list[Personalization] = []
        self._keys = template.new_keys()
        self._common = template.with_keys(self._keys)
        self._bytes = len(self._common)
        self._addresses: set[str] = set()

    @property
    def finished(self) -> RequestBatch:
        return RequestBatch(recipients=tuple(self.recipients), common=self._common)

    def has_room_for(self, to: Address) -> bool:
        """An address may be in a request only once; there is always room for the first."""
        if not self.recipients:
            return True
        is_new = to.email.casefold() not in self._addresses
        return is_new and self._bytes + MAX_SUBSTITUTION_BYTES < MAX_REQUEST_BYTES

    def add(self, recipient: Personalization, personal: str, values: Sequence[str]) -> bool:
        """Add a recipient; False for one who needs a request of their own."""
        if len(values) > MAX_HOLES:
            return False
        body = f'{{{personal},"substitutions":{self._keys.object_of(values)}}}'
        # Counts more than the substitutions: near the limit a message goes alone.
        if len(body) > MAX_SUBSTITUTION_BYTES:
            return False
        if body.count(self._keys.prefix) != len(values):
            return False  # SendGrid would replace a key in a value, or in the subject, too
        self.recipients.append(recipient.with_body(body))
        self._addresses.add(recipient.to.email.casefold())
        self._bytes += len(body) + 1
        return True


def _single(recipient: Personalization, personal: str, content: bytes) -> RequestBatch:
    """A request with the message's full content."""
    return RequestBatch((recipient.with_body(f"{{{personal}}}"),), content)


def _rejected(recipient: Personalization, verdict: Verdict) -> RequestBatch:
    return RequestBatch((recipient,), verdict=verdict)
