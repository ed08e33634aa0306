"""Finds merge fields in the sources of an email, with their place in the author's files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

from jinja2 import Environment, TemplateSyntaxError, nodes

from lovecampaign.checks.base.locate import Passage, find_email_setting
from lovecampaign.checks.base.rule import EmailDraft
from lovecampaign.core.problems import Place

_JINJA = Environment(autoescape=True)


class Field(Protocol):
    """A merge field that a rule searches for."""

    @property
    def written(self) -> str:
        """As in the source: ``subscriber.first_name``."""

    @property
    def line(self) -> int:
        """The line of the source, from 1."""


FoundField = TypeVar("FoundField", bound=Field)


def walk_source(
    source: str, walk: Callable[[nodes.Template], Iterable[FoundField]]
) -> tuple[FoundField, ...]:
    """What ``walk`` finds in a template's syntax tree; nothing if it cannot be parsed."""
    try:
        return tuple(walk(_JINJA.parse(source)))
    except (TemplateSyntaxError, RecursionError):
        return ()  # rendering reports it


def dotted_name(node: nodes.Node) -> str:
    """``subscriber.first_name`` for the node that reads it; '' for other expressions."""
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Getattr):
        return f"{dotted_name(node.node)}.{node.attr}"
    return ""


def find_fields(
    draft: EmailDraft, find: Callable[[str], Iterable[FoundField]]
) -> Iterator[tuple[FoundField, Passage]]:
    """What ``find`` returns for each source of an email, with its place."""
    email, copy = draft.email, draft.email.copy
    for name, text in (("subject", email.subject), ("preheader", email.preheader)):
        for field in find(text):
            yield field, find_email_setting(draft.campaign, email, name, field.written)
    files = [(copy.file, copy.text, copy.first_line)]
    files += ((file, source, 1) for file, source in draft.templates.items())
    for file, source, first_line in files:
        for field in find(source):
            yield field, _passage(field, source, file, first_line)


def _passage(field: Field, source: str, file: str, first_line: int) -> Passage:
    line = "".join(source.split("\n")[field.line - 1 : field.line])
    found = line.find(field.written)
    place = Place(file=file, line=first_line + field.line - 1, column=max(found, 0) + 1)
    return Passage(text=field.written if found >= 0 else "", place=place, excerpt=line)
