"""Loads a campaign folder: the frozen model, and all problems at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lovecampaign.campaign.files.assemble import assemble
from lovecampaign.campaign.files.build_email import (
    BuiltEmail,
    build_day,
    build_invitation,
    build_launch_email,
    build_system_email,
    build_translation,
)
from lovecampaign.campaign.files.copy_file import CopyFile, read_copy
from lovecampaign.campaign.files.day_files import (
    find_day_files,
    missing_days,
    skipped_days_with_files,
)
from lovecampaign.campaign.files.draft import CampaignDraft
from lovecampaign.campaign.files.layers import Layers
from lovecampaign.campaign.files.paths import (
    FILE_NAME,
    FileKind,
    name_in,
    read_inside,
    resolve_inside,
    template_names,
)
from lovecampaign.campaign.files.rules import check_rules
from lovecampaign.campaign.model.campaign import (
    CATCH_UP,
    CONFIRM,
    INVITATION,
    WELCOME,
    Copy,
    Email,
    LateJoiners,
)
from lovecampaign.campaign.model.loaded import LoadedCampaign
from lovecampaign.campaign.schema.models import (
    CampaignFile,
    CopyGroup,
    DayGroup,
    LaunchEmailGroup,
    TranslationGroup,
)
from lovecampaign.campaign.schema.settings_group import SettingsGroup
from lovecampaign.campaign.schema.validate import read_document
from lovecampaign.campaign.source.errors import BadValue
from lovecampaign.campaign.source.problem_limit import first_of_each_file
from lovecampaign.core.problems import Problem, has_errors

#: Values for invalid required settings, so that the rules can run; never sent.
_PLACEHOLDERS: dict[str, Any] = {
    "version": 1,
    "id": "unreadable",
    "name": "unreadable",
    "timezone": "UTC",
    "start": "2027-02-01",
    "sender": {"name": "-", "email": "a@b.example", "postal_address": "-"},
    "audience": {"list": "readers"},
    "launch": {"at": "10:00"},
}


def load_campaign(folder: Path, workspace: Path) -> LoadedCampaign:
    """Read a campaign's folder. Never raises for its content."""
    draft, problems = read_draft(folder, workspace)
    if draft is None:
        return LoadedCampaign(campaign=None, problems=tuple(problems))
    loader = _CampaignLoader(draft, [*problems, *check_rules(draft)])
    loader.read_emails()
    return loader.loaded()


def read_draft(folder: Path, workspace: Path) -> tuple[CampaignDraft | None, Sequence[Problem]]:
    """The campaign.yaml of a folder, and its problems; None where no part can be read."""
    source, problems = read_inside(
        folder / FILE_NAME, FileKind.SETTINGS, folder=folder, workspace=workspace
    )
    if source is None:
        return None, problems
    document = read_document(source, CampaignFile, placeholders=_PLACEHOLDERS)
    if document.value is None:
        return None, first_of_each_file([*problems, *document.problems])
    draft = CampaignDraft(
        document=document,
        file=document.value,
        templates=template_names(workspace),
        folder=folder,
        workspace=workspace,
    )
    return draft, [*problems, *document.problems]


