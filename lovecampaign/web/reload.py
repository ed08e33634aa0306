"""Reload on edit: a campaign that is loaded again when one of its files changed.

Change detection compares names, times and sizes of files, without reading them: a millisecond for
forty files. It covers the campaign's folder, templates, words, and files elsewhere in the workspace
(copy, images, code lists) that these name, also before those files exist.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeAlias

from lovecampaign.campaign.files.cached_load import load_campaign_cached
from lovecampaign.campaign.files.paths import FILE_NAME, TEMPLATE_FOLDER
from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.campaign.model.loaded import LoadedCampaign
from lovecampaign.campaign.schema.models import CampaignFile
from lovecampaign.campaign.schema.validate import read_document
from lovecampaign.campaign.source.source import decode, read_source
from lovecampaign.campaign.words.catalog import WORDS_FOLDER
from lovecampaign.render.model.images import is_local, named_images

#: Path, mtime in ns and size of each file.
_Fingerprint: TypeAlias = frozenset[tuple[Path, int, int]]


class CampaignReloader:
    """Loads a campaign again after each edit, and keeps its last usable state.

    The edit is detected by :meth:`reload_if_changed`, or by a file watcher, which then calls
    :meth:`reload`. Not safe between threads.
    """

    def __init__(self, folder: Path, workspace: Path) -> None:
        self.folder = folder
        #: The last campaign without errors in its settings; None: none so far.
        self.campaign: Campaign | None = None
        self._workspace = workspace
        self._changes = FileChanges(folder, workspace)

    def reload_if_changed(self) -> LoadedCampaign | None:
        """Load the campaign if a file changed since the last call; None: no change."""
        return self.reload() if self._changes.has_changed() else None

    def reload(self) -> LoadedCampaign:
        """Load the campaign now; one with errors leaves ``campaign`` as it is."""
        loaded = load_campaign_cached(self.folder, self._workspace)
        self.campaign = loaded.campaign or self.campaign
        return loaded


class FileChanges:
    """Detects edits of one campaign's files."""

    def __init__(self, folder: Path, workspace: Path) -> None:
        self._folder = folder
        self._workspace = workspace
        #: Files that the campaign names, as of the last change; most are in its folder.
        self._named: frozenset[Path] = frozenset()
        self._last: _Fingerprint | None = None

    def has_changed(self) -> bool:
        """Whether a file changed since the last call; True at the first.

        What is read after the call is at least as new as the answer.
        """
        if self._fingerprint() == self._last:
            return False
        self._named = used_files(self._folder, self._workspace)
        self._last = self._fingerprint()
        return True

    def _fingerprint(self) -> _Fingerprint:
        folders = (self._folder, self._workspace / TEMPLATE_FOLDER.parent)
        below = {path for folder in folders for path in folder.rglob("*")}
        return frozenset(_file_states(below | self._named))


def used_files(folder: Path, workspace: Path) -> frozenset[Path]:
    """Every file of the workspace that the campaign's own files name, links resolved.

    Names are read from the files themselves: a campaign that cannot be loaded names the very file
    that it lacks.
    """
    templates = workspace / TEMPLATE_FOLDER
    settings = list(_named_in_settings(folder))
    words = (workspace / WORDS_FOLDER).glob("*.toml")
    own = [*folder.rglob("*.md"), *templates.rglob("*.j2"), *templates.rglob("*.mjml"), *words]
    texts = [*own, *(path for path in settings if path.suffix == ".md")]
    images = {name for text in texts for name, _ in named_images(_read(text))}
    named = [*settings, *(near / name for name in images for near in (folder, workspace))]
    return frozenset(_inside(workspace.resolve(), [*own, *named]))


def _named_in_settings(folder: Path) -> Iterator[Path]:
    """Copy files, code lists and the logo that campaign.yaml names."""
    source, _ = read_source(folder / FILE_NAME, FILE_NAME)
    file = read_document(source, CampaignFile).value if source else None
    if file is None:
        return
    launch_emails = file.launch.emails if file.launch else {}
    names = [email.copy_file for email in launch_emails.values()]
    names += [deal.codes for deal in file.deals.values()]
    for name in (*names, file.brand.logo):
        if name and is_local(name):
            yield folder / name


def _file_states(paths: Iterable[Path]) -> Iterator[tuple[Path, int, int]]:
    for path in paths:
        with contextlib.suppress(OSError):  # not there yet, or an editor is replacing it
            state = path.stat()
            yield path, state.st_mtime_ns, state.st_size


def _read(path: Path) -> str:
    try:
        return decode(path.read_bytes())
    except OSError:  # named, and not there yet
        return ""


def _inside(workspace: Path, paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        with contextlib.suppress(OSError, ValueError, RuntimeError):  # not a valid file name
            resolved = path.resolve()
            if resolved.is_relative_to(workspace):
                yield resolved
