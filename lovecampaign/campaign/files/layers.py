"""Layered settings of an email: campaign.yaml and the copy file's front matter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lovecampaign.campaign.files.copy_file import CopyFile
from lovecampaign.campaign.model.campaign import Guest, TagFilter
from lovecampaign.campaign.schema.models import CampaignFile, CopyGroup
from lovecampaign.campaign.schema.validate import Document
from lovecampaign.campaign.source.errors import BadValue
from lovecampaign.campaign.source.problem_codes import ProblemCode
from lovecampaign.campaign.source.tree import Keys
from lovecampaign.core.problems import Place, Problem, Severity

#: All settings of both layers, in the author's spelling.
_SETTINGS = (
    *("subject", "preheader", "template", "kind", "with_tags", "without_tags", "guest"),
    "finished",
    *("question", "at", "pinned", "to", "copy", "quiet_hours"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layers:
    """The two layers of an email's settings; a setting may be in one of them only."""

    document: Document[CampaignFile]
    #: The path of the email's group in campaign.yaml, written or not.
    path: Keys
    group: CopyGroup | None
    file: CopyFile[Any] | None

    def get(self, name: str) -> Any:
        """The value of a setting, or None."""
        front = getattr(self.file.front.value, name, None) if self.file else None
        return front if front is not None else getattr(self.group, name, None)

    def tags(self) -> TagFilter:
        return TagFilter(
            with_tags=frozenset(self.get("with_tags") or ()),
            without_tags=frozenset(self.get("without_tags") or ()),
        )

    def guest(self) -> Guest | None:
        written = self.get("guest")
        if written is None:
            return None
        return Guest(name=written.name, role=written.role or "", approved=written.approved)

    def places(self) -> dict[str, Place]:
        """The places of all settings."""
        places = ((name, self._place(name)) for name in _SETTINGS)
        return {name: place for name, place in places if place is not None}

    def problem(
        self,
        code: ProblemCode,
        name: str,
        message: str,
        *,
        hint: str | None = None,
        severity: Severity = Severity.ERROR,
    ) -> Problem:
        """A problem at the place of a setting, or at the top of the copy file."""
        if self.file and (self.file.front.tree.has([name]) or not self._in_yaml(name)):
            front = self.file.front
            return front.problem(code, [name], message, hint=hint, severity=severity)
        path = [*self.path, name]
        return self.document.problem(code, path, message, hint=hint, severity=severity)

    def refusal(self, name: str, bad: BadValue) -> Problem:
        return self.problem(bad.code, name, bad.message, hint=bad.hint)

    def set_twice(self) -> list[Problem]:
        """Problems of settings that are in both layers."""
        if self.file is None:
            return []
        front = self.file.front
        twice = [name for name in _SETTINGS if front.tree.has([name]) and self._in_yaml(name)]
        return [self._twice(name) for name in twice]

    def is_unread(self, name: str) -> bool:
        """Whether a setting may be written although it could not be read."""
        if not self.document.is_sound(*self.path, name):
            return True
        if self.file is None:
            return False
        front = self.file.front
        was_cut = not (front.tree.is_whole and self.file.has_settings)
        return was_cut or front.tree.has([name]) or not front.is_sound(name)

    def _twice(self, name: str) -> Problem:
        other = self.document.tree.spot([*self.path, name]).line
        message = f"{name} is here and in {self.document.source.name}, line {other}"
        return self.problem(ProblemCode.SET_TWICE, name, message, hint="keep one of them")

    def _in_yaml(self, name: str) -> bool:
        return self.document.tree.has([*self.path, name])

    def _place(self, name: str) -> Place | None:
        front = self.file.front.place([name]) if self.file else None
        return front or self.document.place([*self.path, name])
