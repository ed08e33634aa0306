"""Locates what a rule is about in the author's own files."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import TypeAlias

from lovecampaign.campaign.model.campaign import Campaign, Email
from lovecampaign.campaign.source.source import Spot, find_piece, read_source
from lovecampaign.checks.base.rule import EmailDraft
from lovecampaign.core.problems import Place, Problem, Severity
from lovecampaign.render.markup.code_regions import without_code
from lovecampaign.render.model.template_files import template_file, template_name

#: A URL in copy and templates.
URL = re.compile(r"https?://[^\s<>\"'|)\]]+", re.IGNORECASE)

_JINJA = re.compile(r"\{#.*?#\}|\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_NOT_LINE_END = re.compile(r"[^\n]")


class LazyPattern:
    """A pattern that is compiled for the first text in which ``needs`` has a match.

    Many alternatives take 5 to 20 ms to compile, and most letters have none of their words.
    """

    def __init__(
        self, compile_it: Callable[[], re.Pattern[str]], needs: re.Pattern[str] | None = None
    ) -> None:
        self._compile = compile_it
        self._needs = needs

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        return self._compile()

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        """As of a compiled pattern."""
        can_match = self._needs is None or self._needs.search(text)
        return self.pattern.finditer(text) if can_match else iter(())

    def search(self, text: str) -> re.Match[str] | None:
        """As of a compiled pattern."""
        return next(self.finditer(text), None)


Searchable: TypeAlias = re.Pattern[str] | LazyPattern


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A piece of source text with its place."""

    text: str
    place: Place
    excerpt: str | None = None
    #: Columns that the caret underlines; None: all of ``text``.
    width: int | None = None

    def problem(self, message: str, *, hint: str, severity: Severity) -> Problem:
        """A problem that points at the passage; the rule adds its code."""
        return Problem(
            code="",
            message=message,
            place=self.place,
            hint=hint,
            severity=severity,
            excerpt=self.excerpt,
            width=max(1, len(self.text) if self.width is None else self.width),
        )

    def error(self, message: str, *, hint: str) -> Problem:
        """An error that points at the passage."""
        return self.problem(message, hint=hint, severity=Severity.ERROR)

    def warning(self, message: str, *, hint: str) -> Problem:
        """A warning that points at the passage."""
        return self.problem(message, hint=hint, severity=Severity.WARNING)


def find_in_words(draft: EmailDraft, pattern: Searchable) -> Iterator[Passage]:
    """Every match in the email's subject, preheader and copy."""
    email = draft.email
    for name, line in (("subject", email.subject), ("preheader", email.preheader)):
        for found in pattern.finditer(line):
            yield find_email_setting(draft.campaign, email, name, found[0])
    yield from find_in_lines(email.copy.text, email.copy.file, email.copy.first_line, pattern)


def find_in_shown_words(
    draft: EmailDraft, pattern: Searchable, jinja: str = " "
) -> Iterator[Passage]:
    """Every match in the subject, the preheader and the copy, outside of code and Jinja.

    In the copy a match may go over several lines; the caret underlines its first. ``jinja``: the
    character that each one of Jinja counts as.
    """
    email, copy = draft.email, draft.email.copy
    for name, line in (("subject", email.subject), ("preheader", email.preheader)):
        for found in pattern.finditer(_without_jinja(line, jinja)):
            text = line[found.start() : found.end()]
            yield find_email_setting(draft.campaign, email, name, text)
    lines = copy.text.split("\n")
    for found in pattern.finditer(_without_jinja(without_code(copy.text), jinja)):
        start = found.start()
        number = copy.text.count("\n", 0, start)
        column = start - copy.text.rfind("\n", 0, start)
        text = copy.text[start : found.end()]
        yield Passage(
            text=" ".join(text.split()),
            place=Place(file=copy.file, line=copy.first_line + number, column=column),
            excerpt=lines[number],
            width=len(text.partition("\n")[0]),
        )


def find_in_templates(draft: EmailDraft, pattern: Searchable) -> Iterator[Passage]:
    """Every match in the email's template and its includes."""
    for file, source in draft.templates.items():
        yield from find_in_lines(source, file, 1, pattern)


def find_everywhere(draft: EmailDraft, pattern: Searchable) -> Iterator[Passage]:
    """Every match in the email's own text, then in its templates."""
    yield from find_in_words(draft, pattern)
    yield from find_in_templates(draft, pattern)


def find_in_lines(text: str, file: str, first_line: int, pattern: Searchable) -> Iterator[Passage]:
    """Every match in a file's text, line by line."""
    for number, line in enumerate(text.split("\n"), first_line):
        for found in pattern.finditer(line):
            place = Place(file=file, line=number, column=found.start() + 1)
            yield Passage(text=found[0], place=place, excerpt=line)


def setting(campaign: Campaign, name: str, text: str) -> Passage:
    """A setting of campaign.yaml, by its dotted path: ``sender.email``."""
    return _written(campaign, campaign.places.get(name, Place(file=campaign.file)), text)


def find_email_setting(campaign: Campaign, email: Email, name: str, text: str) -> Passage:
    """A setting of an email, in campaign.yaml or in its own file."""
    return _written(campaign, email.places.get(name, Place(file=email.copy.file)), text)


def point_at(draft: EmailDraft, *patterns: re.Pattern[str]) -> Passage:
    """The source of rendered markup: the first match of the first pattern that has one.

    Templates come before copy; without a match, the email's template as a whole.
    """
    for pattern in patterns:
        for passage in chain(find_in_templates(draft, pattern), find_in_words(draft, pattern)):
            return passage
    file = template_file(template_name(draft.email.template))
    return Passage(text="", place=Place(file=file))


def first_line(email: Email) -> Passage:
    """The first line of an email's copy that is not blank, for problems of the whole email."""
    passages = find_in_lines(
        email.copy.text, email.copy.file, email.copy.first_line, re.compile(r"\S.*")
    )
    return next(passages, Passage(text="", place=Place(file=email.copy.file)))


def _without_jinja(text: str, filler: str) -> str:
    """With blanks, or another character, in place of merge fields, conditions and comments."""
    return _JINJA.sub(lambda found: _NOT_LINE_END.sub(filler, found[0]), text)


def _written(campaign: Campaign, place: Place, text: str) -> Passage:
    """The source at a place; the caret points at ``text`` if that line holds it."""
    if place.line is None:
        return Passage(text=text, place=place)
    source, _problems = read_source(campaign.workspace / place.file, place.file)
    start = Spot(line=place.line, column=place.column or 1)
    spot = find_piece(source, start, text) if source else None
    shown = spot or start
    return Passage(
        text=text,
        place=Place(file=place.file, line=shown.line, column=shown.column),
        excerpt=source.line(shown.line) if source else None,
        width=shown.width,
    )
