"""Watches the files of a campaign: its folder, the templates, and files elsewhere that it uses.

Editors need a reload within milliseconds, so this uses the system's file events; processes that
load on request poll with :class:`~lovecampaign.web.reload.FileChanges`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Self

from watchfiles import Change, DefaultFilter, watch

from lovecampaign.campaign.files.paths import TEMPLATE_FOLDER
from lovecampaign.web.hosting import restart_on_error
from lovecampaign.web.reload import used_files

#: A burst of saves (an editor's backup, rename and write; a checkout) is one change. It ends with
#: a step without events, and after this time at the latest.
_LONGEST_BURST_MS = 400
_STEP_MS = 15
_POLL_MS = 250
#: The poller (notify) compares times in whole seconds: it misses a save in the second of its first
#: scan, or of another save, so a second reload follows when the second is over.
_BLIND_SECONDS = 1.1
#: Without an event for this long, the loop does other work.
_IDLE_MS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class _OutsideFiles:
    """Files outside of the two watched folders, and the folders to watch for them."""

    files: frozenset[Path]
    #: Watched without their subfolders: a workspace may hold a million files.
    folders: frozenset[Path]

    @classmethod
    def of(cls, files: frozenset[Path]) -> Self:
        return cls(files=files, folders=frozenset(_nearest_folder(file) for file in files))

    def __call__(self, _change: Change, path: str) -> bool:
        """Whether to report a change: of such a file, or of a folder above one."""
        changed = Path(path)
        return changed in self.files or any(file.is_relative_to(changed) for file in self.files)


class FileWatcher:
    """Calls ``on_change`` after each burst of saves, from threads of its own."""

    def __init__(
        self, folder: Path, workspace: Path, on_change: Callable[[], None], *, is_polling: bool
    ) -> None:
        self._folder = folder
        self._workspace = workspace
        self._inside = (folder, workspace / TEMPLATE_FOLDER.parent)
        self._on_change = on_change
        #: For network folders, containers and WSL, which send no file events.
        self._is_polling = is_polling
        self._is_over = threading.Event()
        #: Set after a change, which may name other files.
        self._is_outside_stale = threading.Event()
        self._lock = threading.Lock()

    def start(self, note_bug: Callable[[BaseException], object]) -> None:
        for name, watch_it in (
            ("inside-watcher", self._watch_inside),
            ("outside-watcher", self._watch_outside),
        ):
            run = partial(restart_on_error, watch_it, self._is_over, note_bug)
            threading.Thread(target=run, name=name, daemon=True).start()
        self._repeat_if_polling()

    def stop(self) -> None:
        self._is_over.set()

    def _watch_inside(self) -> None:
        """Reports any change: new days, new templates, deleted ones."""
        for _ in self._bursts(self._inside, DefaultFilter(), is_deep=True):
            self._report()

    def _watch_outside(self) -> None:
        while not self._is_over.is_set():
            self._watch_files(self._find_outside())

    def _watch_files(self, outside: _OutsideFiles) -> None:
        """Returns when the campaign names other files, which is looked up between bursts."""
        # watchfiles needs a folder; the filter drops changes in the campaign's own.
        for changes in self._bursts((self._folder, *outside.folders), outside, is_deep=False):
            if changes:
                self._report()
            if self._is_outside_stale.is_set():
                self._is_outside_stale.clear()
                if self._find_outside() != outside:
                    return

    def _report(self) -> None:
        self._call_back()
        self._is_outside_stale.set()
        self._repeat_if_polling()

    def _repeat_if_polling(self) -> None:
        if self._is_polling:
            again = threading.Timer(_BLIND_SECONDS, self._call_back)
            again.daemon = True
            again.start()

    def _call_back(self) -> None:
        with self._lock:
            self._on_change()

    def _find_outside(self) -> _OutsideFiles:
        inside = [folder.resolve() for folder in self._inside]
        used = used_files(self._folder, self._workspace)
        return _OutsideFiles.of(
            frozenset(file for file in used if not any(map(file.is_relative_to, inside)))
        )

    def _bursts(
        self, folders: tuple[Path, ...], accepts: Callable[[Change, str], bool], *, is_deep: bool
    ) -> Iterator[Collection[object]]:
        """Each burst of accepted changes; also an empty one after an idle time, unless deep."""
        return watch(
            *folders,
            watch_filter=accepts,
            debounce=_LONGEST_BURST_MS,
            step=_STEP_MS,
            stop_event=self._is_over,
            rust_timeout=_IDLE_MS,
            yield_on_timeout=not is_deep,
            force_polling=True if self._is_polling else None,
            poll_delay_ms=_POLL_MS,
            recursive=is_deep,
            raise_interrupt=False,
            ignore_permission_denied=True,
        )


def _nearest_folder(file: Path) -> Path:
    """The innermost existing folder of a file that may not exist."""
    return next(folder for folder in file.parents if folder.is_dir())
