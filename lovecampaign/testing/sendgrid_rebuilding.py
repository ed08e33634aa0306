"""Which messages does SendGrid make of a request? One for each person, their values filled in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalMessage:
    """What one person of a request gets."""

    delivery_id: str
    email: str
    name: str
    subject: str
    text: str
    html: str
    headers: Mapping[str, str]


def personal_messages(request: Any) -> Iterator[PersonalMessage]:
    """The messages of a request's people, in its order."""
    contents = {part["type"]: part["value"] for part in request["content"]}
    for person in request["personalizations"]:
        values = person.get("substitutions", {})
        [to] = person["to"]
        yield PersonalMessage(
            delivery_id=person["custom_args"]["lc_id"],
            email=to["email"],
            name=to.get("name", ""),
            subject=_filled(person["subject"], values),
            text=_filled(contents["text/plain"], values),
            html=_filled(contents["text/html"], values),
            headers=person["headers"],
        )


def _filled(content: str, values: Mapping[str, str]) -> str:
    """One key after the other: what a value brings in is looked through for the keys after it."""
    for key, value in values.items():
        content = content.replace(key, value)
    return content
