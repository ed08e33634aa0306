"""How is what we keep about somebody said to them? In their language, line by line.

The file for other programs has the names of our records; people read words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lovecampaign.render.model.formatting import LocalizedTime
from lovecampaign.store.subscribers.subject_access import Row
from lovecampaign.web.serve.content.i18n import Wording

#: Numbers by which our machines find a row again: they tell nobody anything.
_NUMBERS = frozenset({"id", "address_key", "delivery_id"})
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")
#: Their values are words of ours.
_CLOSED_LISTS = frozenset({"state", "reason", "kind"})
#: Held by the rows of these tables under names that are not ours: what the person told us, what
#: a provider reported.
_OTHERS_WORDS = frozenset({("subscriber", "fields"), ("event", "payload")})


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing that is kept."""

    label: str
    value: str
    #: It belongs to the line above.
    is_inside: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The rows of a table."""

    table: str
    rows: Sequence[Sequence[Line]]


def read_out(everything: Mapping[str, Sequence[Row]], wording: Wording) -> Sequence[Part]:
    """Every part, in the order of the records; times are UTC."""
    return [
        Part(table=table, rows=[list(_lines(table, row, wording)) for row in rows])
        for table, rows in everything.items()
    ]


def _lines(table: str, row: Row, wording: Wording) -> Iterator[Line]:
    for name, value in row.items():
        if name in _NUMBERS or value in (None, "", {}):
            continue
        label = _label("letter" if (table, name) == ("delivery", "email") else name, wording)
        if isinstance(value, Mapping):
            yield Line(label=label, value="")
            yield from _inside(value, wording, is_ours=(table, name) not in _OTHERS_WORDS)
        else:
            yield Line(label=label, value=_say_known(name, value, wording))


def _inside(value: Mapping[str, Any], wording: Wording, *, is_ours: bool) -> Iterator[Line]:
    for name, one in value.items():
        if (is_ours and name in _NUMBERS) or one in (None, "", {}, []):
            continue
        label = _label(name, wording) if is_ours else name
        yield Line(label=label, value=_say(one, wording), is_inside=True)


def _label(name: str, wording: Wording) -> str:
    try:
        return wording(f"everything.field.{name}")
    except KeyError:  # a payload of an older version of ours
        return name.replace("_", " ")


def _say_known(name: str, value: object, wording: Wording) -> str:
    """A word of ours out of a closed list, or what it says itself."""
    if name in _CLOSED_LISTS:
        with suppress(KeyError):
            return wording(f"everything.value.{value}")
    return _say(value, wording)


def _say(value: object, wording: Wording) -> str:
    if isinstance(value, bool):
        return wording("everything.yes" if value else "everything.no")
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_say(one, wording)}" for name, one in value.items())
    if isinstance(value, list):
        return ", ".join(_say(one, wording) for one in value)
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        instant = datetime.fromisoformat(value).astimezone(UTC)
        return str(LocalizedTime.of(instant, "UTC", wording.language))
    return str(value)
