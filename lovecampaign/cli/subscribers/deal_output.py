"""How do deals and their codes look on a screen, in JSON and as CSV?"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from lovecampaign.audience.cells import escape_formula
from lovecampaign.cli.output.table import format_table
from lovecampaign.cli.output.words import count_of, local_time
from lovecampaign.core.clock import format_instant
from lovecampaign.store.checkout.report import DealReport, GivenCode

_CODE_COLUMNS = (
    *("code", "deal", "email", "claimed_at", "lapses_at"),
    *("redeemed_at", "redeemed_by"),
)


def format_stock(reports: Sequence[DealReport], zone: str) -> str:
    rows = [
        (
            report.deal.key,
            report.stock.quantity,
            report.stock.reserved,
            report.stock.redeemed,
            report.stock.left,
            report.stock.waiting,
            local_time(report.deal.opens, zone),
            local_time(report.deal.closes, zone),
        )
        for report in reports
    ]
    headings = ("deal", "quantity", "reserved", "redeemed", "left", "waiting")
    return format_table((*headings, f"opens ({zone})", "closes"), rows)


def say_spare_codes(reports: Sequence[DealReport]) -> Iterable[str]:
    for report in reports:
        if report.spare_codes is not None:
            spare = count_of(report.spare_codes, "code")
            yield f"{report.deal.codes_file}: {spare} not given to anybody yet"


def say_too_many(reports: Sequence[DealReport]) -> Iterable[str]:
    """A purchase is a fact, also one that comes when all units are taken."""
    for report in reports:
        if report.stock.over:
            yield (
                f"{report.deal.key}: {report.stock.over:,} more bought than there are: paid with a "
                "code after its claim had lapsed, or without one, when all were taken"
            )


def deal_json(report: DealReport) -> Mapping[str, object]:
    return {
        "key": report.deal.key,
        "quantity": report.stock.quantity,
        "reserved": report.stock.reserved,
        "redeemed": report.stock.redeemed,
        "left": report.stock.left,
        "opens": format_instant(report.deal.opens),
        "closes": format_instant(report.deal.closes),
        "waiting": report.stock.waiting,
        "spare_codes": report.spare_codes,
    }


def csv_lines(given: Iterable[GivenCode]) -> Iterable[str]:
    yield _csv_line(_CODE_COLUMNS)
    for one in given:
        said = code_json(one)
        yield _csv_line([escape_formula(str(said[name] or "")) for name in _CODE_COLUMNS])


def _csv_line(cells: Sequence[str]) -> str:
    held = io.StringIO()
    csv.writer(held, lineterminator="\r\n").writerow(cells)  # RFC 4180, section 2
    return held.getvalue()


def code_json(given: GivenCode) -> Mapping[str, object]:
    return {
        "code": given.code,
        "deal": given.deal,
        "email": given.email,
        "claimed_at": _instant(given.claimed_at),
        "lapses_at": _instant(given.lapses_at),
        "redeemed_at": _instant(given.redeemed_at),
        "redeemed_by": given.redeemed_by,
    }


def _instant(instant: datetime | None) -> str | None:
    return format_instant(instant) if instant else None
