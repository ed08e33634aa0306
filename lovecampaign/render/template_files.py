"""Which template files is an email made of?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from jinja2 import Environment, TemplateSyntaxError
from jinja2.meta import find_referenced_templates

from lovecampaign.campaign.model import Campaign, Email
from lovecampaign.errors import ProblemsFound
from lovecampaign.problems import Place, Problem
from lovecampaign.render.codes import Code
from lovecampaign.render.suggestions import did_you_mean

TEMPLATE_FOLDER = "templates/email"
TEMPLATE_ENDING = ".mjml.j2"


def read_templates(campaign: Campaign, email: Email) -> Mapping[str, str]:
    """Sources by the name that ``include`` uses; raises ProblemsFound."""
    folder = campaign.workspace / TEMPLATE_FOLDER
    reader = _TemplateReader(folder)
    reader.read(template_name(email.template), None)
    if reader.problems:
        raise ProblemsFound(f"the templates of {email.key} cannot be read", reader.problems)
    return dict(sorted(reader.sources.items()))


def template_name(template: str) -> str:
    """``letter`` as ``include`` and ``extends`` write it: ``letter.mjml.j2``."""
    return template if template.endswith(".j2") else f"{template}{TEMPLATE_ENDING}"


def template_file(name: str) -> str:
    """The file of a template, relative to the workspace."""
    return f"{TEMPLATE_FOLDER}/{name}"


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
