"""Parsers of texts, names, shares, colours, zones, email addresses and links."""

from __future__ import annotations

import re
from fractions import Fraction
from urllib.parse import urlsplit

from email_validator import EmailNotValidError, validate_email

from lovecampaign.campaign.schema import corrections
from lovecampaign.campaign.source.errors import BadValue, require_match, require_text, show_value
from lovecampaign.campaign.source.problem_codes import ProblemCode
from lovecampaign.campaign.source.quotes import MERGE_FIELD_START, straighten_fields
from lovecampaign.campaign.source.source import UNPRINTABLE
from lovecampaign.core.suggestions import nearest
from lovecampaign.core.zones import known_zones

MAX_TEXT = 2_000
#: Characters of a name, an id or a tag.
LONGEST_NAME = 64
#: With "+" and an id of 32 characters it has 64 (RFC 5321, section 4.5.3.1.1).
LONGEST_BOUNCE_LOCAL = 31

#: JSON Schema uses these patterns, too.
NAME = r"[a-z0-9]+([-_.][a-z0-9]+)*"
LIST_NAME = r"[A-Za-z0-9]+([-_.][A-Za-z0-9]+)*"
LANGUAGE = r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}"

#: Regions of cities. Not ``Etc``: its signs are reversed (``Etc/GMT+1`` is an hour behind UTC).
_REGIONS = frozenset(
    ("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Canada", "Europe")
) | {"Indian", "Pacific", "US"}

#: Local parts of no-reply addresses, in several languages.
_NO_REPLY = re.compile(
    r"(no|not|do-?not|dont|ne-?pas|kein|keine|nicht|non)[-_.]?"
    r"(reply|respond|repondre|antwort(en)?|rispondere)|noreply.*|no-reply.*",
    re.IGNORECASE,
)


def parse_text(value: object) -> str:
    """A text without merge fields, since it is printed as it is; line breaks stay."""
    text = _readable(value)
    if match := MERGE_FIELD_START.search(text):
        message = "this setting is printed as it is: readers would see the braces"
        hint = "write plain words here; merge fields work in subject, preheader and copy"
        raise BadValue(ProblemCode.MERGE_FIELD, message, hint, part=match[0])
    return text


def parse_line(value: object) -> str:
    """A text on one line: runs of white space become one space."""
    return _on_one_line(parse_text(value))


def parse_merged_line(value: object) -> str:
    """A line that may have merge fields."""
    return straighten_fields(_on_one_line(_readable(value)))


def _on_one_line(text: str) -> str:
    return re.sub(r"[ \t\n]+", " ", text)


def _readable(value: object) -> str:
    """A non-empty, printable text."""
    if not isinstance(value, str):
        message = f"YAML reads {show_value(value)} here, which is not text"
        hint = f'use quotes: "{bare}"' if (bare := _bare(value)) else "put quotes around it"
        raise BadValue(ProblemCode.TEXT, message, hint)
    text = value.strip()
    if not text:
        raise BadValue(ProblemCode.TEXT, "this text is empty", "write it, or delete the line")
    if len(text) > MAX_TEXT:
        raise BadValue(ProblemCode.TEXT, f"this text has more than {MAX_TEXT} characters")
    if match := UNPRINTABLE.search(text):
        raise BadValue(ProblemCode.TEXT, f"the character U+{ord(match[0]):04X} cannot be shown")
    return text


def parse_percentage(value: object) -> Fraction:
    """``0.1%`` → 1/1000."""
    hint = "write it with a percent sign, like 0.1% or 2%"
    pattern = r"(\d{1,3}(?:\.\d{1,6})?)\s*%"
    match = require_match(
        pattern, value, ProblemCode.PERCENTAGE, "a share", hint, _correct_percentage
    )
    share = Fraction(match[1]) / 100
    if not 0 < share <= 1:
        message = f"{match[0]} is not above 0% and at most 100%"
        raise BadValue(ProblemCode.PERCENTAGE, message, hint)
    return share


