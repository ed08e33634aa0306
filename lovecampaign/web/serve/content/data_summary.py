"""Subject access (GDPR) in plain words: a subscriber's records, translated line by line.

The JSON file for other programs has the names of our tables and columns.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lovecampaign.campaign.words.catalog import Translation
from lovecampaign.campaign.words.locale import join_list
from lovecampaign.render.model.formatting import LocalizedTime
from lovecampaign.store.subscribers.subject_access import Row

#: Internal keys, without meaning for the subscriber.
_INTERNAL = frozenset(
    {
        *("id", "address_key", "mailbox", "delivery_id", "nonce", "import_id"),
        *("mail_id", "message_id", "references", "html", "content"),
        *("transactional_id", "case_id", "words_hash", "written"),
    }
)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")
#: Columns with values of ours, which have a translation.
_ENUMS = frozenset({"state", "reason", "kind"})
#: Columns with keys that are not ours: the subscriber's fields, a provider's report.
_FOREIGN_KEYS = frozenset(
    {
        ("subscriber", "fields"),
        ("event", "payload"),
        ("import_change", "old_fields"),
        ("import_change", "new_fields"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DataLine:
    """One stored value with its label."""

    label: str
    value: str
    #: Belongs to the line above.
    is_inside: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSection:
    """The rows of one table."""

    table: str
    rows: Sequence[Sequence[DataLine]]


def summarize_data(
    data: Mapping[str, Sequence[Row]], translation: Translation
) -> Sequence[DataSection]:
    """Every table's section, in the order of ``data``; times are UTC."""
    return [
        DataSection(table=table, rows=[list(_lines(table, row, translation)) for row in rows])
        for table, rows in data.items()
    ]


def _lines(table: str, row: Row, t: Translation) -> Iterator[DataLine]:
    for name, value in row.items():
        if name in _INTERNAL or value in (None, "", {}):
            continue
        label = _label("letter" if (table, name) == ("delivery", "email") else name, t)
        if isinstance(value, Mapping):
            yield DataLine(label=label, value="")
            yield from _inner_lines(value, t, is_ours=(table, name) not in _FOREIGN_KEYS)
        else:
            yield DataLine(label=label, value=_translate(name, value, t))


def _inner_lines(value: Mapping[str, Any], t: Translation, *, is_ours: bool) -> Iterator[DataLine]:
    for name, one in value.items():
        if (is_ours and name in _INTERNAL) or one in (None, "", {}, []):
            continue
        label = _label(name, t) if is_ours else name
        yield DataLine(label=label, value=_format(one, t), is_inside=True)


def _label(name: str, t: Translation) -> str:
    try:
        return t(f"data.field.{name}")
    except KeyError:  # a payload of an older version of ours
        return name.replace("_", " ")


def _translate(name: str, value: object, t: Translation) -> str:
    if name in _ENUMS:
        with suppress(KeyError):
            return t(f"data.value.{value}")
    return _format(value, t)


def _format(value: object, t: Translation) -> str:
    if isinstance(value, bool):
        return t("data.yes" if value else "data.no")
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_format(one, t)}" for name, one in value.items())
    if isinstance(value, list):
        return join_list([_format(one, t) for one in value], t.language)
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        instant = datetime.fromisoformat(value).astimezone(UTC)
        return str(LocalizedTime.of(instant, "UTC", t.language))
    return str(value)
