"""When does somebody save? Watches the campaign's folder, the templates, and what else is used."""

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

#: A burst of saves (an editor's backup, rename and write; a checkout) is one change: the watcher
#: waits until nothing more comes for one step, and at most this long.
_LONGEST_BURST_MS = 400
_STEP_MS = 15
_POLL_MS = 250
#: The poller (notify) compares times in whole seconds: a save in the second of its first look, or
#: of another save, is not seen, so everything is looked at again when the second is over.
_BLIND_SECONDS = 1.1
#: After so long without a change, other work may be done.
_QUIET_MS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class _OutsideFiles:
    """Files outside of the folders that are watched as they are, and where to look for them."""

    files: frozenset[Path]
    #: Each by itself, without what lies in it: a workspace may hold a million files.
    folders: frozenset[Path]

    @classmethod
    def of(cls, files: frozenset[Path]) -> Self:
        return cls(files=files, folders=frozenset(_nearest_folder(file) for file in files))

    def __call__(self, _change: Change, path: str) -> bool:
        """Whether a change matters: of such a file, or of a folder that leads to one."""
        changed = Path(path)
        return changed in self.files or any(file.is_relative_to(changed) for file in self.files)


class FileWatcher:
    """Calls back after each burst of saves, from threads of its own."""

    def __init__(
        self, folder: Path, workspace: Path, tell: Callable[[], None], *, is_polling: bool
    ) -> None:
        self._folder = folder
        self._workspace = workspace
        self._near = (folder, workspace / TEMPLATE_FOLDER)
        self._tell = tell
        #: For folders over a network, in containers and under WSL, which send no events.
        self._is_polling = is_polling
        self._is_over = threading.Event()
        #: A save may name other files, and a copy far away other pictures.
        self._is_far_old = threading.Event()
        self._one_at_a_time = threading.Lock()

    def start(self, note_bug: Callable[[BaseException], object]) -> None:
        for name, watch_it in (
            ("near-watcher", self._watch_near),
            ("far-watcher", self._watch_far),
        ):
            run = partial(restart_on_error, watch_it, self._is_over, note_bug)
            threading.Thread(target=run, name=name, daemon=True).start()
        self._see_what_polling_misses()

    def stop(self) -> None:
        self._is_over.set()

    def _watch_near(self) -> None:
        """Whatever happens there may matter: new days, new templates, deleted ones."""
        for _ in self._bursts(self._near, DefaultFilter(), is_deep=True):
            self._notice()

    def _watch_far(self) -> None:
        while not self._is_over.is_set():
            self._watch_while_used(self._find_far())

    def _watch_while_used(self, far: _OutsideFiles) -> None:
        """Until other files are named; looked up between bursts, when nobody waits for a page."""
        # The campaign's own folder is there when nothing else is: changes in it pass.
        for changes in self._bursts((self._folder, *far.folders), far, is_deep=False):
            if changes:
                self._notice()
            if self._is_far_old.is_set():
                self._is_far_old.clear()
                if self._find_far() != far:
                    return

    def _notice(self) -> None:
        self._tell_in_turn()
        self._is_far_old.set()
        self._see_what_polling_misses()

    def _see_what_polling_misses(self) -> None:
        if self._is_polling:
            again = threading.Timer(_BLIND_SECONDS, self._tell_in_turn)
            again.daemon = True
            again.start()

    def _tell_in_turn(self) -> None:
        with self._one_at_a_time:
            self._tell()

    def _find_far(self) -> _OutsideFiles:
        near = [folder.resolve() for folder in self._near]
        used = used_files(self._folder, self._workspace)
        return _OutsideFiles.of(
            frozenset(file for file in used if not any(map(file.is_relative_to, near)))
        )

    def _bursts(
        self, folders: tuple[Path, ...], matters: Callable[[Change, str], bool], *, is_deep: bool
    ) -> Iterator[Collection[object]]:
        """Each burst of changes that matter; an empty one where nothing happened for a while."""
        return watch(
            *folders,
            watch_filter=matters,
            debounce=_LONGEST_BURST_MS,
            step=_STEP_MS,
            stop_event=self._is_over,
            rust_timeout=_QUIET_MS,
            yield_on_timeout=not is_deep,
            force_polling=True if self._is_polling else None,
            poll_delay_ms=_POLL_MS,
            recursive=is_deep,
            raise_interrupt=False,
            ignore_permission_denied=True,
        )


def _nearest_folder(file: Path) -> Path:
    """Where a file lies, or would: the innermost of its folders that is there."""
    return next(folder for folder in file.parents if folder.is_dir())
