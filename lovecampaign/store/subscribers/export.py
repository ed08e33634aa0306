"""Export all subscribers as a CSV file that an import accepts unchanged."""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from lovecampaign.audience.cells import escape_formula
from lovecampaign.audience.columns import EXPORTED, Column
from lovecampaign.audience.status import ACTIVE_WORD, STATUS_WORDS, UNCONFIRMED_WORD
from lovecampaign.audience.subscriber import SuppressionReason
from lovecampaign.store.database.engine import Database
from lovecampaign.store.tables import consent, membership, subscriber, subscriber_tag, suppression

#: Subscribers per statement.
PAGE = 2_000
#: Of several reasons the first of these is exported.
_BY_SEVERITY = (
    SuppressionReason.COMPLAINT,
    SuppressionReason.HARD_BOUNCE,
    SuppressionReason.UNSUBSCRIBED,
    SuppressionReason.MANUAL,
    SuppressionReason.SOFT_BOUNCES,
)

_NEEDS_QUOTES = re.compile(r'[,;"\t\r\n]')

Write = Callable[[str], object]


def export_subscribers(database: Database, write: Write) -> int:
    """Write all but the forgotten as CSV, row by row; returns how many.

    The columns are those that an import reads, then one for each field that any subscriber has. A
    value that a spreadsheet would run as a formula gets an apostrophe in front.
    """
    count = 0
    with database.read() as connection:
        fields = _field_names(connection)
        write(_csv_line([*EXPORTED, *fields]))
        for row in _rows(connection, fields):
            write(_csv_line([escape_formula(cell) for cell in row]))
            count += 1
    return count


def _csv_line(cells: Sequence[str]) -> str:
    """RFC 4180, section 2; quoted is also what other separators would split (``;``, tab)."""
    return ",".join(map(_quote, cells)) + "\r\n"


def _quote(cell: str) -> str:
    if cell.isalnum() or not _NEEDS_QUOTES.search(cell):
        return cell
    doubled = cell.replace('"', '""')
    return f'"{doubled}"'


def _field_names(connection: Connection) -> list[str]:
    names: set[str] = set()
    query = sa.select(subscriber.c.fields).where(subscriber.c.forgotten_at.is_(None))
    with connection.execution_options(yield_per=PAGE).execute(query) as rows:
        for fields in rows.scalars():
            names.update(fields)
    return sorted(names)


def _rows(connection: Connection, fields: Sequence[str]) -> Iterator[list[str]]:
    for page in _pages(connection):
        tags = _tags(connection, page)
        consents = _newest_consents(connection, page)
        words = _status_words(connection, page)
        for person in page:
            number = person["id"]
            yield [
                person["email"],
                person["first_name"],
                person["last_name"],
                person["timezone"],
                ";".join(tags[number]),
                *_consent_cells(consents.get(number)),
                _moment(person["last_active_at"]),
                words[number],
                person["locale"] or "",
                *(person["fields"].get(name, "") for name in fields),
            ]
    status = EXPORTED.index(Column.STATUS)
    for key, word in _suppressed_strangers(connection):
        row = [key, *[""] * (len(EXPORTED) + len(fields) - 1)]
        row[status] = word
        yield row


def _pages(connection: Connection) -> Iterator[Sequence[RowMapping]]:
    query = (
        sa.select(subscriber)
        .where(subscriber.c.forgotten_at.is_(None))
        .order_by(subscriber.c.id)
        .limit(PAGE)
    )
    reached = 0
    while page := connection.execute(query.where(subscriber.c.id > reached)).mappings().all():
        yield page
        reached = page[-1]["id"]


def _is_on_page(
    column: sa.ColumnElement[int], page: Sequence[RowMapping]
) -> sa.ColumnElement[bool]:
    """Pages are in order of ids: a range equals a list of 2,000 ids."""
    return column.between(page[0]["id"], page[-1]["id"])


