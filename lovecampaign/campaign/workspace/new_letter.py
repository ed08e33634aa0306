"""Writes the file of a day's letter: subject, kind, and guidance in comments, never sent."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lovecampaign.campaign.files.day_files import find_day_files
from lovecampaign.campaign.files.draft import CampaignDraft
from lovecampaign.campaign.files.load import read_draft
from lovecampaign.campaign.files.paths import FILE_NAME
from lovecampaign.campaign.model.campaign import Kind
from lovecampaign.campaign.workspace.blank import blank_day
from lovecampaign.campaign.workspace.guidance import LANGUAGES, QUESTION, read_guidance
from lovecampaign.core.errors import UsageError

#: The letter of a blank month that gives each kind its guidance.
_LETTERS: Mapping[Kind, str] = {
    Kind.VALUE: "insight",
    Kind.GUEST: "guest",
    Kind.STORY: "story",
    Kind.TOOL: "tool",
    Kind.THANKS: "thanks",
    Kind.ASK: QUESTION,
}
KINDS = tuple(_LETTERS)
_LIST_IN_ONE_LINE = re.compile(r"^(skip:\s*\[)([^\]\n]*)(\].*)$", re.MULTILINE)
_LIST_OF_LINES = re.compile(r"^skip:[^\S\n]*(?:#.*)?\n(?:\s*-.*\n?|\s*#.*\n?)+", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeDay:
    """A day without a letter."""

    number: int
    #: Writing its letter takes it out of ``skip``.
    is_skipped: bool


def find_free_days(folder: Path, workspace: Path) -> Sequence[FreeDay]:
    """The days without a file; none where campaign.yaml cannot be read."""
    draft, _ = read_draft(folder, workspace)
    return _free_days(draft) if draft else ()


def _free_days(draft: CampaignDraft) -> Sequence[FreeDay]:
    if not (draft.document.is_sound("skip") and draft.document.is_sound("days")):
        return ()
    written = find_day_files(draft.folder, draft.workspace, draft.length, draft.languages).by_day
    return tuple(
        FreeDay(number=number, is_skipped=number in draft.file.skip)
        for number in sorted(draft.giving_days - written.keys())
    )


def write_letter(folder: Path, workspace: Path, number: int, kind: Kind) -> Path:
    """Write the letter of a free day; raises UsageError for another day or kind."""
    draft, _ = read_draft(folder, workspace)
    free = _free_days(draft) if draft else ()
    day = next((one for one in free if one.number == number), None)
    if draft is None or day is None or kind not in _LETTERS:
        raise UsageError(f"day {number} has a letter already, or is not in this campaign")
    if day.is_skipped:
        _take_out_of_skip(folder, workspace, number)
    guide = read_guidance(_language_of(draft))
    has_template = kind.value in draft.templates
    name, text = blank_day(number, _LETTERS[kind], guide, has_template=has_template)
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    with path.open("x", encoding="utf-8") as file:
        file.write(text)
    return path


def _language_of(draft: CampaignDraft) -> str:
    language = draft.languages[0].partition("-")[0]
    return language if language in LANGUAGES else "en"


def _take_out_of_skip(folder: Path, workspace: Path, number: int) -> None:
    """Edit ``skip`` in place; raises UsageError where its layout is another than the usual two."""
    path = folder / FILE_NAME
    before = path.read_text(encoding="utf-8")
    after = _LIST_IN_ONE_LINE.sub(lambda found: _without_item(found, number), before, count=1)
    if after == before:
        after = _LIST_OF_LINES.sub(lambda found: _without_line(found[0], number), before, count=1)
    path.write_text(after, encoding="utf-8")
    if all(day.number != number or day.is_skipped for day in find_free_days(folder, workspace)):
        path.write_text(before, encoding="utf-8")
        raise UsageError(f"day {number} is skipped", hint=f"delete {number} from skip first")


def _without_item(found: re.Match[str], number: int) -> str:
    items = [item for item in re.split(r"\s*,\s*", found[2].strip()) if item != str(number)]
    return found[1] + ", ".join(items) + found[3]


def _without_line(block: str, number: int) -> str:
    kept = re.sub(rf"^\s*-\s*{number}\s*(?:#.*)?(?:\n|$)", "", block, count=1, flags=re.MULTILINE)
    return kept if re.search(r"^\s*-", kept, re.MULTILINE) else "skip: []\n"
