"""Inputs of an email: the personal values that templates can read.

Every personal value starts at one of these leaves, on both paths of rendering: the plain path
reads them, the fast path records that they were read.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from operator import attrgetter
from typing import Any

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.render.model.formatting import LocalizedTime
from lovecampaign.render.model.recipient import Links, Progress, Recipient


class SubscriberFields:
    """``fields`` in a template: the subscriber's custom fields."""

    TEMPLATE_NAME = "fields"
    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    def __contains__(self, name: object) -> bool:
        return name in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A personal input, the leaf of an expression tree; equal by name."""

    #: ``subscriber.first_name``.
    name: str
    value: Callable[[Recipient], Any] = field(compare=False)
    #: Two recipients with equal keys have equal values.
    key: Callable[[Recipient], Hashable] = field(compare=False)
    #: Whether many subscribers may share a value, so that caching results by it pays.
    is_shared: bool = field(default=True, compare=False)
    #: Whether it always prints something.
    is_never_empty: bool = field(default=False, compare=False)
    #: Whether the value as a whole is a guard, by its key: many subscribers in a row share it.
    is_guard: bool = field(default=False, compare=False)


def leaves_of(campaign: Campaign) -> Mapping[str, Leaf]:
    """Every leaf of a campaign's emails, by name."""
    own = campaign.language
    language = Leaf(
        name="subscriber.language",
        value=lambda recipient: recipient.subscriber.language or own,
        key=attrgetter("subscriber.language"),
        is_never_empty=True,
    )
    leaves = (
        *_SUBSCRIBER,
        language,
        *_LINKS,
        *_times(campaign),
        _plain("deal.code", "deal_code"),
        _HEROES,
        *_PROGRESS,
        _plain("giving.gifts", "giving.gifts", is_never_empty=True),
        _plain("giving.asks", "giving.asks", is_never_empty=True),
        _plain("note", "note", is_shared=False),
    )
    return {leaf.name: leaf for leaf in leaves}


def field_leaf(name: str, read: Callable[[Recipient], Any]) -> Leaf:
    """One custom field, which a subscriber may lack."""
    return Leaf(
        name=f"subscriber.fields.{name}",
        value=read,
        key=lambda recipient: recipient.subscriber.fields.get(name),
    )


def _plain(name: str, path: str, *, is_shared: bool = True, is_never_empty: bool = False) -> Leaf:
    read = attrgetter(path)
    return Leaf(name=name, value=read, key=read, is_shared=is_shared, is_never_empty=is_never_empty)


def _times(campaign: Campaign) -> Iterator[Leaf]:
    """Instants, in the subscriber's zone and the campaign's language."""
    language, launch_at, deal = campaign.language, campaign.launch.at, campaign.insider_deal
    yield _time("campaign.launch_at", language, lambda _: launch_at, "zone")
    if deal is not None:
        yield _time("deal.opens", language, lambda _: deal.opens, "zone")
        yield _time(
            "deal.closes",
            language,
            lambda recipient: recipient.deal_closes or deal.closes,
            "deal_closes",
            "zone",
        )


def _time(
    name: str, language: str, instant: Callable[[Recipient], datetime], *depends_on: str
) -> Leaf:
    return Leaf(
        name=name,
        value=lambda recipient: LocalizedTime.of(instant(recipient), recipient.zone, language),
        key=attrgetter(*depends_on),
        is_never_empty=True,
    )


_SUBSCRIBER = (
    _plain("subscriber.email", "subscriber.email", is_shared=False, is_never_empty=True),
    _plain("subscriber.first_name", "subscriber.first_name"),
    _plain("subscriber.last_name", "subscriber.last_name"),
    _plain("subscriber.timezone", "zone", is_never_empty=True),
    Leaf(
        name="subscriber.fields",
        value=lambda recipient: SubscriberFields(recipient.subscriber.fields),
        key=lambda recipient: tuple(recipient.subscriber.fields.items()),
    ),
    Leaf(
        name="subscriber.tags",
        value=lambda recipient: tuple(sorted(recipient.subscriber.tags)),
        key=attrgetter("subscriber.tags"),
    ),
    _plain("subscriber.is_insider", "subscriber.is_insider"),
)
_LINKS = tuple(
    _plain(f"links.{one.name}", f"links.{one.name}", is_shared=False, is_never_empty=True)
    for one in fields(Links)
)
_PROGRESS = tuple(
    _plain(f"progress.{name}", f"progress.{name}", is_never_empty=True) for name in Progress._fields
)
_HEROES = Leaf(
    name="heroes", value=attrgetter("heroes"), key=attrgetter("heroes.version"), is_guard=True
)
#: In the headers of every campaign message, printed or not.
UNSUBSCRIBE_LINK = next(one for one in _LINKS if one.name == "links.unsubscribe")