@dataclass(slots=True)
class _CampaignLoader:
    """Reads the emails of a draft, and collects files and problems."""

    draft: CampaignDraft
    #: Problems of the campaign as a whole: an error means that there is no model.
    problems: list[Problem]
    #: Problems of single emails.
    email_problems: list[Problem] = field(default_factory=list)
    emails: list[Email] = field(default_factory=list)
    files: list[str] = field(default_factory=list)

    def read_emails(self) -> None:
        self._read_days()
        self._read_invitation()
        for key, group in self.draft.launch.emails.items():
            self._read_launch_email(key, group)
        for key in (CATCH_UP, WELCOME, CONFIRM):
            self._read_system_email(key)

    def loaded(self) -> LoadedCampaign:
        problems = tuple(first_of_each_file([*self.problems, *self.email_problems]))
        if has_errors(self.problems):
            return LoadedCampaign(campaign=None, problems=problems)
        if voice := self.draft.file.replies.voice:
            self.files.append(name_in(self.draft.workspace, self.draft.folder / voice))
        files = (self.draft.document.source.name, *dict.fromkeys(self.files))
        return LoadedCampaign(campaign=assemble(self.draft, self.emails, files), problems=problems)

    def _read_days(self) -> None:
        draft = self.draft
        day_files = find_day_files(draft.folder, draft.workspace, draft.length, draft.languages)
        skip = frozenset(draft.file.skip)
        self.problems += day_files.problems
        is_sound = draft.document.is_sound("skip") and draft.document.is_sound("days")
        if is_sound and skip <= draft.giving_days:
            wanted = draft.giving_days - skip
            self.problems += missing_days(draft.document, wanted, day_files, draft.folder)
            self.problems += skipped_days_with_files(skip, day_files, draft.workspace)
        for number, path in sorted(day_files.by_day.items()):
            file = self._read_copy_file(path, DayGroup)
            if file and number not in skip:
                layers = self._layers(["days", number], draft.file.days.get(number), file)
                translations = day_files.translations.get(number, {})
                self._keep(build_day(draft, number, layers, file.copy), translations)

    def _read_invitation(self) -> None:
        group = self.draft.file.invitation
        if group is None:
            return
        file = self._named_copy_file([INVITATION, "copy"], group.copy_file)
        if file is not None:
            layers = self._layers([INVITATION], None, file)
            built = build_invitation(self.draft, group.start_at, layers, file.copy)
            self._keep(built, self._translations_beside(group.copy_file))

    def _read_launch_email(self, key: str, group: LaunchEmailGroup) -> None:
        path = ["launch", "emails", key]
        file = self._named_copy_file([*path, "copy"], group.copy_file)
        copy = file.copy if file else Copy(text="", file=self.draft.document.source.name)
        layers = self._layers(path, group, file)
        if group.copy_file is None or file is not None:
            translations = self._translations_beside(group.copy_file or f"launch/{key}.md")
            self._keep(build_launch_email(self.draft, key, group, layers, copy), translations)

    def _read_system_email(self, key: str) -> None:
        path = self.draft.folder / f"{key}.md"
        file = self._read_copy_file(path, CopyGroup) if path.is_file() else None
        if key == CATCH_UP and self.draft.file.late_joiners is not LateJoiners.CATCH_UP:
            self.email_problems += file.problems if file else ()
            return
        built = build_system_email(self.draft, key, self._layers([key], None, file))
        self._keep(built, self._translations_beside(f"{key}.md"))

    def _named_copy_file(self, where: list[str], text: str | None) -> CopyFile[Any] | None:
        if text is None:
            return None
        try:
            path = resolve_inside(
                text,
                FileKind.COPY,
                folder=self.draft.folder,
                workspace=self.draft.workspace,
            )
        except BadValue as bad:
            self.problems.append(self.draft.document.refusal(where, bad))
            return None
        return self._read_copy_file(path, CopyGroup)

    def _read_copy_file(self, path: Path, model: type[SettingsGroup]) -> CopyFile[Any] | None:
        draft = self.draft
        source, problems = read_inside(
            path, FileKind.COPY, folder=draft.folder, workspace=draft.workspace
        )
        self.files.append(name_in(draft.workspace, path))
        if source is None:
            self.problems += problems
            return None
        file = read_copy(source, model)
        return replace(file, problems=(*problems, *file.problems))

    def _layers(
        self, path: list[Any], group: CopyGroup | None, file: CopyFile[Any] | None
    ) -> Layers:
        return Layers(document=self.draft.document, path=path, group=group, file=file)

    def _translations_beside(self, name: str) -> dict[str, Path]:
        """By language: ``launch/open.fr.md`` beside ``launch/open.md``."""
        path = self.draft.folder / name
        files = {
            language: path.with_name(f"{path.stem}.{language}{path.suffix}")
            for language in self.draft.languages[1:]
        }
        return {language: file for language, file in files.items() if file.is_file()}

    def _keep(self, built: BuiltEmail, translations: Mapping[str, Path]) -> None:
        """Keep an email, with its translations."""
        email = built.email
        self.email_problems += built.problems
        found = dict(email.translations)
        for language, path in sorted(translations.items()):
            file = self._read_copy_file(path, TranslationGroup)
            if file is not None:
                translated = build_translation(self.draft, built.email, file)
                found[language] = translated.email
                self.email_problems += translated.problems
                if has_errors(translated.problems):
                    email = replace(email, is_broken=True)
        self.emails.append(replace(email, translations=found))
