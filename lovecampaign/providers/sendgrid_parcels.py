"""Who can share a request to SendGrid, and what does such a request say?

People whose messages are of one variant share it: text and HTML stand in the request once, with
keys in them, and each person has substitutions for the keys. Everybody else goes alone.
"""

from __future__ import annotations

import json
import secrets
import string
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from lovecampaign.message import Address, Fault, Message, SharedContent
from lovecampaign.providers.addresses import UnusableAddress
from lovecampaign.providers.sendgrid_payload import common_part, personal_part
from lovecampaign.providers.verdict import Verdict, permanent, stop_the_run

#: SendGrid's own limits: people in a request, bytes of a person's substitutions.
MOST_PEOPLE = 1000
MOST_SUBSTITUTION_BYTES = 10_000
#: Theirs is 30 MB; they ask for 20.
MOST_BYTES = 15_000_000
_FIRST_LETTER, _LETTERS = "Q", string.ascii_lowercase + string.digits
_MOST_HOLES = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody in a request: whom the answer is about, and their part of the body."""

    delivery_id: str
    to: Address
    body: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """The people of one request."""

    people: tuple[Person, ...]
    #: JSON of what they have in common, without the braces.
    common: str = ""
    #: Set where no request needs to be made.
    verdict: Verdict | None = None

    @property
    def body(self) -> bytes:
        people = ",".join(person.body for person in self.people)
        return f'{{"personalizations":[{people}],{self.common}}}'.encode("ascii")

    def of(self, people: Iterable[Person]) -> Parcel:
        """The same for some of its people."""
        return replace(self, people=tuple(people))

    def halves(self) -> tuple[Parcel, Parcel]:
        middle = len(self.people) // 2
        return self.of(self.people[:middle]), self.of(self.people[middle:])


def pack(messages: Iterable[Message], most_people: int = MOST_PEOPLE) -> Iterator[Parcel]:
    """Requests for all messages, each as soon as it is full, and the rest at the end.

    All of a claim's people may wait here, so that a claim should be no larger than a request.
    """
    waiting: dict[SharedContent, _Shelf] = {}
    for message in messages:
        try:
            personal = personal_part(message)
        except UnusableAddress as error:
            yield _refused(message, permanent(str(error), Fault.RECIPIENT))
            continue
        try:
            yield from _shelve(message, personal, waiting, most_people)
        except UnusableAddress as error:
            yield _refused(message, stop_the_run(f"the sender's address: {error}"))
    for shelf in waiting.values():
        if shelf.people:
            yield shelf.parcel


def _shelve(
    message: Message,
    personal: dict[str, Any],
    waiting: dict[SharedContent, _Shelf],
    most_people: int,
) -> Iterator[Parcel]:
    """Put a person to others of the variant; yields what is ready to go."""
    variant = message.variant
    if variant is None or most_people == 1:
        yield _alone(message, personal)
        return
    shelf = waiting.get(variant) or _Shelf.of(variant, message)
    person = shelf.person(message, personal)
    if person is not None and not shelf.has_room_for(person):
        yield shelf.parcel
        shelf = _Shelf.of(variant, message)
        person = shelf.person(message, personal)
    waiting[variant] = shelf
    if person is None:
        yield _alone(message, personal)
        return
    shelf.add(person)
    if len(shelf.people) == most_people:
        yield waiting.pop(variant).parcel


@dataclass(slots=True, kw_only=True)
class _Shelf:
    """People of one variant who wait for others."""

    keys: _Keys
    common: str
    people: list[Person] = field(default_factory=list)
    addresses: set[str] = field(default_factory=set)
    bytes_used: int = 0

    @classmethod
    def of(cls, variant: SharedContent, message: Message) -> _Shelf:
        keys = _Keys.absent_from(variant)
        common = common_part(
            message, text=variant.shared_text(keys.key), html=variant.shared_html(keys.key)
        )
        return cls(keys=keys, common=_dump(common)[1:-1])

    @property
    def parcel(self) -> Parcel:
        return Parcel(people=tuple(self.people), common=self.common)

    def person(self, message: Message, personal: dict[str, Any]) -> Person | None:
        """The message's part of this request; None where it must go alone."""
        values = message.substitutions
        substitutions = dict(zip(self.keys.first(len(values)), values, strict=True))
        body = _dump({**personal, "substitutions": substitutions})
        # Bytes beside the substitutions count too: what is close to the limit goes alone.
        if len(body) > MOST_SUBSTITUTION_BYTES or len(values) > _MOST_HOLES:
            return None
        if body.count(self.keys.prefix) != len(values):
            return None  # SendGrid would replace a key in a value, or in the subject, too
        return Person(delivery_id=message.delivery_id, to=message.to, body=body)

    def has_room_for(self, person: Person) -> bool:
        """An address stands in a request only once."""
        return not self.people or (
            person.to.email.casefold() not in self.addresses
            and self.bytes_used + len(person.body) + len(self.common) <= MOST_BYTES
        )

    def add(self, person: Person) -> None:
        self.people.append(person)
        self.addresses.add(person.to.email.casefold())
        self.bytes_used += len(person.body) + 1


class _Keys:
    """What stands in the holes: as long as one another, and nowhere else in the request."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self._keys: list[str] = []

    @classmethod
    def absent_from(cls, variant: SharedContent) -> _Keys:
        """Random for each request: nobody can write a key into a field of theirs."""
        content = variant.shared_text(_no_key) + variant.shared_html(_no_key)
        while True:
            # Its first letter comes only once, so that no key begins within another.
            prefix = _FIRST_LETTER + "".join(secrets.choice(_LETTERS) for _ in range(15))
            if prefix not in content:
                return cls(prefix)

    def key(self, number: int) -> str:
        return f"{self.prefix}{number:03d}"

    def first(self, count: int) -> list[str]:
        while len(self._keys) < count:
            self._keys.append(self.key(len(self._keys)))
        return self._keys[:count]


def _no_key(_number: int) -> str:
    return ""


def _alone(message: Message, personal: dict[str, Any]) -> Parcel:
    """A request with the message's full content."""
    common = common_part(message, text=message.text, html=message.html)
    person = Person(delivery_id=message.delivery_id, to=message.to, body=_dump(personal))
    return Parcel(people=(person,), common=_dump(common)[1:-1])


def _refused(message: Message, verdict: Verdict) -> Parcel:
    person = Person(delivery_id=message.delivery_id, to=message.to)
    return Parcel(people=(person,), verdict=verdict)


#: ASCII, so that a lone surrogate is no trouble, and one character is one byte.
_dump: Callable[[Any], str] = json.JSONEncoder(separators=(",", ":")).encode
