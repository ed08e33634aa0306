"""Standard streams: the only module that prints.

Data goes to stdout, everything else to stderr, so that a pipe carries data only. Styles are
removed from text that does not go to a terminal, and control characters from all text: names,
headings and the answers of servers come from others.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple, TextIO

from lovecampaign.cli.output.style import colored, dim, plain, red
from lovecampaign.core.control_characters import show_control_characters

if TYPE_CHECKING:  # not needed for the help page, which prints through here too
    from lovecampaign.cli.output.result import Data, Result
    from lovecampaign.core.problems import Problem


#: Name in the JSON schema where no command was recognised.
NO_COMMAND = "usage"


class Streams(NamedTuple):
    """The standard streams of a process."""

    stdin: TextIO
    stdout: TextIO
    stderr: TextIO


class Output:
    """Output of one command, as text or as JSON."""

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
        #: Whether writing data failed: the disk behind a ``>`` is full, say.
        self.is_stdout_broken = False
        #: Listed at the start: a closed terminal no longer says that it is one.
        self._terminals = [end for end in (streams.stdout, streams.stderr) if _is_terminal(end)]
        #: The running command, as the schema of its JSON names it.
        self.command = NO_COMMAND
        _escape_unencodable(streams.stdout, streams.stderr)

    @classmethod
    def for_command_line(cls, argv: Sequence[str]) -> Output:
        """From the raw options: parsing may fail, and that must be reported in JSON too."""
        options = argv[: argv.index("--")] if "--" in argv else argv
        return cls(
            _open_streams(),
            as_json="--json" in options,
            is_quiet="--quiet" in options,
            wants_color=not ("--no-color" in options or os.environ.get("NO_COLOR")),
        )

    @property
    def can_ask(self) -> bool:
        """Whether input and messages are at a terminal."""
        ends = (self._streams.stdin, self._streams.stderr)
        return not self.as_json and all(map(_is_terminal, ends))

    @property
    def color(self) -> bool:
        """Whether results are coloured."""
        return self._wants_color and _is_terminal(self._streams.stdout)

    @property
    def error_color(self) -> bool:
        """Whether messages on stderr are coloured."""
        return self._wants_color and _is_terminal(self._streams.stderr)

    def show(self, result: Result) -> None:
        """The end of a command: envelope, or text, problems and the next command."""
        if self.as_json:
            if not result.is_streamed:
                problems = (*result.problems, *result.json_problems)
                self._print_envelope(result.data, problems, result.exit_code)
            return
        self.show_problems(result.problems)
        if result.text:
            self.show_text(result.text)
        if result.next_command:
            self.show_hint(f"Next: {result.next_command}")

    def show_error(self, message: str, problems: Sequence[Problem], hint: str | None) -> None:
        """A failure, for people."""
        self.show_problems(problems)
        self.show_note(f"{red('error')}: {message}")
        if hint:
            self.show_note(f"  help: {hint}")

    def show_failure(self, problems: Sequence[Problem], exit_code: int) -> None:
        """A failure, for programs."""
        self._print_envelope({}, problems, exit_code)

    def show_problems(self, problems: Sequence[Problem]) -> None:
        if not problems:
            return
        from lovecampaign.cli.output.excerpt import format_problem

        for problem in problems:
            text = format_problem(problem, color=self.error_color)
            self._write(self._streams.stderr, text + "\n\n")

    def show_line(
        self,
        data: Data,
        text: str,
        problems: Sequence[Problem] = (),
        json_problems: Sequence[Problem] = (),
    ) -> None:
        """One step of a long-running command: an object per line, or a line of text.

        ``json_problems``: as in a :class:`~lovecampaign.cli.output.result.Result`.
        """
        if self.as_json:
            reported = (*problems, *json_problems)
            self._print_envelope(data, reported, any(problem.is_error for problem in reported))
            return
        self.show_problems(problems)
        self.show_text(text)

    def show_raw(self, text: str) -> None:
        """Data with a format of its own, such as CSV; unchanged, but for a terminal."""
        is_seen = _is_terminal(self._streams.stdout)
        self._write(self._streams.stdout, show_control_characters(text) if is_seen else text)

    def show_text(self, text: str) -> None:
        """Data for people."""
        self._write_line(self._streams.stdout, text, has_color=self.color)

    def show_note(self, text: str) -> None:
        """A message for people, on stderr."""
        self._write_line(self._streams.stderr, text, has_color=self.error_color)

    def show_hint(self, text: str) -> None:
        """Advice on stderr, unless ``--quiet`` or ``--json``."""
        if not self._is_quiet and not self.as_json:
            self.show_note(dim(text))

    def detach_terminal(self) -> None:
        """Discard what follows: the terminal is closed, and writing to it would fail."""
        for stream in self._terminals:
            _redirect_to_null(stream)

    def ask(self, question: str) -> str | None:
        """The answer at the terminal; None at the end of input (Ctrl-D)."""
        self._write(self._streams.stderr, plain(question) + " ")
        line = self._streams.stdin.readline()
        if not line.endswith("\n"):
            self._write(self._streams.stderr, "\n")
        return line.strip() if line else None

    def read_lines(self) -> Iterator[str]:
        """The lines of standard input; bytes that are not UTF-8 become replacement characters."""
        reconfigure = getattr(self._streams.stdin, "reconfigure", None)
        if reconfigure:
            reconfigure(encoding="utf-8-sig", errors="replace")
        yield from self._streams.stdin

    @contextmanager
    def progress(self, label: str, total: int) -> Iterator[Callable[[int], None]]:
        """A progress bar, on a terminal only; yields a function that adds ``n`` done."""
        if self._is_quiet or self.as_json or not _is_terminal(self._streams.stderr):
            yield lambda _more: None
            return
        from rich.console import Console
        from rich.progress import Progress

        console = Console(file=self._streams.stderr, no_color=not self._wants_color)
        with Progress(console=console, transient=True) as bar:
            task = bar.add_task(plain(label), total=total)
            yield lambda more: bar.advance(task, more)

    def _print_envelope(self, data: Data, problems: Sequence[Problem], exit_code: int) -> None:
        import json

        from lovecampaign.cli.output.result import to_json

        envelope = {
            "schema": f"lovecampaign/{self.command}@1",
            "ok": exit_code == 0,
            "data": data,
            "warnings": [problem for problem in problems if not problem.is_error],
            "errors": [problem for problem in problems if problem.is_error],
        }
        self._write(self._streams.stdout, json.dumps(envelope, default=to_json) + "\n")

    def _write_line(self, stream: TextIO, text: str, *, has_color: bool) -> None:
        self._write(stream, (colored(text) if has_color else plain(text)) + "\n")

    def _write(self, stream: TextIO, text: str) -> None:
        try:
            stream.write(text)
            stream.flush()
        except BrokenPipeError:
            # The reading program has ended (``| head``). The command goes on and its exit code
            # counts; the rest of the output is discarded.
            _redirect_to_null(stream)
        except OSError:
            _redirect_to_null(stream)
            self.is_stdout_broken = self.is_stdout_broken or stream is self._streams.stdout
            raise


def _open_streams() -> Streams:
    """The streams of this process, closed ones as /dev/null.

    Otherwise the next file to be opened, such as the database, would get the stream's number and
    be overwritten.
    """
    stdin = sys.stdin or os.fdopen(os.open(os.devnull, os.O_RDONLY))
    stdout = sys.stdout or os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    stderr = sys.stderr or os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    return Streams(stdin, stdout, stderr)


def _is_terminal(stream: TextIO) -> bool:
    return not stream.closed and stream.isatty()


def _escape_unencodable(*streams: TextIO) -> None:
    """Write escapes instead of failing where a terminal's encoding lacks a character."""
    for stream in streams:
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(errors="backslashreplace")


def _redirect_to_null(stream: TextIO) -> None:
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, stream.fileno())
    os.close(null)
