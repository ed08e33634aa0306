"""How does a new campaign begin? As a copy of the example, or of an earlier one, that sends."""

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
from lovecampaign.campaign.workspace.example import EXAMPLE_CAMPAIGN, find_example
from lovecampaign.campaign.workspace.find import CAMPAIGNS, list_campaigns
from lovecampaign.core.errors import UsageError

#: vscode-yaml reads the first, JetBrains the second; both relative to the YAML file.
MODELINES = (
    f"# yaml-language-server: $schema=../{SCHEMA_FILE}",
    f"# $schema: ../{SCHEMA_FILE}",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _SourceCampaign:
    """The campaign that is copied."""

    folder: Path
    source: Source
    tree: Tree
    start: date


@dataclass(frozen=True, slots=True, kw_only=True)
class _NewCampaign:
    """What the new campaign is to be."""

    name: str
    id: str
    start: date
    timezone: str | None
    #: Guests of an earlier campaign said yes on a day that does not move.
    keeps_approvals: bool

    def moves(self, tree: Tree, days: int) -> dict[KeyPath, str]:
        """The dates of a file that move with the start."""
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
    """Write ``campaigns/NAME`` and what a workspace needs; returns what was written.

    ``source`` is the folder of an earlier campaign to repeat, None the example. ``timezone``
    None keeps the source's. Absolute dates move with the start, but for the days on which guests
    of an earlier campaign approved. Overwrites nothing: raises UsageError for a campaign that
    exists, a name, zone or source that makes no sense.
    """
    _require(parse_name, name)
    if timezone is not None:
        _require(parse_zone, timezone)
    _require(parse_date, start.isoformat())
    target = workspace / CAMPAIGNS / name
    if target.exists() or target.is_symlink():
        raise UsageError(f"{name_in(workspace, target)} exists already", hint="choose another name")
    origin = source or find_example() / EXAMPLE_CAMPAIGN
    wish = _NewCampaign(
        name=name,
        id=_free_id(workspace, name, start),
        start=start,
        timezone=timezone,
        keeps_approvals=source is not None,
    )
    old = _read_settings(origin / FILE_NAME)
    templates = (origin.parent.parent, find_example())
    written = create_workspace(workspace, *(folder / TEMPLATE_FOLDER for folder in templates))
    return [*written, *_copy_campaign(old, target, wish)]


def _copy_campaign(old: _SourceCampaign, target: Path, wish: _NewCampaign) -> list[Path]:
    """All of it or nothing: written beside its place, then moved there."""
    days = (wish.start - old.start).days
    with _beside(target) as folder:
        for path in _files_of(old.folder):
            copy = folder / path.relative_to(old.folder)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(_moved_copy(path, wish, days))
        settings = _settings_text(old, wish, days)
        (folder / FILE_NAME).write_text(settings, encoding="utf-8", newline="\n")
    return sorted(path for path in target.rglob("*") if path.is_file())


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    folder = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    folder.mkdir()
    try:
        yield folder
        folder.rename(target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _files_of(origin: Path) -> list[Path]:
    """The campaign's files, without what editors and systems leave behind."""
    found = (path for path in origin.rglob("*") if path.is_file())
    return sorted(
        path
        for path in found
        if not any(part.startswith((".", "~")) for part in path.relative_to(origin).parts)
        and path != origin / FILE_NAME
    )


def _moved_copy(path: Path, wish: _NewCampaign, days: int) -> bytes:
    """A copy file with the dates of its settings moved; anything else as it is."""
    raw = path.read_bytes()
    if path.suffix.lower() != ".md" or days == 0:
        return raw
    source, _ = read_source(path, path.name)
    if source is None or source.line(1).strip() != "---":
        return raw
    closing = next((at for at, line in enumerate(source.lines[1:], 2) if line.strip() == "---"), 2)
    tree = read_tree(source, fix_lines(source, 2, closing - 1))
    changes = wish.moves(tree, days)
    return replace_values(source, tree, changes).encode() if changes else raw


def _settings_text(old: _SourceCampaign, wish: _NewCampaign, days: int) -> str:
    changes = wish.moves(old.tree, days)
    changes[("id",)] = wish.id
    changes[("name",)] = _title(wish.name)
    changes[("start",)] = wish.start.isoformat()
    if wish.timezone:
        zone = text_at(old.tree, "timezone")
        changes[("timezone",)] = wish.timezone
        if text_at(old.tree, "sending", "unknown_timezone") == zone:
            changes[("sending", "unknown_timezone")] = wish.timezone
    return _with_modelines(_with_weekday(replace_values(old.source, old.tree, changes), wish.start))


def _with_weekday(text: str, start: date) -> str:
    """A comment behind ``start`` speaks of the old date."""
    comment = f"# day 1, a {start:%A}"
    return re.sub(r"(?m)^(start:\s*\S+\s+)#.*$", lambda found: found[1] + comment, text, count=1)


def _with_modelines(text: str) -> str:
    missing = [line for line in MODELINES if line.partition("$schema")[0] not in text]
    return "".join(line + "\n" for line in missing) + text


def _read_settings(path: Path) -> _SourceCampaign:
    found = read_settings(path)
    if found is None:
        raise UsageError(f"{path} cannot be read", hint="name the folder of a campaign")
    source, tree = found
    try:
        start = parse_date(text_at(tree, "start"))
    except BadValue as bad:
        raise UsageError(
            f"start in {path} cannot be read: {bad.message}",
            hint="type: lovecampaign check, and fix_lines that campaign first",
        ) from bad
    return _SourceCampaign(folder=path.parent, source=source, tree=tree, start=start)


def _free_id(workspace: Path, name: str, start: date) -> str:
    """An id that no campaign of the workspace has."""
    month = f"{start:%Y-%m}"
    stem = name[: LONGEST_NAME - len(f"-{month}-9999")].rstrip("-_.")
    wanted = name if name.endswith(month) else f"{stem}-{month}"
    taken = {_id_of(folder) for folder in list_campaigns(workspace)}
    numbered = (wanted if count == 1 else f"{wanted}-{count}" for count in range(1, 10_000))
    return next(one for one in numbered if one not in taken)


def _id_of(folder: Path) -> str | None:
    found = read_settings(folder / FILE_NAME)
    return text_at(found[1], "id") if found else None


def _title(name: str) -> str:
    """What readers see: my-launch becomes My Launch."""
    return " ".join(word.capitalize() for word in re.split(r"[-_.]", name))


def _require(parse: Callable[[object], object], text: str) -> None:
    try:
        parse(text)
    except BadValue as bad:
        raise UsageError(bad.message, hint=bad.hint) from bad
