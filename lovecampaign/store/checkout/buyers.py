"""Who has bought? People named by their address, or by the code that they used."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.engine import Connection

from lovecampaign.audience.address import InvalidAddress, normalise
from lovecampaign.core.csv_reader import CsvRow, CsvTable, open_csv
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
    """What an import of buyers found."""

    new: int
    known: int
    #: One for each row that names nobody we know.
    problems: tuple[Problem, ...] = ()


def add_buyer(database: Database, campaign_id: int, named: str, now: datetime) -> bool:
    """Note that somebody has bought; tells whether that is news.

    Raises UsageError for something that is neither an address nor a code that we gave out.
    """
    with database.write() as connection:
        return _note(connection, campaign_id, named, "operator", now)


def import_buyers(
    database: Database, campaign_id: int, path: Path, shown_as: str, now: datetime
) -> BuyersReport:
    """Note everybody in a CSV file with a column of addresses or codes, in one transaction.

    Raises UsageError where the file cannot be read or has no such column, and ProblemsFound where
    it is no table.
    """
    news = known = 0
    problems: list[Problem] = []
    with open_csv(path, shown_as=shown_as) as table, database.write() as connection:
        for row, named in _named_rows(table, shown_as):
            try:
                _require_sound(row)
                is_news = _note(connection, campaign_id, named, shown_as, now)
            except UsageError as error:
                problems.append(_rejection(row, shown_as, error))
            else:
                news += is_news
                known += not is_news
    return BuyersReport(new=news, known=known, problems=tuple(problems))


def _named_rows(table: CsvTable, shown_as: str) -> Iterator[tuple[CsvRow, str]]:
    column = _find_column(table.headings, shown_as)
    for row in table.rows:
        if any(cell.strip() for cell in row.cells) or row.fault:
            yield row, row.cells[column].strip() if column < len(row.cells) else ""


def _require_sound(row: CsvRow) -> None:
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


def _rejection(row: CsvRow, shown_as: str, error: UsageError) -> Problem:
    return Problem(
        code=UNKNOWN_BUYER,
        message=error.message,
        place=Place(file=shown_as, line=row.line),
        hint=error.hint,
    )


def _note(connection: Connection, campaign_id: int, named: str, source: str, now: datetime) -> bool:
    if "@" not in named:
        return redeem_code(connection, named, at=now, by=source, campaign_id=campaign_id).is_new
    key = _address(named)
    redeem_claims_of(connection, campaign_id, key, at=now, by=source)
    row = {"campaign_id": campaign_id, "address_key": key, "bought_at": now, "source": source}
    inserted = insert_or_ignore(connection, buyer).values(**row).returning(buyer.c.address_key)
    return connection.execute(inserted).first() is not None


def _address(named: str) -> str:
    try:
        return normalise(named)
    except InvalidAddress as error:
        raise UsageError(f"{named!r} is no email address: {error}") from error
