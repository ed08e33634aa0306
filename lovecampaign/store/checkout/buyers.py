"""Record buyers by email address or by the deal code that they used."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.engine import Connection

from lovecampaign.audience.address import InvalidAddress, normalise
from lovecampaign.core.csv_file.reader import CsvRow, CsvTable, open_csv
from lovecampaign.core.errors import UsageError
from lovecampaign.core.problems import Place, Problem
from lovecampaign.store.checkout.redeem import redeem_claims_of, redeem_code
from lovecampaign.store.database.engine import Database
from lovecampaign.store.database.upsert import insert_or_ignore
from lovecampaign.store.tables import buyer

#: Headings of the column that names buyers, in the order in which they are looked for.
HEADINGS = ("email", "e-mail", "email address", "code", "coupon", "discount code")
UNKNOWN_BUYER = "LC903"


@dataclass(frozen=True, slots=True, kw_only=True)
class BuyersReport:
    """The result of an import of buyers."""

    new: int
    known: int
    #: One for each row that was rejected.
    problems: tuple[Problem, ...] = ()


def add_buyer(database: Database, campaign_id: int, named: str, now: datetime) -> bool:
    """Record a buyer; returns whether the buyer is new.

    Raises UsageError for a text that is neither an address nor an assigned code.
    """
    with database.write() as connection:
        return _record(connection, campaign_id, named, "operator", now)


def import_buyers(
    database: Database, campaign_id: int, path: Path, shown_as: str, now: datetime
) -> BuyersReport:
    """Record the buyers of a CSV file with a column of addresses or codes, in one transaction.

    Raises UsageError where the file cannot be read or has no such column, and ProblemsFound where
    it is no table.
    """
    new = known = 0
    problems: list[Problem] = []
    with open_csv(path, shown_as=shown_as) as table, database.write() as connection:
        for row, named in _named_rows(table, shown_as):
            try:
                _require_readable(row)
                is_new = _record(connection, campaign_id, named, shown_as, now)
            except UsageError as error:
                place = Place(file=shown_as, line=row.line)
                problems.append(
                    Problem(code=UNKNOWN_BUYER, message=error.message, place=place, hint=error.hint)
                )
            else:
                new += is_new
                known += not is_new
    return BuyersReport(new=new, known=known, problems=tuple(problems))


def _named_rows(table: CsvTable, shown_as: str) -> Iterator[tuple[CsvRow, str]]:
    column = _find_column(table.headings, shown_as)
    for row in table.rows:
        if any(cell.strip() for cell in row.cells) or row.fault:
            yield row, row.cells[column].strip() if column < len(row.cells) else ""


def _require_readable(row: CsvRow) -> None:
    if row.fault:
        raise UsageError(row.fault)


def _find_column(headings: Sequence[str], shown_as: str) -> int:
    known = [heading.strip().casefold() for heading in headings]
    for wanted in HEADINGS:
        if wanted in known:
            return known.index(wanted)
    raise UsageError(
        f"{shown_as} has no column that names buyers",
        hint="call the column of addresses `email`, or the column of codes `code`",
    )


def _record(
    connection: Connection, campaign_id: int, named: str, source: str, now: datetime
) -> bool:
    if "@" not in named:
        return redeem_code(connection, named, at=now, by=source, campaign_id=campaign_id).is_new
    try:
        key = normalise(named)
    except InvalidAddress as error:
        raise UsageError(f"{named!r} is no email address: {error}") from error
    redeem_claims_of(connection, campaign_id, key, at=now, by=source)
    row = {"campaign_id": campaign_id, "address_key": key, "bought_at": now, "source": source}
    inserted = insert_or_ignore(connection, buyer).values(**row).returning(buyer.c.address_key)
    return connection.execute(inserted).first() is not None
