"""Pydantic field types: each value's parser and its JSON Schema."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta
from enum import StrEnum
from fractions import Fraction
from functools import partial
from typing import Annotated, Any

from pydantic import BeforeValidator, GetCoreSchemaHandler, GetJsonSchemaHandler, WithJsonSchema
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from lovecampaign.campaign.model.campaign import FEWEST_DAYS, MOST_DAYS, RecipientGroup
from lovecampaign.campaign.model.deal import Money
from lovecampaign.campaign.model.sending import QuietHours
from lovecampaign.campaign.schema import scalar_parsers as scalars
from lovecampaign.campaign.schema import text_parsers as texts
from lovecampaign.campaign.schema import time_parsers as times
from lovecampaign.campaign.source.errors import BadValue
from lovecampaign.campaign.source.problem_codes import ProblemCode
from lovecampaign.campaign.source.quotes import MERGE_FIELD_START
from lovecampaign.core.zones import known_zones

JsonSchema = Mapping[str, Any]

_CLOCK = r"([01]?\d|2[0-3]):[0-5]\d"
_DATE = r"\d{4}-\d{1,2}-\d{1,2}"
_ANCHOR = r"([sS]tart|[lL]aunch)(\s*[-+–—−]\s*\d{1,3}\s*[dhm])?"
_POINT = (
    rf"^([dD]ay\s*\d{{1,3}},?\s+(at\s+)?{_CLOCK}|{_CLOCK}|{_DATE}[T\s]+{_CLOCK}.*"
    rf"|([dD]ay\s*[-–—−]\s*\d{{1,3}}|{_ANCHOR})(,?\s+(at\s+)?{_CLOCK})?)$"
)


@dataclass(frozen=True, slots=True, eq=False)
class ValueFormat:
    """A value's parser, and its JSON Schema for editors."""

    parse: Callable[[object], object]
    #: A function if it is slow to make.
    schema: JsonSchema | Callable[[], JsonSchema]

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(
        self, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return dict(self.schema() if callable(self.schema) else self.schema)

    def read(self, value: object) -> Any:
        """Parse the value; raises PydanticCustomError."""
        try:
            return self.parse(value)
        except BadValue as bad:
            context = {"message": bad.message, "hint": bad.hint, "part": bad.part}
            # The code is the error's type, which validation_errors reads.
            raise PydanticCustomError(bad.code.value, "{message}", context) from bad


def _text(
    parse: Callable[[object], object], pattern: str, example: str, **more: object
) -> ValueFormat:
    return ValueFormat(parse, _pattern(pattern, example, **more))


def _pattern(pattern: str, example: str, **more: object) -> dict[str, Any]:
    return {"type": "string", "pattern": pattern, "examples": [example], **more}


def word_of(choices: type[StrEnum]) -> ValueFormat:
    """One of an enum's texts."""
    schema = {"type": "string", "enum": [choice.value for choice in choices]}
    return ValueFormat(partial(scalars.parse_word, choices=choices), schema)


def whole_number(lowest: int, highest: int, code: ProblemCode = ProblemCode.NUMBER) -> ValueFormat:
    """A whole number within limits."""
    parse = partial(scalars.parse_whole_number, lowest=lowest, highest=highest, code=code)
    return ValueFormat(parse, {"type": "integer", "minimum": lowest, "maximum": highest})


@dataclass(frozen=True, slots=True, eq=False)
class NoneWord:
    """A group, or the word ``none`` in its place, which is read as None."""

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_before_validator_function(
            lambda value: None if value == "none" else value, handler(source)
        )

    def __get_pydantic_json_schema__(
        self, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"anyOf": [handler(core), {"const": "none"}]}


def _zone_schema() -> JsonSchema:
    return {"type": "string", "enum": sorted(known_zones()), "examples": ["Europe/Paris"]}


def one_or_many(value: object) -> object:
    """A single word means a list with one entry."""
    return [value] if isinstance(value, str) else value


def _recipient_words(value: object) -> object:
    """``insiders not-bought`` are two words, in a list or without one; "and" and commas join."""
    written = value if isinstance(value, list) else [value]
    entries = [entry for entry in written if isinstance(entry, str)]
    if len(entries) < len(written):
        return value
    text = re.sub(r"\bnot[ _]+bought\b", "not-bought", " ".join(entries))
    return [word for word in re.split(r"[\s,;+&]+", text) if word and word != "and"]


def _several(schema: JsonSchema) -> WithJsonSchema:
    return WithJsonSchema({"anyOf": [dict(schema), {"type": "array", "items": dict(schema)}]})


_GROUP = "|".join(group.value for group in RecipientGroup)
_RECIPIENTS_SCHEMA = _pattern(rf"^({_GROUP})((\s|,|;|\+|&|and)+({_GROUP}))*$", "insiders")
_NO_MERGE_FIELD = {"not": {"pattern": MERGE_FIELD_START.pattern}}
_TAG_SCHEMA = _pattern(
    r"^[^,;]*[^\s,;][^,;]*$", "garden-quiz", maxLength=texts.LONGEST_NAME, **_NO_MERGE_FIELD
)
_MERGED_SCHEMA = {"type": "string", "pattern": r"\S", "maxLength": texts.MAX_TEXT}
_TEXT_SCHEMA = {**_MERGED_SCHEMA, **_NO_MERGE_FIELD}
_NUMBER_OF_MESSAGES = {"type": "number", "minimum": 0.01, "maximum": 1_000_000}
_RATE_SCHEMA = {"anyOf": [_NUMBER_OF_MESSAGES, {"const": "unlimited"}]}

Text = Annotated[str, ValueFormat(texts.parse_text, _TEXT_SCHEMA)]
Line = Annotated[str, ValueFormat(texts.parse_line, _TEXT_SCHEMA)]
MergedLine = Annotated[str, ValueFormat(texts.parse_merged_line, _MERGED_SCHEMA)]
Name = Annotated[
    str, _text(texts.parse_name, f"^{texts.NAME}$", "insider", maxLength=texts.LONGEST_NAME)
]
ListName = Annotated[
    str,
    _text(texts.parse_list_name, f"^{texts.LIST_NAME}$", "readers", maxLength=texts.LONGEST_NAME),
]
Tag = Annotated[str, ValueFormat(texts.parse_tag, _TAG_SCHEMA)]
Tags = Annotated[list[Tag], BeforeValidator(one_or_many), _several(_TAG_SCHEMA)]
Language = Annotated[str, _text(texts.parse_language, f"^{texts.LANGUAGE}$", "en")]
Languages = Annotated[
    list[Language],
    BeforeValidator(one_or_many),
    _several(_pattern(f"^{texts.LANGUAGE}$", "fr")),
]
Zone = Annotated[str, ValueFormat(texts.parse_zone, _zone_schema)]
Color = Annotated[str, _text(texts.parse_color, r"^#([0-9A-Fa-f]{3}|[0-9A-Fa-f]{6})$", "#c2185b")]
EmailAddress = Annotated[
    str, _text(texts.parse_answered_email, r"^[^@\s]+@[^@\s]+$", "ana@bloom.example")
]
BounceAddress = Annotated[
    str, _text(texts.parse_bounce_address, r"^[^@\s+]{1,31}@[^@\s]+$", "bounces@bloom.example")
]
Link = Annotated[str, _text(texts.parse_link, r"^https?://[^\s{}]+$", "https://bloom.example/buy")]
DealLink = Annotated[
    str, _text(texts.parse_deal_link, r"^https?://\S+$", "https://bloom.example/buy?code={code}")
]
_PRICE = rf"^(\d{{1,12}}(\.\d{{1,4}})?\s+[A-Z]{{3}}|{scalars.OTHER_PRICES})$"
Price = Annotated[Money, _text(scalars.parse_money, _PRICE, "59 EUR")]
Share = Annotated[Fraction, _text(texts.parse_percentage, r"^\d{1,3}(\.\d{1,6})?\s*%$", "0.1%")]
Growth = Annotated[Fraction, _text(texts.parse_growth, r"^\d(\.\d{1,2})?\s*[x×]$", "2x")]
ClockTime = Annotated[time, _text(times.parse_clock_time, f"^{_CLOCK}$", "09:00")]
Day = Annotated[date, _text(times.parse_date, f"^{_DATE}$", "2027-02-01")]
DayOrAnchor = Annotated[
    times.Point, _text(times.parse_date_or_anchor, rf"^({_DATE}|{_ANCHOR})$", "2027-03-04")
]
When = Annotated[times.Point, _text(times.parse_point, _POINT, "day 27 10:00")]
Duration = Annotated[timedelta, _text(times.parse_duration, r"^\d{1,9}\s*[smhd]$", "20h")]
Quiet = Annotated[
    QuietHours,
    _text(times.parse_quiet_hours, rf"^{_CLOCK}\s*(-|–|—|to)\s*{_CLOCK}$", "21:00-07:00"),
]
Rate = Annotated[float | None, ValueFormat(scalars.parse_rate, _RATE_SCHEMA)]
_DAY_NAMES = "mon|tue|wed|thu|fri|sat|sun"
WorkingDays = Annotated[
    frozenset[int],
    ValueFormat(
        scalars.parse_weekdays,
        {
            "anyOf": [
                _pattern(rf"^({_DAY_NAMES})(\s*-\s*({_DAY_NAMES}))?$", "mon-fri"),
                {"type": "array", "items": {"enum": _DAY_NAMES.split("|")}, "minItems": 1},
            ]
        },
    ),
]
Flag = Annotated[bool, ValueFormat(scalars.parse_flag, {"type": "boolean"})]
Version = Annotated[int, ValueFormat(scalars.parse_version, {"const": 1})]
Codes = Annotated[
    str | None, _text(scalars.parse_codes, r"^(generate|.+\.[cC][sS][vV])$", "generate")
]
DayNumber = Annotated[
    int, _text(scalars.parse_day_number, r"^(0?[1-9]|[1-5][0-9]|60|length)$", "9")
]
NumberOfDays = whole_number(FEWEST_DAYS, MOST_DAYS)
GivingDay = Annotated[int, whole_number(1, MOST_DAYS, ProblemCode.DAY_NUMBER)]
GivingDays = list[GivingDay]
CheckCode = Annotated[str, _text(scalars.parse_check_code, r"^LC\d{3}$", "LC260")]
RecipientGroups = Annotated[
    list[Annotated[RecipientGroup, word_of(RecipientGroup)]],
    BeforeValidator(_recipient_words),
    _several(_RECIPIENTS_SCHEMA),
]
