"""How are numbers, switches and fixed words written? A scalar of YAML → value, or why not."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeGuard, TypeVar

from lovecampaign.campaign.model.campaign import LAST_GIVING_DAY
from lovecampaign.campaign.schema.text_parsers import parse_line
from lovecampaign.campaign.source.errors import BadValue, did_you_mean, show_value
from lovecampaign.campaign.source.problem_codes import ProblemCode

Choice = TypeVar("Choice", bound=StrEnum)


def parse_word(value: object, choices: type[Choice]) -> Choice:
    """One of an enum's words."""
    words = [choice.value for choice in choices]
    if isinstance(value, str) and value in words:
        return choices(value)
    near = did_you_mean(value, words) if isinstance(value, str) else None
    raise BadValue(ProblemCode.WORD, f"{_said(value)} is not one of {', '.join(words)}", near)


def parse_whole_number(value: object, lowest: int, highest: int, code: ProblemCode) -> int:
    """A whole number within limits; 3.0 is one."""
    if not _is_number(value) or not float(value).is_integer():
        raise BadValue(code, f"{_said(value)} is not a whole number", f"write {lowest}")
    if not lowest <= value <= highest:
        raise BadValue(code, f"{int(value)} is not between {lowest} and {highest}")
    return int(value)


def parse_rate(value: object) -> float | None:
    """Messages a second; ``unlimited`` is None."""
    hint = "write a number like 50, or unlimited"
    if value == "unlimited":
        return None
    if not _is_number(value):
        near = did_you_mean(value, ["unlimited"]) if isinstance(value, str) else None
        raise BadValue(ProblemCode.NUMBER, f"{_said(value)} is not a number", near or hint)
    if not 0.01 <= value <= 1_000_000:
        raise BadValue(ProblemCode.NUMBER, f"{value} is not between 0.01 and 1000000", hint)
    return float(value)


def parse_flag(value: object) -> bool:
    """``true`` or ``false``, and no other word for them."""
    if isinstance(value, bool):
        return value
    yes = isinstance(value, str) and value.casefold() in ("yes", "on", "y", "oui", "ja")
    raise BadValue(
        ProblemCode.TRUE_OR_FALSE,
        f"{_said(value)} is not true or false",
        f"write {'true' if yes else 'false'}, without quotes",
    )


def parse_version(value: object) -> int:
    """The version of the format: there is one."""
    if value == 1 and not isinstance(value, bool):
        return 1
    raise BadValue(
        ProblemCode.VERSION, f"this program knows version 1, not {_said(value)}", "write version: 1"
    )


def parse_codes(value: object) -> str | None:
    """``generate`` is None; anything else is the path of a CSV file."""
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
    raise BadValue(
        ProblemCode.DAY_NUMBER,
        f"{text} is not a giving day: these are numbered 1 to {LAST_GIVING_DAY}",
        "the launch and what follows it belong under launch.emails",
    )


def parse_check_code(value: object) -> str:
    """A key under ``checks.ignore``: LC260."""
    text = str(value).strip().upper()
    if len(text) == 5 and text.startswith("LC") and text[2:].isdecimal():
        return text
    raise BadValue(
        ProblemCode.WORD, f"{_said(value)} is not a code of check", "codes look like LC260"
    )


def _is_number(value: object) -> TypeGuard[int | float]:
    """For Python, true and false are numbers; for an author they are not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _said(value: object) -> str:
    return repr(value) if isinstance(value, str) else show_value(value)
