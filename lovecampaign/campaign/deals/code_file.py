"""The author's own deal codes, from a CSV file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from lovecampaign.core.csv_reader import CsvRow, CsvTable, open_csv
from lovecampaign.core.errors import ProblemsFound
from lovecampaign.core.problems import Place, Problem

CODES_FILE = "codes-file"
#: Headings of a code column, in small letters and with one blank between words.
_HEADINGS = frozenset(
    {
        *("code", "codes", "coupon", "coupons", "coupon code", "coupon codes", "voucher"),
        *("vouchers", "voucher code", "discount code", "discount codes", "promo code"),
        *("promotion code", "promotional code", "redemption code", "deal code"),
        *("gutschein", "gutscheine", "gutscheincode", "gutscheincodes", "gutschein code"),
        *("gutscheinnummer", "rabattcode", "rabattcodes", "rabatt code", "aktionscode"),
        *("code promo", "codes promo", "code de réduction", "code réduction", "code de remise"),
        *("code promotionnel", "bon de réduction", "código", "códigos", "codigo", "cupón"),
        *("cupon", "cupones", "código de descuento", "código promocional", "vale"),
        *("codice", "codici", "codice sconto", "codice promozionale", "buono", "buono sconto"),
        *("kortingscode", "kortingscodes", "actiecode", "vouchercode", "waardebon", "tegoedbon"),
        *("cupom", "cupons", "código de desconto", "código do cupom", "rabattkod", "kod"),
        *("kod rabatowy", "kody", "kupon", "kuponkod", "rabatkode", "alennuskoodi", "koodi"),
        *(
            "код",
            "промокод",
            "κωδικός",
            "コード",
            "クーポンコード",
            "代码",
            "优惠码",
            "코드",
            "쿠폰",
        ),
    }
)


def read_codes(path: Path, *, shown_as: str) -> Sequence[str]:
    """The codes of a file, each once, in order: of its column ``code``, or of its only column.

    Raises UsageError for a file that cannot be opened, and ProblemsFound for one that is no table,
    has several columns of which none is known, or has a row that cannot be read.
    """
    with open_csv(path, shown_as=shown_as) as table:
        rows = list(table.rows)
    column = _find_column(table, rows, shown_as)
    has_heading = column is not None
    cells = [_cell(row, column or 0) for row in rows]
    first = table.headings[0].strip()
    if not has_heading and first and not _is_heading(first, [cell for cell in cells if cell]):
        cells.insert(0, first)
    return list(dict.fromkeys(cell for cell in cells if cell))


def _find_column(table: CsvTable, rows: Sequence[CsvRow], shown_as: str) -> int | None:
    """The place of the named column; None for a file with one column, named or not."""
    for row in rows:
        if row.fault:
            raise _unusable(shown_as, row.fault, line=row.line)
    named = [at for at, name in enumerate(table.headings) if _plain(name) in _HEADINGS]
    if named:
        return named[0]
    lines = [(table.heading_line, table.headings), *((row.line, row.cells) for row in rows)]
    for line, cells in lines:
        if any(cell.strip() for cell in cells[1:]):
            raise _unusable(
                shown_as,
                "there are several columns, and none is called `code`",
                line=line,
                hint="call the column of the codes `code` in the first line",
            )
    return None


def _is_heading(first: str, codes: Sequence[str]) -> bool:
    """Whether the first line is a heading in any language: all that follow look different."""
    if not codes:
        return False
    return any(
        sign(first) and not any(sign(code) for code in codes)
        for sign in (_has_no_digit, _has_blank, _has_small_letter, _has_foreign_letter)
    )


def _has_no_digit(text: str) -> bool:
    return not any(letter.isdecimal() for letter in text)


def _has_blank(text: str) -> bool:
    return " " in text


def _has_small_letter(text: str) -> bool:
    return any(letter.islower() for letter in text)


def _has_foreign_letter(text: str) -> bool:
    return not text.isascii()


def _plain(heading: str) -> str:
    return re.sub(r"[\s_-]+", " ", heading).strip(" :#").casefold()


def _cell(row: CsvRow, column: int) -> str:
    return row.cells[column].strip() if column < len(row.cells) else ""


def _unusable(shown_as: str, message: str, *, line: int, hint: str | None = None) -> ProblemsFound:
    place = Place(file=shown_as, line=line)
    problem = Problem(code=CODES_FILE, message=message, place=place, hint=hint)
    return ProblemsFound(f"{shown_as}: {message}", [problem], hint=hint)
