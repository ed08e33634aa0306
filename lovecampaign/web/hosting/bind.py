"""How is an address listened at; and where it cannot be, what is to be typed instead?"""

from __future__ import annotations

import contextlib
import errno
import socket
from collections.abc import Iterator

from lovecampaign.core.errors import UsageError

#: Below it only root may listen (ip(7), ip_unprivileged_port_start).
FIRST_FREE_PORT = 1024


@contextlib.contextmanager
def open_listener(host: str, port: int, verb: str) -> Iterator[socket.socket]:
    """Ears at an address; '' is all that this machine has. From now on a browser waits.

    Raises UsageError where it cannot be had; ``verb`` is what the operator typed.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # By its number: for TCP by default, asyncio leaves Nagle's algorithm on, and the second
    # write of each answer waits 40 ms for the visitor's system.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as ears:
        ears.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            ears.bind((host, port))
        except OSError as error:
            raise bind_error(error, host, port, verb) from error
        ears.listen(1024)
        yield ears


def bind_error(error: OSError, host: str, port: int, verb: str) -> UsageError:
    """What to say where the system refused."""
    return UsageError(
        f"{host or 'this machine'} port {port} cannot be used: {error.strerror or error}",
        hint=_hint(error, host, port, verb),
    )


def _hint(error: OSError, host: str, port: int, verb: str) -> str:
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
