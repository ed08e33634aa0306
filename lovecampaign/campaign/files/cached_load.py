"""Loads a campaign by a cache on disk: pydantic and YAML are needed only where settings changed.

They take 0.3 s to import and 0.1 s to read a month; an unpickled month takes 3 ms. The words of
letters are no part of an entry: they are read anew, so an edit of them needs no other entry.
"""

from __future__ import annotations

import hashlib
import io
import os
import pickle
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from lovecampaign.campaign.files.disk_cache import PACKAGE, DiskCache
from lovecampaign.campaign.files.front_matter import copy_from, find_excess, find_fences
from lovecampaign.campaign.files.paths import (
    FILE_NAME,
    FileKind,
    find_refusal,
    name_in,
    template_names,
)
from lovecampaign.campaign.model.campaign import Campaign, Copy, Email
from lovecampaign.campaign.model.loaded import LoadedCampaign
from lovecampaign.campaign.source.source import read_source
from lovecampaign.campaign.words.catalog import WORDS_FOLDER
from lovecampaign.core.problems import Problem

_MAX_ENTRIES = 20
#: A folder with more files is not a campaign's.
_MAX_FILES = 2_000
_PROGRAMS = (PACKAGE / "campaign", PACKAGE / "core")
#: Apart from the model's own classes.
_UNPICKLED = {
    "lovecampaign.core.problems": {"Place", "Problem", "Severity"},
    "datetime": {"date", "datetime", "time", "timedelta", "timezone"},
    "decimal": {"Decimal"},
    "fractions": {"Fraction"},
}
_MODEL = "lovecampaign.campaign.model."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Letter:
    """A copy file in two parts."""

    #: A hash of the lines down to the end of its front matter; without one, of all lines.
    settings: str
    #: None for a file without front matter, as ``replies.voice``.
    copy: Copy | None


def load_campaign_cached(
    folder: Path, workspace: Path, *, cache_of: Path | None = None
) -> LoadedCampaign:
    """As :func:`~lovecampaign.campaign.files.load.load_campaign`, faster where it can be.

    ``cache_of`` is another workspace, for a campaign of one that is only read.
    """
    disk = DiskCache(
        cache_of or workspace, "campaign", max_entries=_MAX_ENTRIES, programs=_PROGRAMS
    )
    key = _key(folder, workspace)
    if key is None:
        return load_campaign(folder, workspace)
    found = _restore(disk.get(key), folder, workspace)
    if found is None:
        found = load_campaign(folder, workspace)
        # Of another key now: a file was edited while it was read.
        if _key(folder, workspace) == key and (entry := _entry(found, workspace)):
            disk.put(key, entry)
    return found


def load_campaign(folder: Path, workspace: Path) -> LoadedCampaign:
    """As :func:`~lovecampaign.campaign.files.load.load_campaign`, imported where it is needed."""
    from lovecampaign.campaign.files import load

    return load.load_campaign(folder, workspace)


def _key(folder: Path, workspace: Path) -> str | None:
    """A hash of all inputs but the copy files; None where those cannot be told.

    Links are such a case: what they lead to is not in the folder.
    """
    try:
        yaml = folder / FILE_NAME
        if find_refusal(yaml, FileKind.SETTINGS, folder=folder, workspace=workspace):
            return None
        names = sorted(_names_below(folder))
        words = sorted((workspace / WORDS_FOLDER).glob("*.toml"))
        parts = [name_in(workspace, folder).encode(), yaml.read_bytes(), *names]
        parts += [name.encode() for name in sorted(template_names(workspace))]
        parts += [part for file in words for part in (os.fsencode(file.name), file.read_bytes())]
    except (OSError, RuntimeError, ValueError):
        return None
    hashes = (hashlib.sha256(part).digest() for part in parts)
    return hashlib.sha256(b"".join(hashes)).hexdigest()


