"""Reads an email's template and all templates that it includes."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from lovecampaign.campaign.files.paths import TEMPLATE_ENDING, TEMPLATE_FOLDER, find_inside
from lovecampaign.campaign.model.campaign import Campaign, Email
from lovecampaign.campaign.source.quotes import straighten_fields
from lovecampaign.campaign.source.source import UNPRINTABLE, decode, make_source, read_source
from lovecampaign.campaign.words.catalog import (
    INCLUDED,
    WORDS_FOLDER,
    find_own_word,
    frame_names,
    frame_word,
)
from lovecampaign.core.errors import ProblemsFound
from lovecampaign.core.problems import Place, Problem
from lovecampaign.core.suggestions import did_you_mean
from lovecampaign.render.model.mj_include import with_jinja_includes
from lovecampaign.render.model.problem_codes import RenderCode

_FOLDER = TEMPLATE_FOLDER.as_posix()
#: Letters in an outbox and databases have other endings.
_ENDINGS = frozenset({".j2", ".jinja", ".jinja2", ".mjml", ".html", ".htm", ".txt", ".md", ".css"})
#: A text file has at most this many kinds of unprintable characters, by accident.
_MAX_UNPRINTABLE = 4
#: As :func:`template_file` names a word.
_WORD_FILE = re.compile(rf"{WORDS_FOLDER.as_posix()} \(letter\.(?P<name>.+)\)")


class TemplateFiles:
    """Reads the templates of emails, each once; for as long as the files are taken as they are."""

    def __init__(self, campaign: Campaign) -> None:
        self._campaign = campaign
        self._read: dict[str, _TemplateReader] = {}

    def sources(self, email: Email) -> Mapping[str, str]:
        """Sources by the name that ``include`` uses; raises ProblemsFound."""
        name = template_name(email.template)
        reader = self._read.get(name)
        if reader is None:
            reader = _TemplateReader(self._campaign.workspace, self._campaign.language)
            reader.read(name, None)
            self._read[name] = reader
        if reader.problems:
            raise ProblemsFound(f"the templates of {email.key} cannot be read", reader.problems)
        return dict(sorted(reader.sources.items()))


def read_templates(campaign: Campaign, email: Email) -> Mapping[str, str]:
    """The sources of one email's templates; raises ProblemsFound."""
    return TemplateFiles(campaign).sources(email)


def template_name(template: str) -> str:
    """``letter`` as ``include`` and ``extends`` write it: ``letter.mjml.j2``."""
    return template if template.endswith(".j2") else f"{template}{TEMPLATE_ENDING}"


def template_file(name: str) -> str:
    """The file of a template, relative to the workspace."""
    if name.startswith(INCLUDED):
        return f"{WORDS_FOLDER.as_posix()} (letter.{name.removeprefix(INCLUDED)})"
    return f"{_FOLDER}/{name}"


def locate_word(problem: Problem, campaign: Campaign) -> Problem:
    """A problem of a word of the frame, at its place in a file of the workspace."""
    found = _WORD_FILE.fullmatch(problem.place.file) if problem.place else None
    word = found and find_own_word(campaign.workspace, campaign.language, f"letter.{found['name']}")
    if not word or problem.place is None:
        return problem
    line, column = problem.place.line or 1, problem.place.column
    if line == 1 and column is not None:
        column += (word.column or 1) - 1
    place = Place(file=word.file, line=(word.line or 1) + line - 1, column=column)
    source, _ = read_source(campaign.workspace / word.file, word.file)
    excerpt = source.line(place.line or 1) if source and problem.excerpt is not None else None
    return replace(problem, place=place, excerpt=excerpt)


