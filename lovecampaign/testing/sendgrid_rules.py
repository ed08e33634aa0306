"""Validates SendGrid requests: its OpenAPI description, and further rules of its documentation.

The further rules come from the API's limitations and errors pages. The description is MIT-licensed
and in the tests' data.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

MAX_RECIPIENTS = 1000
MAX_BYTES = 30 * 1024 * 1024
MAX_ARGUMENT_BYTES = 10_000
MAX_SUBSTITUTION_BYTES = 10_000
_KEYS = frozenset({
    "personalizations", "from", "reply_to", "reply_to_list", "subject", "content", "attachments",
    "template_id", "headers", "categories", "custom_args", "send_at", "batch_id", "asm",
    "ip_pool_name", "mail_settings", "tracking_settings",
})  # fmt: skip
_PERSONAL_KEYS = frozenset({
    "to", "cc", "bcc", "from", "subject", "headers", "substitutions", "dynamic_template_data",
    "custom_args", "send_at",
})  # fmt: skip
_FORBIDDEN_HEADERS = frozenset({
    "x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type",
    "content-transfer-encoding", "to", "from", "subject", "reply-to", "cc", "bcc",
})  # fmt: skip

#: Where something is wrong (``personalizations.0.to``), and what.
Breach = tuple[str, str]
Validator = Callable[[Any], Iterator[Breach]]


def schema_validator(description: Path) -> Validator:
    """Checks a request against the OpenAPI description; needs ``jsonschema``."""
    from jsonschema import Draft202012Validator

    api = json.loads(description.read_text(encoding="utf-8"))
    body = api["components"]["requestBodies"]["PostMailSend"]["content"]["application/json"]
    validator = Draft202012Validator({**body["schema"], "components": api["components"]})

    def check(request: Any) -> Iterator[Breach]:
        for error in validator.iter_errors(request):
            yield ".".join(map(str, error.absolute_path)), error.message

    return check


def find_breaches(request: Any) -> Iterator[Breach]:
    """What SendGrid rejects and the description does not."""
    if not isinstance(request, dict):
        yield "", "the request is not an object"
        return
    for key in request.keys() - _KEYS:
        yield key, "unknown key"
    yield from _content_rules(request)
    if "reply_to" in request and "reply_to_list" in request:
        yield "reply_to", "only one of reply_to and reply_to_list"
    if not str(request.get("from", {}).get("email", "")).isascii():
        yield "from.email", "Unicode is not supported here"
    yield from _recipients_rules(request)


def _content_rules(request: dict[str, Any]) -> Iterator[Breach]:
    types = [part.get("type") for part in request.get("content", [])]
    if not types:
        yield "content", "at least one content is needed"
    order = {"text/plain": 0, "text/html": 1}
    if types != sorted(types, key=lambda kind: order.get(kind, 2)):
        yield "content", "text/plain comes first, then text/html, then others"
    if any(not part.get("value") for part in request.get("content", [])):
        yield "content", "every content needs a value"


def _recipients_rules(request: dict[str, Any]) -> Iterator[Breach]:
    people = request.get("personalizations", [])
    addresses = [
        to.get("email", "").lower()
        for person in people
        for kind in ("to", "cc", "bcc")
        for to in person.get(kind, [])
    ]
    if len(addresses) > MAX_RECIPIENTS:
        yield "personalizations", f"more than {MAX_RECIPIENTS} recipients"
    if len(addresses) != len(set(addresses)):
        yield "personalizations", "each address only once in a request"
    for index, person in enumerate(people):
        for field, message in _personalization_rules(person, request):
            yield f"personalizations.{index}.{field}", message


def _personalization_rules(person: dict[str, Any], request: dict[str, Any]) -> Iterator[Breach]:
    for key in person.keys() - _PERSONAL_KEYS:
        yield key, "unknown key"
    if not person.get("to"):
        yield "to", "at least one recipient is needed"
    for number, to in enumerate(person.get("to", [])):
        yield from _recipient_rules(number, to)
    if not (person.get("subject") or request.get("subject")):
        yield "subject", "a subject is needed"
    for name, value in person.get("headers", {}).items():
        if name.lower() in _FORBIDDEN_HEADERS:
            yield f"headers.{name}", "may not be set"
        if not isinstance(value, str) or not value.isascii() or not value.isprintable():
            yield f"headers.{name}", "is not one line of ASCII text"
    arguments = person.get("custom_args", {})
    if any(not isinstance(value, str) for value in arguments.values()):
        yield "custom_args", "values are strings"
    if len(json.dumps(arguments)) > MAX_ARGUMENT_BYTES:
        yield "custom_args", "more than 10,000 bytes"
    if len(json.dumps(person.get("substitutions", {}))) > MAX_SUBSTITUTION_BYTES:
        yield "substitutions", "more than 10,000 bytes"


def _recipient_rules(number: int, to: dict[str, Any]) -> Iterator[Breach]:
    email = str(to.get("email", ""))
    if not email.isascii() or email.count("@") != 1:
        yield f"to.{number}.email", "does not contain a valid address"
    if set(",;") & set(str(to.get("name", ""))):
        yield f"to.{number}.name", "may not contain , or ;"