def _names_below(folder: Path) -> Iterator[bytes]:
    """The names of files and folders; raises ValueError for links, and for too many."""
    count = 0
    left = [os.fspath(folder)]
    while left:
        top = left.pop()
        with os.scandir(top) as entries:
            for entry in entries:
                count += 1
                if entry.is_symlink() or count > _MAX_FILES:
                    raise ValueError(entry.path)
                is_folder = entry.is_dir()
                if is_folder:
                    left.append(entry.path)
                yield os.fsencode(f"{entry.path}{'/' * is_folder}")


def _letters(files: tuple[str, ...], workspace: Path) -> dict[str, _Letter] | None:
    """The copy files by name; None where one has a problem that is not of its settings."""
    letters = {}
    for name in files:
        source, problems = read_source(workspace / name, name)
        if source is None or problems:
            return None
        closing = find_fences(source).closing
        copy = None if closing is None else copy_from(source, closing + 1)
        if copy and find_excess(source, copy):
            return None
        settings = "\n".join(source.lines[:closing]).encode("utf-8", "surrogatepass")
        letters[name] = _Letter(settings=hashlib.sha256(settings).hexdigest(), copy=copy)
    return letters


def _entry(loaded: LoadedCampaign, workspace: Path) -> bytes | None:
    """The entry of a campaign; None for one that may depend on more than the key says."""
    campaign = loaded.campaign
    if campaign is None or not _is_all_inside(campaign):
        return None
    letters = _letters(campaign.files[1:], workspace)
    if letters is None or _with_words(campaign.emails, letters) != campaign.emails:
        return None
    settings = {one.name: getattr(campaign, one.name) for one in fields(campaign)}
    del settings["folder"], settings["workspace"]
    wordless = {
        name: replace(one, copy=one.copy and replace(one.copy, text=""))
        for name, one in letters.items()
    }
    settings["emails"] = _with_words(campaign.emails, wordless)
    heads = {name: letter.settings for name, letter in letters.items()}
    return pickle.dumps((settings, heads, loaded.problems))


def _with_words(emails: Sequence[Email], letters: Mapping[str, _Letter]) -> tuple[Email, ...]:
    """The emails and their translations with the copy of these files."""

    def with_words(email: Email) -> Email:
        letter = letters.get(email.copy.file)
        translations = {key: with_words(each) for key, each in email.translations.items()}
        copy = (letter.copy if letter else None) or email.copy
        return replace(email, copy=copy, translations=translations)

    return tuple(map(with_words, emails))


def _is_all_inside(campaign: Campaign) -> bool:
    """Whether all files that the settings name are in the campaign's folder."""
    named = [campaign.brand.logo, *(deal.codes_file for deal in campaign.deals.values())]
    own = name_in(campaign.workspace, campaign.folder)
    return all(name.startswith(f"{own}/") for name in campaign.files) and not any(
        name and (name.startswith("/") or ".." in name) for name in named
    )


def _restore(entry: bytes | None, folder: Path, workspace: Path) -> LoadedCampaign | None:
    """The campaign of an entry, with the words of today; None where settings were edited."""
    if entry is None:
        return None
    try:
        stored = ModelUnpickler(io.BytesIO(entry)).load()
    except Exception:  # noqa: BLE001 - whatever a damaged entry leads to
        return None
    settings: dict[str, Any]
    heads: dict[str, str]
    problems: tuple[Problem, ...]
    settings, heads, problems = stored
    letters = _letters(tuple(heads), workspace)
    if letters is None or any(letters[name].settings != head for name, head in heads.items()):
        return None
    settings["emails"] = _with_words(settings["emails"], letters)
    campaign = Campaign(folder=folder, workspace=workspace, **settings)
    return LoadedCampaign(campaign=campaign, problems=problems)


class ModelUnpickler(pickle.Unpickler):
    """Makes objects of the model only: a file of the workspace must not choose what is called."""

    def find_class(self, module: str, name: str) -> Any:
        if name in _UNPICKLED.get(module, ()) or (module.startswith(_MODEL) and "." not in name):
            found = super().find_class(module, name)
            if isinstance(found, type) and found.__module__ == module:
                return found
        raise pickle.UnpicklingError(f"{module}.{name}")
