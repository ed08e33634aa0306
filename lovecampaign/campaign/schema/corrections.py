"""Corrections of values that people write in other notations and languages, for hints.

Each function returns the value in our notation, or None where two readings are possible: a hint
is followed without a second thought, and a wrong one mails too early, too late or the wrong price.
Words are read in English, German, French, Spanish, Italian, Dutch and Portuguese.
"""

from __future__ import annotations

import re
from decimal import Decimal

#: Currencies without a symbol of their own are written as ISO codes.
_CURRENCY_SIGNS = {
    "€": "EUR",
    "eur": "EUR",
    "euro": "EUR",
    "euros": "EUR",
    "£": "GBP",
    "gbp": "GBP",
    "₹": "INR",
    "zł": "PLN",
    "₺": "TRY",
    "us$": "USD",
    "ca$": "CAD",
    "au$": "AUD",
    "nz$": "NZD",
    "c$": "CAD",
    "a$": "AUD",
    "r$": "BRL",
}
#: Thousand separators between groups of three digits.
_GROUPED = re.compile(r"\d{1,3}(?:([.,'’ \u00a0\u2009\u202f_])\d{3})(?:\1\d{3})*")
_PLAIN = re.compile(r"\d+(?:[.,]\d{1,2})?")
_GROUPED_WITH_CENTS = re.compile(
    r"(\d{1,3}(?:([.,'’ \u00a0\u2009\u202f])\d{3})+)(?!\2)[.,](\d{1,2})"
)
_PIECE_WORDS = (
    "pieces piece pcs pc units unit places seats spots copies x st stk stück stücke plätze platz "
    "exemplare pièces unités exemplaires unidades plazas piezas copias pezzi posti copie stuks "
    "plaatsen exemplaren peças lugares cópias codes"
)
_PIECES = frozenset(_PIECE_WORDS.split())
_PERCENT = (
    r"(?:percent|per cent|pct|prozent|v\.? ?h\.?|pour ?cent|por ?ciento|per ?cento|percento|"
    r"procent|por ?cento)"
)
#: By unit of our notation; a single ``M`` could be months, so capitals count there.
_DURATION_WORDS = {
    "s": "s sec secs second seconds sek sekunde sekunden seconde secondes seg segs segundo "
    "segundos secondo secondi seconden",
    "m": "min mins minute minutes minuten minuto minutos minuti minuut",
    "h": "h hr hrs hour hours std stunde stunden heure heures hora horas ora ore uur uren",
    "d": "d day days tag tage tagen jour jours j día días dia dias giorno giorni gg dag dagen",
    "w": "w wk wks week weeks woche wochen semaine semaines semana semanas settimana settimane "
    "weken",
}
_UNIT_OF = {word: unit for unit, words in _DURATION_WORDS.items() for word in words.split()}
_MINUTES_OF = {"m": 1, "h": 60, "d": 1_440, "w": 10_080}
_PART = r"(\d+(?:[.,]\d+)?)\s*([^\W\d_]+)\.?"
_AND = r"\s*(?:,|and|und|et|y|e|en)?\s*"
_OCLOCK = r"(?:uhr|heures?|horas?|ore|uur|o['’]?clock|h)"
_TO = r"\s*(?:-|–|—|\b(?:to|till|until|bis|à|a|au|hasta|alle|tot|até)\b)\s*"


def correct_number(text: str) -> str | None:
    """``1,000``, ``1 000`` or ``100 Stück`` as digits."""
    match = re.fullmatch(r"(\d[\d.,'’ \u00a0\u2009\u202f_]*?)\s*([^\W\d_]+\.?)?", text.strip())
    if match is None or (match[2] and match[2].lower().rstrip(".") not in _PIECES):
        return None
    if match[1].isdecimal():
        return str(int(match[1]))
    return _digits(match[1]) if _GROUPED.fullmatch(match[1]) else None


def correct_percentage(text: str) -> str | None:
    """``0,1%``, ``0.1 Prozent`` or ``1‰`` with a point and the percent sign."""
    match = re.fullmatch(rf"(\d{{1,3}}(?:[.,]\d{{1,6}})?)\s*(%|‰|{_PERCENT})", text, re.IGNORECASE)
    if match is None or re.fullmatch(r"\d+,\d{3}", match[1]):  # 1,000% is 1% or 1000%
        return None
    share = Decimal(match[1].replace(",", ".")) / (10 if match[2] == "‰" else 1)
    return f"{share.normalize():f}%" if 0 < share <= 100 else None


