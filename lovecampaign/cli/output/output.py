"""How does anything get on the screen? The only module that prints.

Data goes to stdout, everything else to stderr, so that a pipe carries data alone. Styled text
is written as it is on a terminal and without its styles anywhere else.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple, TextIO

from lovecampaign.cli.output.style import faint, plain, trouble

if TYPE_CHECKING:  # the help page prints through here and needs none of them
    from lovecampaign.cli.output.result import Data, Result
    from lovecampaign.core.problems import Problem


#: What the schema names where no command was recognised.
NO_COMMAND = "usage"


class Streams(NamedTuple):
    """The three ends of a process."""

    stdin: TextIO
    stdout: TextIO
    stderr: TextIO


class Output:
    """Where one command's words go, and in which form."""

    def __init__(
        self,
        streams: Streams,
        *,
        as_json: bool = False,
        is_quiet: bool = False,
        wants_color: bool = True,
    ) -> None:
        self.as_json = as_json
        self._streams = streams
        self._is_quiet = is_quiet
        self._wants_color = wants_color
        #: Whether data can no longer be written: the disk behind a ``>`` is full, say.
        self.is_cut = False
        #: Asked now: a terminal that is gone says that it is none.
        self._terminals = [end for end in (streams.stdout, streams.stderr) if _is_terminal(end)]
        #: The command in flight, as the schema of its JSON names it.
        self.command = NO_COMMAND
        _let_every_character_through(streams.stdout, streams.stderr)

    @classmethod
    def for_command_line(cls, words: Sequence[str]) -> Output:
        """As the options say; read before parsing, which may fail and must be told in JSON too."""
        options = words[: words.index("--")] if "--" in words else words
        return cls(
            _open_ends(),
            as_json="--json" in options,
            is_quiet="--quiet" in options,
            wants_color=not ("--no-color" in options or os.environ.get("NO_COLOR")),
        )

    @property
    def can_ask(self) -> bool:
        """Whether a person sits in front of both ends."""
        ends = (self._streams.stdin, self._streams.stderr)
        return not self.as_json and all(map(_is_terminal, ends))

    @property
    def color(self) -> bool:
        """Whether results are coloured."""
        return self._wants_color and _is_terminal(self._streams.stdout)

    @property
    def error_color(self) -> bool:
        """Whether what goes to stderr is coloured."""
        return self._wants_color and _is_terminal(self._streams.stderr)

    def show(self, result: Result) -> None:
        """The end of a command: envelope, or text, problems and the next command."""
        if self.as_json:
            if not result.is_told:
                problems = (*result.problems, *result.told)
                self._print_envelope(result.data, problems, result.exit_code)
            return
        self.show_problems(result.problems)
        if result.text:
            self.show_text(result.text)
        if result.next_command:
            self.hint(f"Next: {result.next_command}")

    def show_error(self, message: str, problems: Sequence[Problem], hint: str | None) -> None:
        """A failure, for people."""
        self.show_problems(problems)
        self.show_aside(f"{trouble('error')}: {message}")
        if hint:
            self.show_aside(f"  help: {hint}")

    def show_failure(self, problems: Sequence[Problem], exit_code: int) -> None:
        """A failure, for programs."""
        self._print_envelope({}, problems, exit_code)

    def show_problems(self, problems: Sequence[Problem]) -> None:
        if not problems:
            return
        from lovecampaign.cli.output.excerpt import format_problem

        for problem in problems:
            self.show_aside(format_problem(problem, color=self.error_color) + "\n")

    def line(
        self,
        data: Data,
        text: str,
        problems: Sequence[Problem] = (),
        told: Sequence[Problem] = (),
    ) -> None:
        """One step of a command that stays: an object per line, or a line of text.

        ``told``: as in a :class:`~lovecampaign.cli.output.result.Result`.
        """
        if self.as_json:
            found = (*problems, *told)
            self._print_envelope(data, found, any(problem.is_error for problem in found))
            return
        self.show_problems(problems)
        self.show_text(text)

    def raw(self, text: str) -> None:
        """Data that is a file of its own, such as CSV: exactly as it is."""
        self._write(self._streams.stdout, text)

    def show_text(self, text: str) -> None:
        """Data for people."""
        self._write_line(self._streams.stdout, text, has_color=self.color)

    def show_aside(self, text: str) -> None:
        """What a person should see and a pipe should not carry."""
        self._write_line(self._streams.stderr, text, has_color=self.error_color)

    def hint(self, text: str) -> None:
        """Worth knowing, not asked for."""
        if not self._is_quiet and not self.as_json:
            self.show_aside(faint(text))

    def leave_terminal(self) -> None:
        """It is gone: what would be said there goes nowhere, and stops nobody."""
        for stream in self._terminals:
            _send_to_nowhere(stream)

    def ask(self, question: str) -> str | None:
        """The answer of the person at the terminal; None where they gave none (Ctrl-D)."""
        self._write(self._streams.stderr, question + " ")
        line = self._streams.stdin.readline()
        if not line.endswith("\n"):
            self._write(self._streams.stderr, "\n")
        return line.strip() if line else None

    @contextmanager
    def progress(self, label: str, total: int) -> Iterator[Callable[[int], None]]:
        """A bar on a terminal; elsewhere nothing. Yields what tells it of ``n`` more done."""
        if self._is_quiet or self.as_json or not _is_terminal(self._streams.stderr):
            yield lambda _more: None
            return
        from rich.console import Console
        from rich.progress import Progress

        console = Console(file=self._streams.stderr, no_color=not self._wants_color)
        with Progress(console=console, transient=True) as bar:
            task = bar.add_task(label, total=total)
            yield lambda more: bar.advance(task, more)

    def _print_envelope(self, data: Data, problems: Sequence[Problem], exit_code: int) -> None:
        import json

        envelope = {
            "schema": f"lovecampaign/{self.command}@1",
            "ok": exit_code == 0,
            "data": data,
            "warnings": [problem.as_json() for problem in problems if not problem.is_error],
            "errors": [problem.as_json() for problem in problems if problem.is_error],
        }
        self._write(self._streams.stdout, json.dumps(envelope) + "\n")

    def _write_line(self, stream: TextIO, text: str, *, has_color: bool) -> None:
        self._write(stream, (text if has_color else plain(text)) + "\n")

    def _write(self, stream: TextIO, text: str) -> None:
        try:
            stream.write(text)
            stream.flush()
        except BrokenPipeError:
            # The reader has seen enough (``| head``). What we do still counts, and so does its
            # exit code; the rest of the words goes nowhere.
            _send_to_nowhere(stream)
        except OSError:
            _send_to_nowhere(stream)
            self.is_cut = self.is_cut or stream is self._streams.stdout
            raise


def _open_ends() -> Streams:
    """The ends of this process. One that was closed leads nowhere: the next file to be opened,
    such as the database, would take its place and be written over.
    """
    stdin = sys.stdin or os.fdopen(os.open(os.devnull, os.O_RDONLY))
    stdout = sys.stdout or os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    stderr = sys.stderr or os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    return Streams(stdin, stdout, stderr)


def _is_terminal(stream: TextIO) -> bool:
    return not stream.closed and stream.isatty()


def _let_every_character_through(*streams: TextIO) -> None:
    """A terminal of another encoding gets escapes in place of an error."""
    for stream in streams:
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(errors="backslashreplace")


def _send_to_nowhere(stream: TextIO) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
