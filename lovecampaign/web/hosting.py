"""Hosting of our web servers: the listening socket, and errors in threads."""

from __future__ import annotations

import contextlib
import errno
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from lovecampaign.core.errors import UsageError

#: Below it only root may listen (ip(7), ip_unprivileged_port_start).
FIRST_FREE_PORT = 1024
#: Before a failed thread is restarted: an immediate failure would fill the log.
_RESTART_SECONDS = 1.0


@contextlib.contextmanager
def open_listener(host: str, port: int, verb: str) -> Iterator[socket.socket]:
    """A listening TCP socket; '' is every address of this machine.

    Raises UsageError where the address cannot be used; ``verb`` is the command, for the hint.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With an explicit protocol: for the default one, asyncio leaves Nagle's algorithm on, and the
    # second write of each response waits 40 ms for the visitor's ACK.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            raise bind_error(error, host, port, verb) from error
        listener.listen(1024)
        yield listener


def bind_error(error: OSError, host: str, port: int, verb: str) -> UsageError:
    """The system's error of ``bind``, with a hint for this very reason."""
    return UsageError(
        f"{host or 'this machine'} port {port} cannot be used: {error.strerror or error}",
        hint=_bind_hint(error, host, port, verb),
    )


def _bind_hint(error: OSError, host: str, port: int, verb: str) -> str:
    if isinstance(error, socket.gaierror):
        return f"no machine is known here as {host}: leave --host out, or give an address"
    if error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EINVAL):
        return (
            f"{host} is no address of this machine: leave --host out (127.0.0.1), or use 0.0.0.0 "
            "for all that it has"
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        if port < FIRST_FREE_PORT:
            return f"ports below {FIRST_FREE_PORT} are for root: take a higher --port"
        return "the system does not let you listen there: take another --port"
    return f"is another {verb} running? Add --port 0 to take any free one"


@contextlib.contextmanager
def log_thread_errors(note_bug: Callable[[BaseException], Path]) -> Iterator[None]:
    """Write uncaught errors of threads to the log, in place of a traceback on the terminal."""

    def note(failed: threading.ExceptHookArgs) -> None:
        if failed.exc_value is not None:
            note_bug(failed.exc_value)

    before, threading.excepthook = threading.excepthook, note
    try:
        yield
    finally:
        threading.excepthook = before


def restart_on_error(
    work: Callable[[], None], is_over: threading.Event, note_bug: Callable[[BaseException], object]
) -> None:
    """Run ``work`` until it returns; an error is logged, and ``work`` starts again."""
    while not is_over.is_set():
        try:
            work()
        except Exception as error:  # noqa: BLE001 - logged, not lost
            note_bug(error)
            is_over.wait(_RESTART_SECONDS)
        else:
            return