def correct_price(text: str, currencies: frozenset[str]) -> str | None:
    """``€59``, ``EUR 1.299,50`` or ``59 Euro`` as number and ISO code."""
    numbers = re.findall(r"\d[\d.,'’ \u00a0\u2009\u202f]*", text)
    if len(numbers) != 1:
        return None
    before, _, after = text.partition(numbers[0])
    after = re.sub(r"^[-–—]{1,2}(?=\s|$)", "", after)
    words = [word for word in (before.strip(), after.strip(" .")) if word]
    amount = _amount(numbers[0].strip().rstrip(".,"))
    if len(words) != 1 or amount is None:
        return None
    currency = _CURRENCY_SIGNS.get(words[0].lower())
    if currency is None and words[0].upper() in currencies:
        currency = words[0].upper()
    return f"{amount} {currency}" if currency else None


def correct_amount(text: str) -> str | None:
    """The number of a price without a clear currency; None for more than one number."""
    numbers = re.findall(r"\d[\d.,'’ \u00a0\u2009\u202f]*", text)
    is_alone = len(numbers) == 1 and not re.search(r"[-–—%]", text)
    return _amount(numbers[0].strip().rstrip(".,")) if is_alone else None


def correct_duration(text: str) -> str | None:
    """``20 Stunden``, ``1,5 h`` or ``1 heure et 30 minutes`` with one of our units."""
    parts = re.findall(_PART, text)
    if not parts or not re.fullmatch(rf"{_PART}(?:{_AND}{_PART})*", text, re.IGNORECASE):
        return None
    units = [_duration_unit(unit) for _, unit in parts]
    if None in units or len(set(units)) < len(units):
        return None
    if units == ["s"]:
        return f"{parts[0][0]}s" if parts[0][0].isdecimal() else None
    if "s" in units:
        return None
    minutes = sum(
        (
            Decimal(number.replace(",", ".")) * _MINUTES_OF[unit]
            for (number, _), unit in zip(parts, units, strict=True)
            if unit
        ),
        Decimal(0),
    )
    if minutes <= 0 or minutes != minutes.to_integral_value():
        return None
    return _shown_duration(int(minutes), is_in_days=set(units) <= {"d", "w"})


def correct_time(text: str) -> str | None:
    """``9``, ``9am``, ``18h30`` or ``18.30 Uhr`` as ``18:30``."""
    if text.isdecimal() and len(text) in (3, 4):
        text = f"{text[:-2]}:{text[-2:]}"
    match = re.fullmatch(
        rf"(\d{{1,2}})(?:[.:hH](\d{{2}}))?\s*(?:{_OCLOCK}|([ap])\.?\s?m\.?)?", text, re.IGNORECASE
    )
    if match is None:
        return None
    hour, minute, half = int(match[1]), int(match[2] or 0), (match[3] or "").lower()
    if half and not 1 <= hour <= 12:
        return None
    hour = hour % 12 + (12 if half == "p" else 0) if half else hour
    return f"{hour:02d}:{minute:02d}" if hour < 24 and minute < 60 else None


def correct_quiet_hours(text: str) -> str | None:
    """``21-7`` or ``9pm to 7am`` as ``21:00-07:00``."""
    parts = re.split(_TO, text, flags=re.IGNORECASE)
    times = [correct_time(part.strip()) for part in parts]
    if len(times) != 2 or None in times or times[0] == times[1]:
        return None
    if all(part.strip().isdecimal() and int(part) <= 12 for part in parts):  # 9-5: of which half?
        return None
    return f"{times[0]}-{times[1]}"


def correct_date(text: str) -> str | None:
    """``31.12.2027`` or ``12/31/2027`` as year, month, day; None if day and month could swap."""
    if match := re.fullmatch(r"(\d{4})[./](\d{1,2})[./](\d{1,2})", text):
        year, month, day = match.groups()
    elif match := re.fullmatch(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})", text):
        day, month, year = match.groups()
        if int(month) > 12 >= int(day):
            day, month = month, day
        elif int(day) <= 12 and day != month:
            return None
    else:
        return None
    if not 1 <= int(month) <= 12 or not 1 <= int(day) <= 31:
        return None
    return f"{year}-{month:0>2}-{day:0>2}"


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def _amount(text: str) -> str | None:
    """A number with a decimal point and no other separator."""
    if _GROUPED.fullmatch(text):
        return _digits(text)
    if match := _GROUPED_WITH_CENTS.fullmatch(text):
        return f"{_digits(match[1])}.{match[3]}"
    return text.replace(",", ".") if _PLAIN.fullmatch(text) else None


def _duration_unit(word: str) -> str | None:
    """None for a lone ``M`` or ``S``, which may stand for months or *Stunden*."""
    return word if word in ("m", "s") else _UNIT_OF.get(word.lower() if word != "S" else "")


def _shown_duration(minutes: int, *, is_in_days: bool) -> str:
    if is_in_days and minutes % 1_440 == 0:
        return f"{minutes // 1_440}d"
    return f"{minutes // 60}h" if minutes % 60 == 0 else f"{minutes}m"
