"""Parsers of numbers, flags, fixed words and prices."""

from __future__ import annotations

import re
from decimal import Decimal
from enum import StrEnum
from typing import TypeGuard, TypeVar

from lovecampaign.campaign.model.campaign import MOST_DAYS, RecipientGroup
from lovecampaign.campaign.model.deal import Money
from lovecampaign.campaign.schema import corrections
from lovecampaign.campaign.schema.text_parsers import parse_line
from lovecampaign.campaign.source.errors import BadValue, require_match, show_value
from lovecampaign.campaign.source.problem_codes import ProblemCode
from lovecampaign.core.suggestions import did_you_mean

Choice = TypeVar("Choice", bound=StrEnum)

#: ISO 4217, list one of 2024, without funds, metals and test codes.
_ISO_4217 = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN "
    "BZD CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL "
    "GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF "
    "KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN "
    "MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD "
    "SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH "
    "UGX USD UYU UZS VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG"
)
CURRENCIES = frozenset(_ISO_4217.split())
#: With three decimals (ISO 4217): elsewhere three digits behind a point are thousands.
_THREE_DECIMALS = frozenset(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"])
_CURRENCY = r"([A-Z]{3}|€|£|₹|zł|₺)"
_AMOUNT = r"\d{1,12}([.,]\d{1,2})?"
#: Prices in the orders and signs of other countries that mean one thing only.
OTHER_PRICES = rf"{_AMOUNT}\s*{_CURRENCY}|{_CURRENCY}\s*{_AMOUNT}"
_YES_WORDS = "yes on y oui ja sí si sim vero wahr vrai true an aan"
_NO_WORDS = "no off n non nein nee não falso falsch faux false aus uit"
_YES, _NO = frozenset(_YES_WORDS.split()), frozenset(_NO_WORDS.split())
_WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_THOUSANDS = re.compile(r"\d{1,3}(\.\d{3})+")


def parse_word(value: object, choices: type[Choice]) -> Choice:
    """One of an enum's words."""
    words = [choice.value for choice in choices]
    if isinstance(value, str) and value in words:
        return choices(value)
    near = did_you_mean(value, words) if isinstance(value, str) else None
    if choices is RecipientGroup and near is None:
        near = "all words must hold; for one group or another, write two emails"
    raise BadValue(ProblemCode.WORD, f"{_show(value)} is not one of {', '.join(words)}", near)


def parse_whole_number(value: object, lowest: int, highest: int, code: ProblemCode) -> int:
    """A whole number within limits; 3.0 counts as one."""
    written = _written(value)
    if not _is_number(value) or not float(value).is_integer() or _THOUSANDS.fullmatch(written):
        meant = corrections.correct_number(written)
        is_possible = meant is not None and lowest <= int(meant) <= highest
        hint = f"write {meant}" if is_possible else f"write digits only, from {lowest} to {highest}"
        raise BadValue(code, f"{_show(value)} is not a whole number", hint)
    if not lowest <= value <= highest:
        raise BadValue(code, f"{int(value)} is not between {lowest} and {highest}")
    return int(value)


def parse_rate(value: object) -> float | None:
    """Messages per second; ``unlimited`` is None."""
    hint = "write a number like 50, or unlimited"
    if value == "unlimited":
        return None
    if not _is_number(value):
        near = did_you_mean(value, ["unlimited"]) if isinstance(value, str) else None
        raise BadValue(ProblemCode.NUMBER, f"{_show(value)} is not a number", near or hint)
    if _THOUSANDS.fullmatch(_written(value)):
        message = (
            f"{_written(value)} may mean {float(value):g} or {_written(value).replace('.', '')}"
        )
        hint = "leave out the point, or the zeros behind it"
        raise BadValue(ProblemCode.NUMBER, message, hint)
    if not 0.01 <= value <= 1_000_000:
        raise BadValue(ProblemCode.NUMBER, f"{value} is not between 0.01 and 1000000", hint)
    return float(value)


def parse_flag(value: object) -> bool:
    """``true`` or ``false``, and no other word."""
    if isinstance(value, bool):
        return value
    word = value.casefold() if isinstance(value, str) else ""
    meant = "true" if word in _YES else "false" if word in _NO else "true or false"
    hint = f"write {meant}, without quotes"
    raise BadValue(ProblemCode.TRUE_OR_FALSE, f"{_show(value)} is not true or false", hint)


def parse_weekdays(value: object) -> frozenset[int]:
    """``mon-fri``, or a list of days; Monday is 0."""
    entries = value if isinstance(value, list) else [value]
    days: set[int] = set()
    for entry in entries:
        text = entry.strip().casefold() if isinstance(entry, str) else ""
        names = [name[:3] for name in re.split(r"\s*[-\u2013]\s*", text)]
        if not 1 <= len(names) <= 2 or any(name not in _WEEKDAYS for name in names):
            message = f"{_show(entry)} is not a day of the week"
            raise BadValue(ProblemCode.WORD, message, "write mon-fri, or [mon, tue, thu]")
        first, last = _WEEKDAYS.index(names[0]), _WEEKDAYS.index(names[-1])
        days |= {(first + step) % 7 for step in range((last - first) % 7 + 1)}
    if not days:
        raise BadValue(ProblemCode.WORD, "there is no working day", "write mon-fri")
    return frozenset(days)


def parse_version(value: object) -> int:
    """The only version of the format: 1."""
    if value == 1 and not isinstance(value, bool):
        return 1
    message = f"this program reads version 1, not {_show(value)}"
    raise BadValue(ProblemCode.VERSION, message, "write version: 1")


def parse_codes(value: object) -> str | None:
    """The path of a CSV file; ``generate`` is None."""
    text = parse_line(value)
    if text == "generate":
        return None
    if not text.lower().endswith(".csv"):
        near = did_you_mean(text, ["generate"]) if re.fullmatch(r"\w+", text) else None
        hint = near or "write generate, or the path of a CSV file"
        raise BadValue(ProblemCode.WORD, f"{text!r} is neither generate nor a .csv file", hint)
    return text


def parse_day_number(value: object) -> int:
    """A key under ``days``: 9, or "9" in quotes."""
    text = str(value).strip()
    if text.isdecimal() and 1 <= int(text) <= MOST_DAYS:
        return int(text)
    message = f"{text} is not a giving day: these are numbered 1 to {MOST_DAYS} at most"
    hint = "the launch and what follows it belong under launch.emails"
    raise BadValue(ProblemCode.DAY_NUMBER, message, hint)


def parse_check_code(value: object) -> str:
    """A key under ``checks.ignore``: LC260."""
    text = str(value).strip().upper()
    if len(text) == 5 and text.startswith("LC") and text[2:].isdecimal():
        return text
    message = f"{_show(value)} is not a code of check"
    raise BadValue(ProblemCode.WORD, message, "codes look like LC260")


def parse_money(value: object) -> Money:
    """A price such as ``59 EUR``, ``59,90 €`` or ``EUR 59``."""
    hint = "write the number and the code of the currency, like 59.90 EUR"
    pattern = r"(\d{1,12}(?:\.\d{1,4})?)\s+([A-Z]{3})"
    if _is_number(value):
        message = f"{_show(value)} is not a price: its currency is missing"
        raise BadValue(ProblemCode.MONEY, message, _correct_price(_written(value)) or hint)
    if isinstance(value, str):
        value = _in_our_order(value.strip())
    match = require_match(pattern, value, ProblemCode.MONEY, "a price", hint, _correct_price)
    if match[2] not in CURRENCIES:
        message = f"{match[2]} is no currency of ISO 4217"
        raise BadValue(ProblemCode.MONEY, message, _near_currencies(match[2]))
    if re.search(r"\.\d{3}$", match[1]) and match[2] not in _THREE_DECIMALS:
        message = f"{match[0]} may mean {match[1].replace('.', '')} or {float(match[1]):g}"
        hint = "leave out the point, or write two digits behind it"
        raise BadValue(ProblemCode.MONEY, message, hint)
    return Money(amount=Decimal(match[1]), currency=match[2], text=f"{match[1]} {match[2]}")


def _in_our_order(text: str) -> str:
    """A price in another country's order and signs as ``59.90 EUR``; any other text as it is.

    One or two digits after a comma are cents everywhere; three may be thousands, and stay refused.
    """
    unambiguous = re.fullmatch(OTHER_PRICES, text)
    return (unambiguous and corrections.correct_price(text, CURRENCIES)) or text


def _near_currencies(code: str) -> str:
    """All currencies that differ in one letter: none of them is surer than the others."""
    near = sorted(
        each for each in CURRENCIES if sum(a == b for a, b in zip(code, each, strict=True)) == 2
    )
    return f"did you mean {' or '.join(near)}?" if 0 < len(near) < 6 else "write EUR, for euros"


def _correct_price(text: str) -> str | None:
    """A hint with the price in our spelling."""
    price = corrections.correct_price(text, CURRENCIES)
    if price:
        return f"write {price}"
    amount = corrections.correct_amount(text)
    return f"write {amount} and the code of its currency, like {amount} EUR" if amount else None


def _is_number(value: object) -> TypeGuard[int | float]:
    """Whether it is a number; in Python, booleans are integers."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _written(value: object) -> str:
    """A text, or a number as the file has it."""
    return getattr(value, "written", None) or str(value)


def _show(value: object) -> str:
    return repr(value) if isinstance(value, str) else show_value(value)
