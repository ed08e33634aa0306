"""A fork server: a process without threads and connections that forks the sending processes.

It is forked before the command opens a database or starts a thread, which a fork does not survive,
and has all modules imported: a fresh interpreter takes half a second of processor time for that.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import socket
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import Connection
from types import FrameType
from typing import NoReturn

from lovecampaign.core.errors import Unreachable

_PID_BYTES = 8
_FORK = b"f"


class ForkServer:
    """The parent's end. Its children outlive it only to finish what is in flight."""

    def __init__(self, child: Callable[[Connection], object]) -> None:
        """``child`` runs in each forked process, with its end of a pipe."""
        self._control, theirs = socket.socketpair()
        self._pid = os.fork()
        if self._pid == 0:
            self._control.close()
            _run_and_exit(lambda: _serve(theirs, child))
        theirs.close()

    def fork(self) -> tuple[int, Connection]:
        """A new process: its id, and our end of its pipe. Raises Unreachable."""
        mine, theirs = socket.socketpair()
        with theirs:
            try:
                socket.send_fds(self._control, [_FORK], [theirs.fileno()])
                answer = self._control.recv(_PID_BYTES)
            except OSError:
                answer = b""
        pid = int.from_bytes(answer, "big")
        if not pid:
            mine.close()
            raise Unreachable(
                "no further sending process could be started",
                hint="nothing is lost: run the same command again, with fewer --processes",
            )
        return pid, Connection(mine.detach())

    def close(self) -> None:
        self._control.close()
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self._pid, 0)


def _serve(control: socket.socket, child: Callable[[Connection], object]) -> None:
    """Fork at each request until the parent is gone."""
    # The command tells its processes when to stop; Ctrl-C reaches them all.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, _reap)
    _close_standard_streams()
    gc.freeze()
    while True:
        request, files, _, _ = socket.recv_fds(control, 1, 1)
        if not request:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            with contextlib.suppress(ChildProcessError):
                while True:  # so that their processor time counts for the command
                    os.wait()
            return
        try:
            pid = os.fork()
        except OSError:  # too many processes, or no memory
            pid = -1
        if pid == 0:
            control.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _run_and_exit(partial(child, Connection(files[0])))
        os.close(files[0])
        control.send(max(pid, 0).to_bytes(_PID_BYTES, "big"))


def _reap(_number: int, _frame: FrameType | None) -> None:
    """Take the ended children out of the process table."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _run_and_exit(work: Callable[[], object]) -> NoReturn:
    """Never return into the code of the process that was copied."""
    code = 1
    try:
        work()
        code = 0
    finally:
        os._exit(code)


def _close_standard_streams() -> None:
    """Only the command itself prints, and its reader must see the end when it ends."""
    null = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(null, number)
    os.close(null)
