"""What the preview offers to the author at this machine: editor, new letters, pictures.

It exists only where the server listens on loopback: never with ``--share``, never in a copy.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from lovecampaign.campaign.files.paths import find_inside
from lovecampaign.campaign.model.campaign import Kind
from lovecampaign.campaign.workspace.new_letter import KINDS, FreeDay, find_free_days, write_letter
from lovecampaign.core.errors import UsageError
from lovecampaign.core.problems import Place
from lovecampaign.web.preview.authoring.editor import Editor, EditorAnswer
from lovecampaign.web.preview.authoring.pictures import StoredPicture, store_picture

#: An end of a front matter of four lines: the first line to write.
_SUBJECT_LINE, _SUBJECT_COLUMN = 2, 11


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorDesk:
    """The files of one campaign, for its author."""

    folder: Path
    workspace: Path
    #: None where no editor is known: paths can be copied.
    editor: Editor | None
    form_token: str

    @property
    def kinds(self) -> Sequence[Kind]:
        return KINDS

    def free_days(self) -> Sequence[FreeDay]:
        """The days without a letter, as the files are now."""
        return find_free_days(self.folder, self.workspace)

    def path_of(self, place: Place) -> str:
        """The whole path of a place, as editors take it: ``/…/02-soil.md:7:3``."""
        whole = Place(file=str(self.workspace / place.file), line=place.line, column=place.column)
        return str(whole)

    def command_for(self, place: Place) -> str:
        """What to type in a terminal to open the place."""
        if self.editor is None:
            return ""
        path = self.workspace / place.file
        return shlex.join(self.editor.words_for(path, place.line or 1, place.column or 1))

    def open(self, file: str, line: int, column: int) -> EditorAnswer:
        """Open a file of the workspace; raises UsageError for any other."""
        path = find_inside(self.workspace / file, self.workspace)
        if path is None:
            raise UsageError(f"there is no file {file} in this workspace")
        if self.editor is None:
            raise UsageError(
                "no editor is known", hint="start preview with --editor, or set VISUAL"
            )
        return self.editor.open(path, line, column)

    def write_letter(self, number: int, kind: str) -> str:
        """Write the letter of a free day, and open it; returns what happened, in words."""
        if kind not in [one.value for one in KINDS]:
            raise UsageError(f"there is no kind {kind}")
        path = write_letter(self.folder, self.workspace, number, Kind(kind))
        name = path.relative_to(self.folder).as_posix()
        if self.editor is None:
            return f"Written: {path}"
        return f"Written: {name}. {self.editor.open(path, _SUBJECT_LINE, _SUBJECT_COLUMN).words}"

    def store_picture(self, name: str, file: BinaryIO) -> StoredPicture:
        return store_picture(self.folder, name, file)
