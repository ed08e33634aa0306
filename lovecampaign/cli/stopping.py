"""How does a person stop a sender without losing track of anything?"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import FrameType

from lovecampaign.cli.output import Output


@dataclass(slots=True)
class Stop:
    """Whether somebody asked to stop, and how."""

    #: Set at the first signal: what is in flight is finished, nothing more begins.
    event: threading.Event = field(default_factory=threading.Event)
    #: By Ctrl-C; a SIGTERM is an orderly end.
    was_interrupted: bool = False


@contextlib.contextmanager
def stopping_on_signals(output: Output) -> Iterator[Stop]:
    """The first Ctrl-C or SIGTERM ends in order; a second Ctrl-C ends at once."""
    stop = Stop()

    def ask(number: int, _frame: FrameType | None) -> None:
        if stop.was_interrupted and number == signal.SIGINT:
            raise KeyboardInterrupt
        stop.was_interrupted = number == signal.SIGINT
        stop.event.set()
        output.hint("Finishing what is in flight …")

    previous = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
