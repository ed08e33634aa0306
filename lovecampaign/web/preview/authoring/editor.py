"""The author's editor, opened at a line.

Each editor takes a position in its own way (its ``--help``). An editor in a terminal cannot be
opened from a page, so its command is shown for copying.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lovecampaign.core.errors import UsageError

#: What follows the command, by its name; a command with ``{file}`` in it needs no entry.
_AT_COLON = ("{file}:{line}:{column}",)
_PLUS_LINE = ("+{line}", "{file}")
_LINE_OPTION = ("--line", "{line}", "--column", "{column}", "{file}")
_ARGUMENTS: Mapping[str, Sequence[str]] = {
    **dict.fromkeys(
        ("code", "code-insiders", "codium", "vscodium", "cursor", "windsurf"),
        ("--goto", *_AT_COLON),
    ),
    **dict.fromkeys(("subl", "zed", "hx", "helix"), _AT_COLON),
    **dict.fromkeys(("kate", "idea", "pycharm", "webstorm", "phpstorm"), _LINE_OPTION),
    **dict.fromkeys(("emacs", "emacsclient", "gedit"), ("+{line}:{column}", "{file}")),
    **dict.fromkeys(
        ("vi", "vim", "nvim", "gvim", "mvim", "nano", "pico", "joe", "kak", "geany", "bbedit"),
        _PLUS_LINE,
    ),
    "micro": ("+{line}:{column}", "{file}"),
    "mate": ("--line", "{line}:{column}", "{file}"),
    "notepad++": ("-n{line}", "-c{column}", "{file}"),
}
_IN_TERMINAL = frozenset(
    {
        "vi",
        "vim",
        "nvim",
        "nano",
        "pico",
        "joe",
        "kak",
        "micro",
        "hx",
        "helix",
        "ed",
        "ne",
        "mcedit",
    }
)
#: Options with which Emacs stays in the terminal.
_NO_WINDOW = frozenset({"-nw", "--no-window-system", "-t", "-tty", "--tty"})


@dataclass(frozen=True, slots=True, kw_only=True)
class EditorAnswer:
    """What the page shows."""

    is_opened: bool
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Editor:
    """The command of an editor."""

    command: Sequence[str]

    @property
    def name(self) -> str:
        return Path(self.command[0]).name

    @property
    def needs_terminal(self) -> bool:
        return self.name in _IN_TERMINAL or bool(_NO_WINDOW & set(self.command[1:]))

    def words_for(self, file: Path, line: int, column: int) -> Sequence[str]:
        """The command that opens the file there."""
        command = list(self.command)
        if not any("{file}" in word for word in command):
            command += _ARGUMENTS.get(self.name.removesuffix(".exe"), ("{file}",))
        values = {"{file}": str(file), "{line}": str(line), "{column}": str(column)}
        return [_fill(word, values) for word in command]

    def open(self, file: Path, line: int, column: int) -> EditorAnswer:
        """Open the file there, without waiting for the editor's end."""
        words = self.words_for(file, line, column)
        if self.needs_terminal:
            return EditorAnswer(
                is_opened=False, words=f"{self.name} needs a terminal. Type: {shlex.join(words)}"
            )
        try:
            process = subprocess.Popen(  # noqa: S603 - the author's own command, without a shell
                words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            reason = error.strerror or str(error)
            return EditorAnswer(
                is_opened=False, words=f"{self.name} cannot be started: {reason}. Path: {file}"
            )
        threading.Thread(target=process.wait, name="editor", daemon=True).start()
        return EditorAnswer(is_opened=True, words=f"Opened in {self.name}.")


def find_editor(chosen: str | None, environment: Mapping[str, str]) -> Editor | None:
    """The editor of ``--editor``, else of ``$VISUAL``, else of ``$EDITOR``; None without one.

    Raises UsageError for a ``--editor`` that cannot be started.
    """
    text = chosen or environment.get("VISUAL", "").strip() or environment.get("EDITOR", "").strip()
    if not text:
        return None
    try:
        command = shlex.split(text)
    except ValueError as error:
        if chosen is None:
            return None
        raise UsageError(f"--editor {chosen!r} has a quote without its end") from error
    if chosen is not None and (not command or shutil.which(command[0]) is None):
        raise UsageError(
            f"--editor: there is no command {command[0] if command else chosen!r}",
            hint="name one that your terminal finds, such as --editor code",
        )
    return Editor(command=tuple(command)) if command else None


def _fill(word: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        word = word.replace(name, value)
    return word