class _TemplateReader:
    """Reads a template and its references, recursively."""

    def __init__(self, workspace: Path, language: str) -> None:
        self._language = language
        self._workspace = workspace.resolve()
        self._folder = workspace / TEMPLATE_FOLDER
        self.sources: dict[str, str] = {}
        self.problems: list[Problem] = []

    def read(self, name: str, named_in: Place | None) -> None:
        if name in self.sources:
            return
        source = self._read_file(name, named_in)
        if source is None:
            return
        self.sources[name] = source
        for reference in self._references(source):
            place = Place(file=template_file(name), line=_line_of(source, reference))
            self.read(reference, place)

    def _read_file(self, name: str, named_in: Place | None) -> str | None:
        place = named_in or Place(file=template_file(name))
        if name.startswith(INCLUDED):
            return self._word(name.removeprefix(INCLUDED), place)
        file = self._find(name)
        if file is None:
            self._report_absence(name, place)
            return None
        text = self._text_of(file)
        if text is not None:
            text = with_jinja_includes(text, name, self._has)
        else:
            self._report(
                RenderCode.TEMPLATE_UNREADABLE,
                f"{name} cannot be read as text: it may be a picture or a document",
                place,
                "save it as plain text (UTF-8)",
            )
        return text

    def _word(self, name: str, place: Place) -> str | None:
        """A word of the frame in the campaign's language."""
        text = frame_word(self._workspace, self._language, name)
        if text is None:
            message = f"there is no word {name!r} in {self._language!r}"
            hint = f"add it below [letter] in {WORDS_FOLDER.as_posix()}/{self._language}.toml"
            near = None if name in frame_names() else did_you_mean(name, frame_names())
            self._report(RenderCode.TEMPLATE_MISSING, message, place, near or hint)
        return text

    def _find(self, name: str) -> Path | None:
        """A template's file: text by its ending, inside the folder and the workspace."""
        file = find_inside(self._folder / name, self._folder)
        if file is None or file.suffix.lower() not in _ENDINGS:
            return None
        return file if file.is_relative_to(self._workspace) else None

    def _report_absence(self, name: str, place: Place) -> None:
        if ".." not in name and os.path.exists(self._folder / name):  # noqa: PTH110 - any name
            message = f"{name} is a link that leads out of {_FOLDER}, or may not be read"
            self._report(RenderCode.TEMPLATE_UNREADABLE, message, place, f"copy it to {_FOLDER}")
        else:
            hint = self._near(name)
            self._report(RenderCode.TEMPLATE_MISSING, f"there is no template {name}", place, hint)

    def _text_of(self, path: Path) -> str | None:
        """The text in any editor's encoding; None if it is not a text."""
        try:
            text = make_source(path.name, decode(path.read_bytes())).text
        except OSError:
            return None
        kinds = set(UNPRINTABLE.findall(text))
        return (
            straighten_fields(text.replace("\x00", "")) if len(kinds) <= _MAX_UNPRINTABLE else None
        )

    def _references(self, source: str) -> Iterator[str]:
        for reference in _named_templates(source):
            if reference is None:  # a name that is only known while rendering
                yield from self._all_names()
            elif _is_optional(source, reference) and not self._has(reference):
                continue
            else:
                yield reference

    def _has(self, name: str) -> bool:
        if name.startswith(INCLUDED):
            return name.removeprefix(INCLUDED) in frame_names()
        return self._find(name) is not None

    def _all_names(self) -> list[str]:
        return sorted(
            file.relative_to(self._folder).as_posix() for file in self._folder.rglob("*.j2")
        )

    def _near(self, missing: str) -> str:
        names = self._all_names()
        known = f"{_FOLDER} has: {', '.join(names) or 'nothing yet'}"
        return did_you_mean(missing, names) or known

    def _report(self, code: RenderCode, message: str, place: Place, hint: str | None) -> None:
        self.problems.append(Problem(code=code, message=message, place=place, hint=hint))


@functools.lru_cache(maxsize=64)
def _named_templates(source: str) -> tuple[str | None, ...]:
    """The templates that a template references; None for a name computed at run time.

    Cached: the emails of a month share few templates, and parsing one takes 5 ms.
    """
    from jinja2 import Environment, TemplateSyntaxError  # only where a template is read
    from jinja2.meta import find_referenced_templates

    try:
        tree = Environment(autoescape=True).parse(source)
    except (TemplateSyntaxError, RecursionError):
        return ()  # reported by ``find_problems``
    return tuple(find_referenced_templates(tree))


def _line_of(source: str, reference: str) -> int | None:
    found = source.find(reference)
    return source.count("\n", 0, found) + 1 if found >= 0 else None


def _is_optional(source: str, reference: str) -> bool:
    """Whether the line that names a template says ``ignore missing`` (or lists choices)."""
    line = _line_of(source, reference)
    named = source.split("\n")[line - 1] if line else ""
    return "ignore missing" in named or "[" in named
