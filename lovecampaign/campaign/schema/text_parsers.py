"""How are texts, shares, colours, zones and names written? Text → value, or why not."""

from __future__ import annotations

import re
from fractions import Fraction

from lovecampaign.campaign.source.errors import BadValue, did_you_mean, require_text, show_value
from lovecampaign.campaign.source.problem_codes import ProblemCode
from lovecampaign.campaign.source.quotes import straighten_fields
from lovecampaign.campaign.source.source import UNPRINTABLE
from lovecampaign.core.zones import known_zones

MAX_TEXT = 2_000
#: Characters of a name, an id or a tag.
LONGEST_NAME = 64

#: How Jinja's fields, tags and comments begin.
MERGE_FIELD_START = re.compile(r"\{[{%#]")
#: The spellings that editors are told, too, through JSON Schema.
NAME = r"[a-z0-9]+([-_.][a-z0-9]+)*"
LIST_NAME = r"[A-Za-z0-9]+([-_.][A-Za-z0-9]+)*"
LANGUAGE = r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}"


def parse_text(value: object) -> str:
    """A text that is printed as it is, so it holds no merge field; lines are kept."""
    text = _readable(value)
    if found := MERGE_FIELD_START.search(text):
        raise BadValue(
            ProblemCode.MERGE_FIELD,
            "this setting is printed as it is: readers would see the braces",
            "write plain words here; merge fields work in subject, preheader and copy",
            part=found[0],
        )
    return text


def parse_line(value: object) -> str:
    """A text on one line: line breaks and runs of spaces become one space each."""
    return _on_one_line(parse_text(value))


def parse_merged_line(value: object) -> str:
    """A line that may hold merge fields."""
    return straighten_fields(_on_one_line(_readable(value)))


def _on_one_line(text: str) -> str:
    return re.sub(r"[ \t\n]+", " ", text)


def _readable(value: object) -> str:
    """A text that is not empty and can be shown."""
    if not isinstance(value, str):
        raise BadValue(
            ProblemCode.TEXT,
            f"YAML reads {show_value(value)} here, not a text",
            f'use quotes: "{_bare(value)}"',
        )
    text = value.strip()
    if not text:
        raise BadValue(ProblemCode.TEXT, "this text is empty", "write it, or take the line away")
    if len(text) > MAX_TEXT:
        raise BadValue(ProblemCode.TEXT, f"this text has more than {MAX_TEXT} characters")
    if found := UNPRINTABLE.search(text):
        raise BadValue(ProblemCode.TEXT, f"the character U+{ord(found[0]):04X} cannot be shown")
    return text


def parse_percentage(value: object) -> Fraction:
    """``0.1%`` → 1/1000."""
    hint = "write 0.1% or 2%"
    text = require_text(value, ProblemCode.PERCENTAGE, "a share", hint)
    match = re.fullmatch(r"(\d{1,3}(?:\.\d{1,6})?)\s*%", text)
    if not match:
        raise BadValue(ProblemCode.PERCENTAGE, f"{text!r} is not a share", hint)
    share = Fraction(match[1]) / 100
    if not 0 < share <= 1:
        raise BadValue(ProblemCode.PERCENTAGE, f"{text} is not above 0% and at most 100%", hint)
    return share


def parse_color(value: object) -> str:
    """``#c2185b`` or ``#c18``, as six small digits."""
    hint = 'write "#c2185b", in quotes: without them the # starts a comment'
    text = require_text(value, ProblemCode.COLOR, "a colour", hint).lower()
    if re.fullmatch(r"#[0-9a-f]{3}", text):
        return "#" + "".join(digit * 2 for digit in text[1:])
    if not re.fullmatch(r"#[0-9a-f]{6}", text):
        raise BadValue(
            ProblemCode.COLOR, f"{text!r} is not a colour of # and six digits 0-9, a-f", hint
        )
    return text


def parse_zone(value: object) -> str:
    """An IANA name, spelled as the database does."""
    hint = "write a name like Europe/Paris"
    text = require_text(value, ProblemCode.TIMEZONE, "a time zone", hint)
    if text in known_zones():
        return text
    raise BadValue(
        ProblemCode.TIMEZONE, f"there is no time zone {text!r}", _near_zone(text) or hint
    )


def parse_name(value: object) -> str:
    """An id or key: it stands in links, headers and file names."""
    hint = "use small letters, digits and dashes, like early-access"
    text = require_text(value, ProblemCode.NAME, "a name", hint)
    if not re.fullmatch(NAME, text) or len(text) > LONGEST_NAME:
        raise BadValue(
            ProblemCode.NAME, f"{text!r} does not work as a name in links and files", hint
        )
    return text


def parse_list_name(value: object) -> str:
    """The name of a list, as links and imports use it."""
    hint = "use letters, digits and dashes, like readers"
    text = require_text(value, ProblemCode.NAME, "the name of a list", hint)
    if not re.fullmatch(LIST_NAME, text) or len(text) > LONGEST_NAME:
        raise BadValue(ProblemCode.NAME, f"{text!r} does not work as the name of a list", hint)
    return text


def parse_tag(value: object) -> str:
    """A tag; imports split tags at commas and semicolons."""
    text = parse_line(value)
    if re.search(r"[,;]", text) or len(text) > LONGEST_NAME:
        raise BadValue(
            ProblemCode.NAME,
            f"{text!r} is not one tag",
            "one tag for each entry: [garden-quiz, staff]",
        )
    return text


def parse_language(value: object) -> str:
    """A BCP 47 language tag, for lang= and dir=."""
    hint = "write en, fr or pt-BR"
    text = require_text(value, ProblemCode.NAME, "a language", hint)
    if not re.fullmatch(LANGUAGE, text):
        raise BadValue(ProblemCode.NAME, f"{text!r} is not a language code", hint)
    return text


def _near_zone(text: str) -> str | None:
    city = text.casefold().replace(" ", "_")
    ends = sorted(zone for zone in known_zones() if zone.casefold().rpartition("/")[2] == city)
    if ends:
        return f"did you mean {ends[0]}?"
    return did_you_mean(text.replace(" ", "_"), known_zones())


def _bare(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else "…"