def parse_growth(value: object) -> Fraction:
    """``2x`` → 2, ``1.5x`` → 3/2."""
    hint = "write it like 2x: each wave at most twice as large as the one before"
    pattern = r"(\d(?:\.\d{1,2})?)\s*[x×]"
    match = require_match(pattern, value, ProblemCode.NUMBER, "a growth", hint, _correct_growth)
    growth = Fraction(match[1])
    if not growth > 1:
        raise BadValue(ProblemCode.NUMBER, f"waves of {match[0]} do not grow", hint)
    return growth


def parse_color(value: object) -> str:
    """``#c2185b`` or ``#c18``, as six lower-case digits."""
    hint = 'write it like "#c2185b", in quotes: without them the # starts a comment'
    text = require_text(value, ProblemCode.COLOR, "a colour", hint).lower()
    if re.fullmatch(r"#[0-9a-f]{3}", text):
        return "#" + "".join(digit * 2 for digit in text[1:])
    if not re.fullmatch(r"#[0-9a-f]{6}", text):
        message = f"{text!r} is not a colour of # and six digits 0-9, a-f"
        if re.fullmatch(r"[0-9a-f]{6}", text):
            hint = f'write "#{text}", in quotes'
        raise BadValue(ProblemCode.COLOR, message, hint)
    return text


def parse_zone(value: object) -> str:
    """An IANA name in the spelling of the database."""
    hint = "write the name of a large city in it, like Europe/Paris"
    text = require_text(value, ProblemCode.TIMEZONE, "a time zone", hint)
    if text in known_zones():
        return text
    message = f"there is no time zone {text!r}"
    raise BadValue(ProblemCode.TIMEZONE, message, _near_zone(text) or hint)


def parse_name(value: object) -> str:
    """An id or key: it is used in links, headers and file names."""
    hint = "use small letters, digits and dashes, like early-access"
    return _parse_name(value, NAME, "a name", "a name in links and files", hint)


def parse_list_name(value: object) -> str:
    """The name of a list, for links and imports."""
    hint = "use letters, digits and dashes, like readers"
    return _parse_name(value, LIST_NAME, "the name of a list", "the name of a list", hint)


def _parse_name(value: object, pattern: str, what: str, use: str, hint: str) -> str:
    text = require_text(value, ProblemCode.NAME, what, hint)
    if not re.fullmatch(pattern, text) or len(text) > LONGEST_NAME:
        raise BadValue(ProblemCode.NAME, f"{text!r} does not work as {use}", hint)
    return text


def parse_tag(value: object) -> str:
    """A tag, without the separators of imports."""
    text = parse_line(value)
    if re.search(r"[,;]", text) or len(text) > LONGEST_NAME:
        message = f"{text!r} is not one tag"
        tags = ", ".join(filter(None, (tag.strip() for tag in re.split(r"[,;]", text))))
        hint = f"one tag for each entry: [{tags}]" if tags and len(text) <= LONGEST_NAME else None
        raise BadValue(ProblemCode.NAME, message, hint)
    return text


def parse_language(value: object) -> str:
    """A BCP 47 language tag, for lang= and dir=."""
    hint = "write its code, like en, fr or pt-BR"
    return require_match(LANGUAGE, value, ProblemCode.NAME, "a language code", hint)[0]


def parse_email(value: object) -> str:
    """An address that email-validator accepts; reserved test domains are allowed."""
    hint = "write it like ana@bloom.example"
    text = require_text(value, ProblemCode.EMAIL_ADDRESS, "an email address", hint)
    try:
        parts = validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        message = f"{text!r} cannot be an email address: {str(error).rstrip('.')}"
        raise BadValue(ProblemCode.EMAIL_ADDRESS, message, hint) from error
    return parts.normalized


