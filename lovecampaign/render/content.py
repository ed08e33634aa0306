"""What exactly does an email say, before anybody's name is in it?

Content is read from files, frozen once the first copy of an email is claimed, and stored: a
retry a week later renders the same bytes although the files have moved on.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from jinja2 import Environment, TemplateSyntaxError
from jinja2.meta import find_referenced_templates

from lovecampaign.campaign.model import Campaign, Copy, Email, Guest, Role
from lovecampaign.errors import ProblemsFound
from lovecampaign.problems import Place, Problem
from lovecampaign.render.codes import Code
from lovecampaign.render.images import Image, named_images, read_images
from lovecampaign.render.suggestions import did_you_mean

TEMPLATE_FOLDER = "templates/email"
TEMPLATE_ENDING = ".mjml.j2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What the author wrote of one email."""

    key: str
    kind: str
    number: int | None
    date: date | None
    subject: str
    copy: Copy
    guest: Guest | None = None
    question: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """Everything that an email is made of, but for the campaign's settings and the person."""

    words: Words
    preheader: str
    #: ``letter``: the template's name.
    template: str
    #: Source of the template and of all that it includes, by the name ``include`` uses.
    templates: Mapping[str, str]
    #: Local pictures by the path that the author wrote.
    images: Mapping[str, Image] = field(default_factory=dict)
    #: Catch-up only: the day emails that a digest may hold, by key.
    parts: Mapping[str, Words] = field(default_factory=dict)

    @property
    def subject(self) -> str:
        return self.words.subject

    @property
    def copy(self) -> Copy:
        return self.words.copy

    @property
    def guest(self) -> Guest | None:
        return self.words.guest

    @property
    def question(self) -> str | None:
        return self.words.question

    def fingerprint(self) -> str:
        """SHA-256 over subject, preheader, copy, templates and pictures, in hex.

        The days inside a digest do not count: an edited day blocks that day, not the digest.
        """
        own = set(_paths([self.copy.text, *self.templates.values()]))
        said = {
            "subject": self.subject,
            "preheader": self.preheader,
            "copy": self.copy.text,
            "template": self.template,
            "templates": dict(self.templates),
            "images": {path: one.name for path, one in self.images.items() if path in own},
        }
        written = json.dumps(said, sort_keys=True, ensure_ascii=True)
        return hashlib.sha256(written.encode()).hexdigest()

    def to_json(self) -> str:
        return json.dumps(asdict(self), default=date.isoformat, sort_keys=True)

    @classmethod
    def from_json(cls, stored: str) -> Content:
        read = json.loads(stored)
        return cls(
            words=_words_from(read["words"]),
            preheader=read["preheader"],
            template=read["template"],
            templates=read["templates"],
            images={path: Image(**image) for path, image in read["images"].items()},
            parts={key: _words_from(part) for key, part in read["parts"].items()},
        )


def read_content(campaign: Campaign, email: Email) -> Content:
    """An email's content as its files say it now; raises ProblemsFound for templates."""
    templates = _read_templates(campaign, email)
    parts = campaign.day_emails if email.role is Role.CATCH_UP else ()
    copies = [email.copy.text, *(part.copy.text for part in parts)]
    logo = [campaign.brand.logo] if campaign.brand.logo else []
    return Content(
        words=_words_of(email),
        preheader=email.preheader,
        template=email.template,
        templates=templates,
        images=read_images(campaign, [*logo, *_paths([*copies, *templates.values()])]),
        parts={part.key: _words_of(part) for part in parts},
    )


def template_name(template: str) -> str:
    """``letter`` as ``include`` and ``extends`` write it: ``letter.mjml.j2``."""
    return template if template.endswith(".j2") else f"{template}{TEMPLATE_ENDING}"


def template_file(name: str) -> str:
    """The file of a template, relative to the workspace."""
    return f"{TEMPLATE_FOLDER}/{name}"


def _words_of(email: Email) -> Words:
    return Words(
        key=email.key,
        kind=email.kind.value,
        number=email.number,
        date=email.date,
        subject=email.subject,
        copy=email.copy,
        guest=email.guest,
        question=email.question,
    )


def _words_from(stored: Mapping[str, Any]) -> Words:
    guest = stored["guest"]
    return Words(
        **{
            **stored,
            "date": _date_from(stored["date"]),
            "copy": Copy(**stored["copy"]),
            "guest": Guest(**{**guest, "approved": _date_from(guest["approved"])})
            if guest
            else None,
        }
    )


def _date_from(stored: str | None) -> date | None:
    return date.fromisoformat(stored) if stored else None


def _paths(sources: Sequence[str]) -> list[str]:
    return [path for source in sources for path, _ in named_images(source)]


def _read_templates(campaign: Campaign, email: Email) -> Mapping[str, str]:
    folder = campaign.workspace / TEMPLATE_FOLDER
    reader = _TemplateReader(folder)
    reader.read(template_name(email.template), None)
    if reader.problems:
        raise ProblemsFound(f"the templates of {email.key} cannot be read", reader.problems)
    return dict(sorted(reader.sources.items()))


class _TemplateReader:
    """Reads a template and everything that it names, however deep."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._environment = Environment(autoescape=True)
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
        path = (self._folder / name).resolve()
        place = named_in or Place(file=template_file(name))
        if not path.is_relative_to(self._folder.resolve()) or not path.is_file():
            self._report(Code.TEMPLATE_MISSING, f"there is no template {name}", place, name)
            return None
        try:
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            self._report(Code.TEMPLATE_UNREADABLE, f"{name} cannot be read: {error}", place, None)
            return None
        return text.replace("\x00", "")

    def _references(self, source: str) -> Iterator[str]:
        try:
            tree = self._environment.parse(source)
        except TemplateSyntaxError:
            return  # ``find_problems`` says where
        for reference in find_referenced_templates(tree):
            if reference is None:  # a name that is only known while rendering
                yield from self._all_names()
            elif not (self._folder / reference).is_file() and _is_optional(source, reference):
                continue
            else:
                yield reference

    def _all_names(self) -> list[str]:
        return sorted(
            file.relative_to(self._folder).as_posix() for file in self._folder.rglob("*.j2")
        )

    def _report(self, code: Code, message: str, place: Place, missing: str | None) -> None:
        hint = f"{TEMPLATE_FOLDER} has: {', '.join(self._all_names()) or 'nothing yet'}"
        near = did_you_mean(missing, self._all_names()) if missing else ""
        self.problems.append(Problem(code=code, message=message, place=place, hint=near or hint))


def _line_of(source: str, reference: str) -> int | None:
    found = source.find(reference)
    return source.count("\n", 0, found) + 1 if found >= 0 else None


def _is_optional(source: str, reference: str) -> bool:
    """Whether the line that names a template says ``ignore missing`` (or lists choices)."""
    line = _line_of(source, reference)
    named = source.split("\n")[line - 1] if line else ""
    return "ignore missing" in named or "[" in named
