"""Graceful shutdown of a sender on SIGINT, SIGTERM and SIGHUP."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import FrameType

from lovecampaign.cli.output.output import Output

#: None on systems without this signal.
_HANG_UP: signal.Signals | None = getattr(signal, "SIGHUP", None)


@dataclass(slots=True)
class StopRequest:
    """Whether a signal asked to stop, and which kind."""

    #: Set at the first signal: deliveries in flight are finished, and no more are begun.
    event: threading.Event = field(default_factory=threading.Event)
    #: By Ctrl-C; a SIGTERM is a regular end.
    was_interrupted: bool = False


@contextlib.contextmanager
def stopping_on_signals(output: Output) -> Iterator[StopRequest]:
    """The first signal stops gracefully; a second Ctrl-C stops at once.

    A closed terminal or a lost connection to it (SIGHUP) counts too, unless the command was
    started with nohup; nothing more is printed then.
    """
    stop = StopRequest()

    def request_stop(number: int, _frame: FrameType | None) -> None:
        if stop.was_interrupted and number == signal.SIGINT:
            raise KeyboardInterrupt
        if number == _HANG_UP:
            output.detach_terminal()
        stop.was_interrupted = number == signal.SIGINT
        stop.event.set()
        output.show_hint("Finishing what is in flight …")

    previous = {number: signal.signal(number, request_stop) for number in _signals()}
    try:
        yield stop
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _signals() -> list[signal.Signals]:
    handled = [signal.SIGINT, signal.SIGTERM]
    if _HANG_UP is not None and signal.getsignal(_HANG_UP) is not signal.SIG_IGN:
        handled.append(_HANG_UP)
    return handled