def parse_answered_email(value: object) -> str:
    """An address where a person answers: no-reply is rejected."""
    address = parse_email(value)
    if _NO_REPLY.fullmatch(address.partition("@")[0]):
        message = f"no person reads {address}, and readers will answer"
        raise BadValue(ProblemCode.NO_REPLY, message, "use the address of a person")
    return address


def parse_bounce_address(value: object) -> str:
    """An address that ``+ID`` is added to."""
    address = parse_email(value)
    local = address.partition("@")[0]
    if "+" in local or len(local) > LONGEST_BOUNCE_LOCAL:
        message = f"{address} gets each message's id: bounces+ID@…"
        hint = (
            f"write a short address without +, of at most {LONGEST_BOUNCE_LOCAL} letters before @"
        )
        raise BadValue(ProblemCode.EMAIL_ADDRESS, message, hint)
    return address


def parse_link(value: object) -> str:
    """An absolute http or https link."""
    return _parse_link(value, placeholders=frozenset())


def parse_deal_link(value: object) -> str:
    """A link that may hold ``{code}``."""
    return _parse_link(value, placeholders=frozenset({"code"}))


def _parse_link(value: object, placeholders: frozenset[str]) -> str:
    hint = "write it in full, like https://bloom.example/page"
    text = require_text(value, ProblemCode.LINK, "a link", hint)
    try:
        parts = urlsplit(text)
        is_complete = parts.scheme in ("http", "https") and bool(parts.hostname)
        _ = parts.port  # raises ValueError for a wrong port
    except ValueError:
        is_complete = False
    if not is_complete or re.search(r"[\s<>\"\\]", text):
        message = f"{text!r} is not a link that mail programs can open"
        raise BadValue(ProblemCode.LINK, message, hint)
    if "@" in parts.netloc:
        message = "a link holds a user or a password before its host, which every reader would see"
        raise BadValue(ProblemCode.LINK, message, "leave out everything up to the @")
    if "{" in parts.netloc or "{" in parts.fragment:
        message = "{…} in a link stands in its path or behind the ?, so that its host is fixed"
        raise BadValue(
            ProblemCode.LINK, message, "write it like https://bloom.example/buy?code={code}"
        )
    for name in re.findall(r"{([^{}]*)}", text):
        if name not in placeholders:
            allowed = (
                "only {code} is allowed here"
                if placeholders
                else "this placeholder would not be replaced"
            )
            raise BadValue(ProblemCode.LINK, f"{{{name}}} in a link: {allowed}", "take it out")
    return text


def _correct_growth(text: str) -> str | None:
    found = re.fullmatch(r"(?:x\s*)?([2-9](?:\.\d{1,2})?)(?:\s*times)?|double", text.lower())
    return f"write {found[1] or 2}x" if found else None


def _correct_percentage(text: str) -> str | None:
    share = corrections.correct_percentage(text)
    return f"write {share}" if share else None


def _near_zone(text: str) -> str | None:
    """The zone of that city, or with a similar name; another city is never suggested.

    One zone may have several names (``US/Pacific``, ``Canada/Pacific``): an author who wrote
    only the end chooses among them.
    """
    region, _, city = text.replace(" ", "_").casefold().rpartition("/")
    zones = [
        zone
        for zone in sorted(known_zones())
        if zone.partition("/")[0] in _REGIONS and zone.casefold().startswith(region)
    ]
    ends = [zone for zone in zones if _city(zone) == city]
    if not ends:
        near = nearest(city, {_city(zone) for zone in zones}, at_least=0.85)
        ends = [zone for zone in zones if _city(zone) == near]
    return f"did you mean {' or '.join(ends)}?" if ends else None


def _city(zone: str) -> str:
    return zone.rpartition("/")[2].casefold()


def _bare(value: object) -> str:
    """The value as it was written; empty where YAML's reading hides that."""
    if isinstance(value, bool):
        return str(value).lower()
    written = getattr(value, "written", value)
    return str(written) if isinstance(written, int | str) else ""
