"""How is a price written? ``59 EUR``."""

from __future__ import annotations

import re
from decimal import Decimal

from lovecampaign.campaign.model.deal import Money
from lovecampaign.campaign.source.errors import BadValue, did_you_mean, require_text
from lovecampaign.campaign.source.problem_codes import ProblemCode

#: ISO 4217, the currencies in use (list one of 2024, without funds, metals and test codes).
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


def parse_money(value: object) -> Money:
    """``59 EUR``; ``text`` is as written."""
    hint = "write 59 EUR or 59.90 EUR, without a comma"
    text = require_text(value, ProblemCode.MONEY, "a price", hint)
    match = re.fullmatch(r"(\d{1,12}(?:\.\d{1,4})?)\s+([A-Z]{3})", text)
    if not match:
        raise BadValue(ProblemCode.MONEY, f"{text!r} is not a price", _price_hint(text) or hint)
    if match[2] not in CURRENCIES:
        raise BadValue(
            ProblemCode.MONEY,
            f"{match[2]} is no currency of ISO 4217",
            did_you_mean(match[2], CURRENCIES),
        )
    return Money(amount=Decimal(match[1]), currency=match[2], text=f"{match[1]} {match[2]}")


def _price_hint(text: str) -> str | None:
    """The price spelled our way, where only the spelling differs."""
    currency = next((code for sign, code in _SYMBOLS.items() if sign in text), None)
    if currency is None and (found := re.search(r"[A-Za-z]{3}", text)):
        currency = found[0].upper()
    number = re.search(r"\d[\d.,' \u00a0\u202f]*", text)
    if number is None:
        return None
    digits = re.sub(r"[' \u00a0\u202f]", "", number[0])
    digits = re.sub(r"[.,](?=\d{3}(?:\D|$))", "", digits).replace(",", ".").rstrip(".")
    return f"write {digits} {currency if currency in CURRENCIES else 'EUR'}"
