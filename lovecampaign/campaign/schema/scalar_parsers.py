"""Parsers of numbers, flags, fixed words and prices."""

from __future__ import annotations

import re
from decimal import Decimal
from enum import StrEnum
from typing import TypeGuard, TypeVar

from lovecampaign.campaign.model.campaign import LAST_GIVING_DAY
from lovecampaign.campaign.model.deal import Money
from lovecampaign.campaign.schema.text_parsers import parse_line
from lovecampaign.campaign.source.errors import BadValue, did_you_mean, require_match, show_value
from lovecampaign.campaign.source.problem_codes import ProblemCode

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
_SYMBOLS = {"€": "EUR", "$": "USD", "£": "GBP", "¥": "JPY", "₹": "INR", "zł": "PLN", "₺": "TRY"}


def parse_word(value: object, choices: type[Choice]) -> Choice:
    """One of an enum's words."""
    words = [choice.value for choice in choices]
    if isinstance(value, str) and value in words:
        return choices(value)
    near = did_you_mean(value, words) if isinstance(value, str) else None
    raise BadValue(ProblemCode.WORD, f"{_show(value)} is not one of {', '.join(words)}", near)


def parse_whole_number(value: object, lowest: int, highest: int, code: ProblemCode) -> int:
    """A whole number within limits; 3.0 counts as one."""
    if not _is_number(value) or not float(value).is_integer():
        raise BadValue(code, f"{_show(value)} is not a whole number", f"write {lowest}")
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
    if not 0.01 <= value <= 1_000_000:
        raise BadValue(ProblemCode.NUMBER, f"{value} is not between 0.01 and 1000000", hint)
    return float(value)


def parse_flag(value: object) -> bool:
    """``true`` or ``false``, and no other word."""
    if isinstance(value, bool):
        return value
    yes = isinstance(value, str) and value.casefold() in ("yes", "on", "y", "oui", "ja")
    hint = f"write {'true' if yes else 'false'}, without quotes"
    raise BadValue(ProblemCode.TRUE_OR_FALSE, f"{_show(value)} is not true or false", hint)


def parse_version(value: object) -> int:
    """The only version of the format: 1."""
    if value == 1 and not isinstance(value, bool):
        return 1
    message = f"this program knows version 1, not {_show(value)}"
    raise BadValue(ProblemCode.VERSION, message, "write version: 1")


def parse_codes(value: object) -> str | None:
    """The path of a CSV file; ``generate`` is None."""
    text = parse_line(value)
    if text == "generate":
        return None
    if not text.lower().endswith(".csv"):
        near = did_you_mean(text, ["generate"])
        hint = near or "write generate, or the path of a CSV file"
        raise BadValue(ProblemCode.WORD, f"{text!r} is neither generate nor a .csv file", hint)
    return text


def parse_day_number(value: object) -> int:
    """A key under ``days``: 9, or "9" in quotes."""
    text = str(value).strip()
    if text.isdecimal() and 1 <= int(text) <= LAST_GIVING_DAY:
        return int(text)
    message = f"{text} is not a giving day: these are numbered 1 to {LAST_GIVING_DAY}"
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
    """A price such as ``59 EUR``."""
    hint = "write 59 EUR or 59.90 EUR, without a comma"
    pattern = r"(\d{1,12}(?:\.\d{1,4})?)\s+([A-Z]{3})"
    match = require_match(pattern, value, ProblemCode.MONEY, "a price", hint, _correct_price)
    if match[2] not in CURRENCIES:
        message = f"{match[2]} is no currency of ISO 4217"
        raise BadValue(ProblemCode.MONEY, message, did_you_mean(match[2], CURRENCIES))
    return Money(amount=Decimal(match[1]), currency=match[2], text=f"{match[1]} {match[2]}")


def _correct_price(text: str) -> str | None:
    """A hint with the price in our spelling."""
    currency = next((code for sign, code in _SYMBOLS.items() if sign in text), None)
    if currency is None and (letters := re.search(r"[A-Za-z]{3}", text)):
        currency = letters[0].upper()
    number = re.search(r"\d[\d.,' \u00a0\u202f]*", text)
    if number is None:
        return None
    digits = re.sub(r"[' \u00a0\u202f]", "", number[0])
    digits = re.sub(r"[.,](?=\d{3}(?:\D|$))", "", digits).replace(",", ".").rstrip(".")
    return f"write {digits} {currency if currency in CURRENCIES else 'EUR'}"


def _is_number(value: object) -> TypeGuard[int | float]:
    """Whether it is a number; in Python, booleans are integers."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _show(value: object) -> str:
    return repr(value) if isinstance(value, str) else show_value(value)
