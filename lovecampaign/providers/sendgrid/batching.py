"""Who can share a request to SendGrid, and what does such a request say?

People whose messages are of one variant share it: text and HTML stand in the request once, with
keys in them, and each person has substitutions for the keys. Everybody else goes alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from lovecampaign.core.message import Address, Fault, Message, SharedContent
from lovecampaign.providers.base.addresses import UnusableAddress
from lovecampaign.providers.base.outcomes import Verdict, permanent, stop_the_run
from lovecampaign.providers.sendgrid.payload import as_json, full_part, personal_part
from lovecampaign.providers.sendgrid.shared_content import (
    MAX_HOLES,
    ContentTemplate,
    ContentTemplates,
)

#: SendGrid's own limits: people in a request, bytes of a person's substitutions.
MAX_RECIPIENTS = 1000
MAX_SUBSTITUTION_BYTES = 10_000
#: Theirs is 30 MB; they ask for 20.
MAX_REQUEST_BYTES = 15_000_000


class Personalization(NamedTuple):
    """Somebody in a request: whom the answer is about, and their part of the body."""

    delivery_id: str
    to: Address
    body: bytes = b""

    def with_body(self, body: str) -> Personalization:
        return Personalization(self.delivery_id, self.to, body.encode("ascii"))


class RequestBatch(NamedTuple):
    """The people of one request.

    A tuple, since there may be one for each message: a dataclass took three times as long.
    """

    people: tuple[Personalization, ...]
    #: JSON of what they have in common, without the braces.
    common: bytes = b""
    #: Set where no request needs to be made.
    verdict: Verdict | None = None

    @property
    def body(self) -> Sequence[bytes]:
        """In pieces: it is a megabyte, and to be copied once."""
        people = [b","] * (2 * len(self.people) - 1)
        people[::2] = [person.body for person in self.people]
        return [b'{"personalizations":[', *people, b"],", self.common, b"}"]

    def of(self, people: Iterable[Personalization]) -> RequestBatch:
        """The same for some of its people."""
        return self._replace(people=tuple(people))

    def halves(self) -> tuple[RequestBatch, RequestBatch]:
        middle = len(self.people) // 2
        return self.of(self.people[:middle]), self.of(self.people[middle:])


class Batcher:
    """Makes requests of messages, claim after claim."""

    def __init__(self, most_people: int = MAX_RECIPIENTS) -> None:
        self._most_people = most_people
        self._contents = ContentTemplates()

    def pack(self, messages: Iterable[Message]) -> Iterator[RequestBatch]:
        """Requests for all messages, each as soon as it is full, and the rest at the end.

        All of a claim's people may wait here, so that a claim should be no larger than a request.
        """
        waiting: dict[SharedContent, _Shelf] = {}
        for message in messages:
            # Asked for once: a message may work its recipient out for each who asks.
            person = Personalization(message.delivery_id, message.to)
            try:
                personal = personal_part(message, person.to)
            except UnusableAddress as error:
                yield _refused(person, permanent(str(error), Fault.RECIPIENT))
                continue
            try:
                yield from self._shelve(message, person, personal, waiting)
            except UnusableAddress as error:
                yield _refused(person, stop_the_run(f"the sender's address: {error}"))
        for shelf in waiting.values():
            if shelf.people:
                yield shelf.parcel

    def _shelve(
        self,
        message: Message,
        person: Personalization,
        personal: str,
        waiting: dict[SharedContent, _Shelf],
    ) -> Iterator[RequestBatch]:
        """Put a person to others of the variant; yields what is ready to go."""
        variant = message.variant
        if variant is None:
            yield _alone(person, personal, full_part(message).encode("ascii"))
            return
        shelf = waiting.get(variant)
        if shelf is None:
            shelf = waiting[variant] = _Shelf(self._contents.of(variant, message))
        elif not shelf.has_room_for(person.to):
            yield shelf.parcel
            shelf = waiting[variant] = _Shelf(shelf.content)
        values = list(map(as_json, message.substitutions))
        if self._most_people == 1 or not shelf.add(person, personal, values):
            yield _alone(person, personal, shelf.content.filled(values))
        elif len(shelf.people) == self._most_people:
            yield waiting.pop(variant).parcel


class _Shelf:
    """People of one variant who wait for others."""

    def __init__(self, content: ContentTemplate) -> None:
        self.content = content
        self.people: list[Personalization] = []
        self._keys = content.new_keys()
        self._common = content.with_keys(self._keys)
        self._bytes = len(self._common)
        self._addresses: set[str] = set()

    @property
    def parcel(self) -> RequestBatch:
        return RequestBatch(people=tuple(self.people), common=self._common)

    def has_room_for(self, to: Address) -> bool:
        """An address stands in a request only once; there is always room for the first."""
        is_new = to.email.casefold() not in self._addresses
        return not self.people or (
            is_new and self._bytes + MAX_SUBSTITUTION_BYTES < MAX_REQUEST_BYTES
        )

    def add(self, person: Personalization, personal: str, values: Sequence[str]) -> bool:
        """Take somebody in; False where they must go alone."""
        if len(values) > MAX_HOLES:
            return False
        body = f'{{{personal},"substitutions":{self._keys.object_of(values)}}}'
        # Bytes beside the substitutions count too: what is close to the limit goes alone.
        if len(body) > MAX_SUBSTITUTION_BYTES:
            return False
        if body.count(self._keys.prefix) != len(values):
            return False  # SendGrid would replace a key in a value, or in the subject, too
        self.people.append(person.with_body(body))
        self._addresses.add(person.to.email.casefold())
        self._bytes += len(body) + 1
        return True


def _alone(person: Personalization, personal: str, content: bytes) -> RequestBatch:
    """A request with the message's full content."""
    return RequestBatch((person.with_body(f"{{{personal}}}"),), content)


def _refused(person: Personalization, verdict: Verdict) -> RequestBatch:
    return RequestBatch((person,), verdict=verdict)
