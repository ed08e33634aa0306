"""The author's own deal codes, from a CSV file."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lovecampaign.core.csv_file.reader import CsvRow, CsvTable, open_csv
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
#: Words of a heading whose filled cells, but for a no, mark a used code …
_USED = re.compile(
    r"\b(?:used|uses|usages?|redeemed|redemptions?|claimed|assigned|issued|given|sold|spent|expired"
    r"|eingelost|eingeloest|verwendet|benutzt|vergeben|verbraucht|ausgegeben|genutzt|utilise|utilisee"
    r"|utilisations?|usado|usada|usos|utilizado|utilizada|canjeado|canjeada|usato|usata|utilizzato"
    r"|utilizzata|riscattato|gebruikt|ingewisseld|verzilverd|resgatado|resgatada)\b"
    r"|^(?:customer|customer email|email|e mail|mail|order (?:id|number|no)|kunde|kundin|bestellung"
    r"|bestellnummer|client|cliente|klant)$"
)
#: … unless it has one of these, and a limit or what is left is meant.
_LIMIT = re.compile(
    r"\b(?:max\w*|limit\w*|left|remaining|per|allowed|unused|not|nicht|non|pas|no|verbleibend\w*"
    r"|restant\w*|from|until|expires)\b"
)
#: Below these, a no marks it.
_USABLE = re.compile(
    r"(?:is |ist )?(?:unused|available|active|enabled|valid|usable|verfugbar|frei|aktiv|gultig)"
)
#: Below these, a word of ``_USED`` or one of these values does.
_STATUS = re.compile(r"\b(?:status|state|zustand|statut|estado|stato|note|notes|notiz)\b")
_USED_UP = re.compile(
    r"\b(?:inactive|disabled|deactivated|archived|deleted|invalid|void\w*|cancell?ed|inaktiv|ungultig"
    r"|deaktiviert|gesperrt|abgelaufen|expire|expiree|expirado|scaduto|verlopen)\b"
)
_NO = frozenset(
    {"", "-", "0", "no", "n", "false", "never", "none", "null", "nein", "nie", "non", "nee", "nao"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeFile:
    """The codes of a file, each once, in order."""

    codes: Sequence[str]
    #: Codes that another column marks as used: they are not among the others.
    used: Sequence[str] = ()


def read_codes(path: Path, *, shown_as: str) -> Sequence[str]:
    """The codes that may be handed out, as :func:`read_code_file` reads them."""
    return read_code_file(path, shown_as=shown_as).codes


def read_code_file(path: Path, *, shown_as: str) -> CodeFile:
    """The codes of a file: of its column ``code``, or of its only column.

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
    used = _find_used(table.headings, rows, column) if column is not None else {}
    free = [cell for cell in cells if cell and cell not in used]
    return CodeFile(codes=list(dict.fromkeys(free)), used=list(used))


def _find_used(headings: Sequence[str], rows: Sequence[CsvRow], column: int) -> dict[str, None]:
    """The codes of the rows that another column marks as used."""
    tests = [(at, _marks_used(heading)) for at, heading in enumerate(headings) if at != column]
    known = [(at, test) for at, test in tests if test is not None]
    return {
        code: None
        for row in rows
        if (code := _cell(row, column)) and any(test(_cell(row, at)) for at, test in known)
    }


def _marks_used(heading: str) -> Callable[[str], bool] | None:
    """Whether a cell below the heading marks a used code; None for another kind of column."""
    words = _bare(heading)
    if _USABLE.fullmatch(words):
        return lambda cell: bool(cell) and _is_no(cell)
    if _STATUS.search(words):
        return _is_used_status
    if _USED.search(words) and not _LIMIT.search(words):
        return lambda cell: not _is_no(cell)
    return None


def _is_used_status(cell: str) -> bool:
    words = _bare(cell)
    is_used = _USED_UP.search(words) or (_USED.search(words) and not _LIMIT.search(words))
    return bool(is_used) and not words.startswith("un")


def _is_no(cell: str) -> bool:
    return _bare(cell) in _NO or not cell.strip(" 0.,%-")


def _bare(text: str) -> str:
    """In small letters, without accents, and with one blank between words."""
    split = unicodedata.normalize("NFKD", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text).casefold())
    letters = "".join(sign for sign in split if not unicodedata.combining(sign))
    return re.sub(r"[\s_-]+", " ", letters).strip(" :#?!")


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
