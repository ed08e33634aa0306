"""How are email addresses and links written?"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from email_validator import EmailNotValidError, validate_email

from lovecampaign.campaign.source.errors import BadValue, require_text
from lovecampaign.campaign.source.problem_codes import ProblemCode

#: Local parts of addresses that nobody answers at, in the languages we met.
_NO_REPLY = re.compile(
    r"(no|not|do-?not|dont|ne-?pas|kein|keine|nicht|non)[-_.]?"
    r"(reply|respond|repondre|antwort(en)?|rispondere)|noreply.*|no-reply.*",
    re.IGNORECASE,
)


def parse_email(value: object) -> str:
    """An address as email-validator accepts it; reserved test domains are fine here."""
    hint = "write it like ana@bloom.example"
    text = require_text(value, ProblemCode.EMAIL_ADDRESS, "an email address", hint)
    try:
        found = validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        message = f"{text!r} cannot be an email address: {str(error).rstrip('.')}"
        raise BadValue(ProblemCode.EMAIL_ADDRESS, message, hint) from error
    return found.normalized


def parse_answered_email(value: object) -> str:
    """An address where a person answers: no-reply is refused."""
    address = parse_email(value)
    if _NO_REPLY.fullmatch(address.partition("@")[0]):
        raise BadValue(
            ProblemCode.NO_REPLY,
            f"nobody reads {address}, and readers will answer",
            "use the address of a person",
        )
    return address


def parse_link(value: object) -> str:
    """An absolute http or https link."""
    return _parse_link(value, placeholders=frozenset())


def parse_deal_link(value: object) -> str:
    """A link that may hold ``{code}``."""
    return _parse_link(value, placeholders=frozenset({"code"}))


def _parse_link(value: object, placeholders: frozenset[str]) -> str:
    hint = "write it in full: https://bloom.example/page"
    text = require_text(value, ProblemCode.LINK, "a link", hint)
    try:
        parts = urlsplit(text)
        is_complete = parts.scheme in ("http", "https") and bool(parts.hostname)
        _ = parts.port  # raises for what is no number
    except ValueError:
        is_complete = False
    if not is_complete or re.search(r"[\s<>\"\\]", text):
        raise BadValue(
            ProblemCode.LINK, f"{text!r} is not a link that mail programs can open", hint
        )
    for name in re.findall(r"{([^{}]*)}", text):
        if name not in placeholders:
            allowed = "only {code} can stand here" if placeholders else "it would not be replaced"
            raise BadValue(ProblemCode.LINK, f"{{{name}}} in a link: {allowed}", "take it out")
    return text
