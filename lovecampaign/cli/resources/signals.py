"""How does a person stop a sender without losing track of anything?"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import FrameType

from lovecampaign.cli.output.output import Output

#: None on systems that have no such signal.
_HANG_UP: signal.Signals | None = getattr(signal, "SIGHUP", None)


@dataclass(slots=True)
class Stop:
    """Whether somebody asked to stop, and how."""

    #: Set at the first signal: what is in flight is finished, nothing more begins.
    event: threading.Event = field(default_factory=threading.Event)
    #: By Ctrl-C; a SIGTERM is an orderly end.
    was_interrupted: bool = False


@contextlib.contextmanager
def stopping_on_signals(output: Output) -> Iterator[Stop]:
    """The first signal ends in order; a second Ctrl-C ends at once.

    A terminal that is closed, or whose connection breaks, is such a signal, and is told nothing
    more. Who does not want that starts the command with nohup.
    """
    stop = Stop()

    def ask(number: int, _frame: FrameType | None) -> None:
        if stop.was_interrupted and number == signal.SIGINT:
            raise KeyboardInterrupt
        if number == _HANG_UP:
            output.leave_terminal()
        stop.was_interrupted = number == signal.SIGINT
        stop.event.set()
        output.hint("Finishing what is in flight …")

    previous = {number: signal.signal(number, ask) for number in _signals()}
    try:
        yield stop
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _signals() -> list[signal.Signals]:
    wanted = [signal.SIGINT, signal.SIGTERM]
    if _HANG_UP is not None and signal.getsignal(_HANG_UP) is not signal.SIG_IGN:
        wanted.append(_HANG_UP)
    return wanted
