"""Creates a campaign: a copy of the example or of an earlier campaign, or an empty month."""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from lovecampaign.campaign.files.paths import FILE_NAME, TEMPLATE_FOLDER, name_in
from lovecampaign.campaign.model.campaign import DEFAULT_DAYS
from lovecampaign.campaign.schema.text_parsers import LONGEST_NAME, parse_name, parse_zone
from lovecampaign.campaign.schema.time_parsers import parse_date
from lovecampaign.campaign.source.errors import BadValue
from lovecampaign.campaign.source.fix_mistakes import fix_lines
from lovecampaign.campaign.source.parser import read_tree
from lovecampaign.campaign.source.source import Source, read_source
from lovecampaign.campaign.source.tree import KeyPath, Tree
from lovecampaign.campaign.workspace.blank import blank_day, blank_files, blank_settings
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
from lovecampaign.campaign.workspace.guidance import middle_letters, read_guidance
from lovecampaign.core.errors import UsageError

#: For vscode-yaml and JetBrains; both relative to the YAML file.
MODELINES = (
    f"# yaml-language-server: $schema=../{SCHEMA_FILE}",
    f"# $schema: ../{SCHEMA_FILE}",
)
#: The example's last letters speak of each other: a longer month ends with them.
_FAREWELL_LETTERS = 3
_EXAMPLE_LANGUAGE = "en"
_DAY_FILE = re.compile(r"days/(\d\d)(-.*)")


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
    #: Giving days; None in a copy of an earlier campaign.
    days: int | None
    #: The approval dates of an earlier campaign's guests do not move.
    keeps_approvals: bool

    def moved_dates(self, tree: Tree, days: int) -> dict[KeyPath, str]:
        """The changes that move a file's dates with the start."""
        return {
            path: moved
            for path, moved in moved_dates(tree, days).items()
            if not (self.keeps_approvals and path[-1] == "approved")
        }


def new_campaign(  # noqa: PLR0913 - one parameter for each wish
    workspace: Path,
    name: str,
    *,
    start: date,
    timezone: str | None = None,
    source: Path | None = None,
    days: int = DEFAULT_DAYS,
    blank: str | None = None,
) -> list[Path]:
    """Write ``campaigns/NAME`` and the workspace's missing files; returns the written files.

    ``source`` is the folder of an earlier campaign, None the example. ``blank`` is the language of
    a month that has guidance in place of letters. ``days`` counts without a ``source``.
    ``timezone`` None keeps the source's. Absolute dates move with the start, except guests'
    approvals in an earlier campaign.
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
        days=days if source is None else None,
        keeps_approvals=source is not None,
    )
    files = _blank_campaign(new, blank, days) if blank else _copied_campaign(origin, new)
    templates = (origin.parent.parent, find_example())
    written = create_workspace(workspace, *(folder / TEMPLATE_FOLDER for folder in templates))
    return [*written, *_write_files(target, files)]


def _blank_campaign(new: _NewCampaign, language: str, days: int) -> Mapping[str, bytes]:
    settings = blank_settings(
        language,
        key=new.id,
        name=_title(new.name),
        start=new.start,
        days=days,
        timezone=new.timezone,
    )
    texts = {**blank_files(language, days), FILE_NAME: _with_modelines(settings)}
    return {name: text.encode() for name, text in texts.items()}


def _copied_campaign(origin: Path, new: _NewCampaign) -> Mapping[str, bytes]:
    """The files of the new campaign, by their names in its folder."""
    old = _read_settings(origin / FILE_NAME)
    moved_by = (new.start - old.start).days
    files = {
        path.relative_to(old.folder).as_posix(): _moved_copy(path, new, moved_by)
        for path in _files_of(old.folder)
    }
    if new.days is not None and new.days != DEFAULT_DAYS:
        files = _with_days(files, new.days)
    files[FILE_NAME] = _settings_text(old, new, moved_by).encode()
    return files


def _with_days(files: Mapping[str, bytes], days: int) -> dict[str, bytes]:
    """The example's files for another number of days, with blank letters in a longer month."""
    renamed = {}
    for name, content in files.items():
        day = _DAY_FILE.fullmatch(name)
        number = _moved_day(int(day[1]), days) if day else None
        if day is None or number is not None:
            renamed[f"days/{number:02d}{day[2]}" if day else name] = content
    added = range(DEFAULT_DAYS - _FAREWELL_LETTERS + 1, days - _FAREWELL_LETTERS + 1)
    guide = read_guidance(_EXAMPLE_LANGUAGE)
    for number, letter in zip(added, middle_letters(len(added)), strict=True):
        name, text = blank_day(number, letter, guide)
        renamed[name] = text.encode()
    return renamed


def _moved_day(number: int, days: int) -> int | None:
    """The new number of a day of the example, None for a day that a shorter month leaves out."""
    last_letters = _FAREWELL_LETTERS if days > DEFAULT_DAYS else 1
    if number > DEFAULT_DAYS - last_letters:
        return number + days - DEFAULT_DAYS
    return number if number < days else None


def _write_files(target: Path, files: Mapping[str, bytes]) -> list[Path]:
    """Write atomically: to a temporary folder, which is then renamed."""
    with _temporary_folder(target) as folder:
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
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
    text = _with_weekday(replace_values(old.source, old.tree, changes), new.start)
    return _with_modelines(_with_length(text, new.days) if new.days else text)


def _with_length(text: str, days: int) -> str:
    """The example's settings for a month of that many days."""

    def kept(match: re.Match[str]) -> str:
        numbers = [one for one in match[2].split(", ") if int(one) < days]
        return f"{match[1]}{', '.join(numbers)}]"

    text = re.sub(r"(?m)^days: \d+", lambda found: f"days: {days}".ljust(len(found[0])), text)
    return re.sub(r"(must_have: \[)([\d, ]+)\]", kept, text)


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
