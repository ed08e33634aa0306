"""How do people write a sum of money? ``59 EUR``, ``$49``, ``CHF 20``, ``300 kr``."""

from __future__ import annotations

import re

#: ISO 4217 codes and what stands for them in a text; several currencies share one sign.
SIGNS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥", "INR": "₹", "PLN": "zł", "TRY": "₺"}
_SIGN = "[€$£¥₹₺]"
# In capitals only, and without TRY and TOP, which are words: "TOP 5 tips".
_CODE = r"(?-i:EUR|USD|GBP|CHF|SEK|NOK|DKK|ISK|PLN|CZK|HUF|RON|CAD|AUD|NZD|JPY|INR|ZAR|BRL|MXN)"
# Pounds alone are a weight, and crowns are worn.
_WORD = r"(?:euros?|dollars?|dólares|pounds sterling|francs|franken|kr(?:oner|onor)?|zł)"
_NUMBER = r"\d(?:[\d.,]*\d)?"
SUM = re.compile(
    rf"{_SIGN}\s?{_NUMBER}|\b{_CODE}\s?{_NUMBER}"
    rf"|\b{_NUMBER}\s?(?:{_SIGN}(?!\d)|{_CODE}\b|{_WORD}(?!\w))",
    re.IGNORECASE,
)
