"""Creates a campaign as a copy of the example or of an earlier campaign."""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from lovecampaign.campaign.files.paths import FILE_NAME, TEMPLATE_FOLDER, name_in
from lovecampaign.campaign.schema.text_parsers import LONGEST_NAME, parse_name, parse_zone
from lovecampaign.campaign.schema.time_parsers import parse_date
from lovecampaign.campaign.source.errors import BadValue
from lovecampaign.campaign.source.fix_mistakes import fix_lines
from lovecampaign.campaign.source.parser import read_tree
from lovecampaign.campaign.source.source import Source, read_source
from lovecampaign.campaign.source.tree import KeyPath, Tree
from lovecampaign.campaign.workspace.create import SCHEMA_FILE, create_workspace
from lovecampaign.campaign.workspace.edit_yaml import (
    moved_dates,
    read_settings,
    replace_values,
    text_at,
)
from lovecampaign.campaign.workspace.find import (
    CAMPAIGNS,
    EXAMPLE_CAMPAIGN,
    find_example,
    list_campaigns,
)
from lovecampaign.core.errors import UsageError

#: For vscode-yaml and JetBrains; both relative to the YAML file.
MODELINES = (
    f"# yaml-language-server: $schema=../{SCHEMA_FILE}",
    f"# $schema: ../{SCHEMA_FILE}",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _SourceCampaign:
    """The campaign to copy."""

    folder: Path
    source: Source
    tree: Tree
    start: date


@dataclass(frozen=True, slots=True, kw_only=True)
class _NewCampaign:
    """The settings of the new campaign."""

    name: str
    id: str
    start: date
    timezone: str | None
    #: The approval dates of an earlier campaign's guests do not move.
    keeps_approvals: bool

    def moved_dates(self, tree: Tree, days: int) -> dict[KeyPath, str]:
        """The changes that move a file's dates with the start."""
        return {
            path: moved
            for path, moved in moved_dates(tree, days).items()
            if not (self.keeps_approvals and path[-1] == "approved")
        }


def new_campaign(
    workspace: Path,
    name: str,
    *,
    start: date,
    timezone: str | None = None,
    source: Path | None = None,
) -> list[Path]:
    """Write ``campaigns/NAME`` and the workspace's missing files; returns the written files.

    ``source`` is the folder of an earlier campaign, None the example. ``timezone`` None keeps the
    source's. Absolute dates move with the start, except guests' approvals in an earlier campaign.
    Overwrites nothing: raises UsageError for an existing campaign, and for an invalid name, zone
    or source.
    """
    _require(parse_name, name)
    if timezone is not None:
        _require(parse_zone, timezone)
    _require(parse_date, start.isoformat())
    target = workspace / CAMPAIGNS / name
    if target.exists() or target.is_symlink():
        raise UsageError(f"{name_in(workspace, target)} exists already", hint="choose another name")
    origin = source or find_example() / EXAMPLE_CAMPAIGN
    new = _NewCampaign(
        name=name,
        id=_free_id(workspace, name, start),
        start=start,
        timezone=timezone,
        keeps_approvals=source is not None,
    )
    old = _read_settings(origin / FILE_NAME)
    templates = (origin.parent.parent, find_example())
    written = create_workspace(workspace, *(folder / TEMPLATE_FOLDER for folder in templates))
    return [*written, *_copy_campaign(old, target, new)]


def _copy_campaign(old: _SourceCampaign, target: Path, new: _NewCampaign) -> list[Path]:
    """Copy atomically: write to a temporary folder, then rename it."""
    days = (new.start - old.start).days
    with _temporary_folder(target) as folder:
        for path in _files_of(old.folder):
            copy = folder / path.relative_to(old.folder)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(_moved_copy(path, new, days))
        settings = _settings_text(old, new, days)
        (folder / FILE_NAME).write_text(settings, encoding="utf-8", newline="\n")
    return sorted(path for path in target.rglob("*") if path.is_file())


@contextmanager
def _temporary_folder(target: Path) -> Iterator[Path]:
    folder = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    folder.mkdir()
    try:
        yield folder
        folder.rename(target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _files_of(origin: Path) -> list[Path]:
    """The campaign's files, without those of editors and systems."""
    files = (path for path in origin.rglob("*") if path.is_file())
    return sorted(
        path
        for path in files
        if not any(part.startswith((".", "~")) for part in path.relative_to(origin).parts)
        and path != origin / FILE_NAME
    )


def _moved_copy(path: Path, new: _NewCampaign, days: int) -> bytes:
    """The file's bytes, in a copy file with the dates of its settings moved."""
    raw = path.read_bytes()
    if path.suffix.lower() != ".md" or days == 0:
        return raw
    source, _ = read_source(path, path.name)
    if source is None or source.line(1).strip() != "---":
        return raw
    closing = next((at for at, line in enumerate(source.lines[1:], 2) if line.strip() == "---"), 2)
    tree = read_tree(source, fix_lines(source, 2, closing - 1))
    changes = new.moved_dates(tree, days)
    return replace_values(source, tree, changes).encode() if changes else raw


def _settings_text(old: _SourceCampaign, new: _NewCampaign, days: int) -> str:
    changes = new.moved_dates(old.tree, days)
    changes[("id",)] = new.id
    changes[("name",)] = _title(new.name)
    changes[("start",)] = new.start.isoformat()
    if new.timezone:
        zone = text_at(old.tree, "timezone")
        changes[("timezone",)] = new.timezone
        if text_at(old.tree, "sending", "unknown_timezone") == zone:
            changes[("sending", "unknown_timezone")] = new.timezone
    return _with_modelines(_with_weekday(replace_values(old.source, old.tree, changes), new.start))


def _with_weekday(text: str, start: date) -> str:
    """Update the comment behind ``start``."""
    comment = f"# day 1, a {start:%A}"
    return re.sub(r"(?m)^(start:\s*\S+\s+)#.*$", lambda match: match[1] + comment, text, count=1)


def _with_modelines(text: str) -> str:
    missing = [line for line in MODELINES if line.partition("$schema")[0] not in text]
    return "".join(line + "\n" for line in missing) + text


def _read_settings(path: Path) -> _SourceCampaign:
    settings = read_settings(path)
    if settings is None:
        raise UsageError(f"{path} cannot be read", hint="name the folder of a campaign")
    source, tree = settings
    try:
        start = parse_date(text_at(tree, "start"))
    except BadValue as bad:
        hint = "type: lovecampaign check, and fix that campaign first"
        raise UsageError(f"start in {path} cannot be read: {bad.message}", hint=hint) from bad
    return _SourceCampaign(folder=path.parent, source=source, tree=tree, start=start)


def _free_id(workspace: Path, name: str, start: date) -> str:
    """An id that is unique in the workspace."""
    month = f"{start:%Y-%m}"
    stem = name[: LONGEST_NAME - len(f"-{month}-9999")].rstrip("-_.")
    wanted = name if name.endswith(month) else f"{stem}-{month}"
    taken = {_id_of(folder) for folder in list_campaigns(workspace)}
    numbered = (wanted if count == 1 else f"{wanted}-{count}" for count in range(1, 10_000))
    return next(one for one in numbered if one not in taken)


def _id_of(folder: Path) -> str | None:
    settings = read_settings(folder / FILE_NAME)
    return text_at(settings[1], "id") if settings else None


def _title(name: str) -> str:
    """my-launch becomes My Launch."""
    return " ".join(word.capitalize() for word in re.split(r"[-_.]", name))


def _require(parse: Callable[[object], object], text: str) -> None:
    try:
        parse(text)
    except BadValue as bad:
        raise UsageError(bad.message, hint=bad.hint) from bad