def _tags(connection: Connection, page: Sequence[RowMapping]) -> Mapping[int, list[str]]:
    tags: defaultdict[int, list[str]] = defaultdict(list)
    columns = (subscriber_tag.c.subscriber_id, subscriber_tag.c.tag)
    query = sa.select(*columns).where(_is_on_page(subscriber_tag.c.subscriber_id, page))
    for number, tag in connection.execute(query.order_by(subscriber_tag.c.tag)):
        tags[number].append(tag)
    return tags


def _newest_consents(
    connection: Connection, page: Sequence[RowMapping]
) -> Mapping[int, RowMapping]:
    query = (
        sa.select(consent)
        .where(_is_on_page(consent.c.subscriber_id, page))
        .order_by(consent.c.given_at, consent.c.id)
    )
    return {row["subscriber_id"]: row for row in connection.execute(query).mappings()}


def _consent_cells(row: RowMapping | None) -> list[str]:
    if row is None:
        return [""] * 5
    return [
        _moment(row["given_at"]),
        _moment(row["confirmed_at"]),
        row["source"],
        row["kind"],
        _moment(row["expires_at"]),
    ]


def _moment(moment: datetime | None) -> str:
    """To the microsecond, so that an import finds the logged consents unchanged."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else ""


def _status_words(connection: Connection, page: Sequence[RowMapping]) -> Mapping[int, str]:
    lists: defaultdict[int, dict[str, bool]] = defaultdict(dict)
    query = sa.select(
        membership.c.subscriber_id, membership.c.list, membership.c.confirmed_at
    ).where(_is_on_page(membership.c.subscriber_id, page))
    for number, name, confirmed_at in connection.execute(query):
        lists[number][name] = confirmed_at is not None
    left = _suppressions_by_list(connection, page)
    return {person["id"]: _status_word(lists[person["id"]], left[person["id"]]) for person in page}


def _suppressions_by_list(
    connection: Connection, page: Sequence[RowMapping]
) -> Mapping[int, dict[str, set[str]]]:
    """For each subscriber, the reasons for which each list is suppressed."""
    reasons: defaultdict[int, dict[str, set[str]]] = defaultdict(dict)
    query = (
        sa.select(subscriber.c.id, suppression.c.list, suppression.c.reason)
        .join(suppression, suppression.c.address_key == subscriber.c.address_key)
        .where(_is_on_page(subscriber.c.id, page), _is_permanent)
    )
    for number, name, reason in connection.execute(query):
        reasons[number].setdefault(name, set()).add(reason)
    return reasons


_is_permanent = sa.and_(suppression.c.lifted_at.is_(None), suppression.c.only_campaign == "")


def _status_word(lists: Mapping[str, bool], left: Mapping[str, set[str]]) -> str:
    """One word per subscriber: suppressed only where no list is left that may be mailed."""
    everywhere = left.get("", set())
    open_lists = [is_confirmed for name, is_confirmed in lists.items() if name not in left]
    if everywhere or (lists and not open_lists):
        return _most_severe(everywhere.union(*left.values()))
    return ACTIVE_WORD if any(open_lists) or not lists else UNCONFIRMED_WORD


def _most_severe(reasons: set[str]) -> str:
    known = (STATUS_WORDS[reason] for reason in _BY_SEVERITY if reason.value in reasons)
    return next(known, STATUS_WORDS[SuppressionReason.MANUAL])


def _suppressed_strangers(connection: Connection) -> Iterator[tuple[str, str]]:
    """Suppressed addresses that never were subscribers here."""
    known = sa.exists().where(subscriber.c.address_key == suppression.c.address_key)
    query = (
        sa.select(suppression.c.address_key, suppression.c.reason)
        .where(_is_permanent, suppression.c.list == "", sa.not_(known))
        .order_by(suppression.c.address_key)
        .execution_options(yield_per=PAGE)
    )
    with connection.execute(query) as rows:
        for key, group in itertools.groupby(rows, key=lambda row: row.address_key):
            yield key, _most_severe({row.reason for row in group})
