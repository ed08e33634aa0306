"""How does ``serve`` start, and how does it end at once?"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import logging
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Literal, TypeAlias

import uvicorn
from starlette.types import ASGIApp

from lovecampaign.web.listening import refusal
from lovecampaign.web.serve.access_log import WriteLine
from lovecampaign.web.serve.app import application
from lovecampaign.web.serve.site import Site
from lovecampaign.web.thread_bugs import noting_bugs_of_threads

#: What is being answered when the signal comes has this long to end.
GRACE_SECONDS = 0.3
#: The loop gives the interpreter away at every write to a socket, and waits as long to have it
#: back from a thread that works (CPython's default: 5 ms).
SWITCH_SECONDS = 0.0005
#: What reads requests: a protocol of ours, or uvicorn's own by its name.
ReadsHttp: TypeAlias = type[asyncio.Protocol] | Literal["h11"]


@contextlib.contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """Ears at an address; raises UsageError where it cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # By its number: for TCP by default, asyncio leaves Nagle's algorithm on, and the second
    # write of each answer waits 40 ms for the visitor's system.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as ears:
        ears.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            ears.bind((host, port))
        except OSError as error:
            raise refusal(error, host, port, "serve") from error
        ears.listen(1024)
        yield ears


def serve(
    site: Site,
    ears: socket.socket,
    write_line: WriteLine,
    at_signal: Callable[[], None] = lambda: None,
) -> None:
    """Answer until a signal; raises KeyboardInterrupt after Ctrl-C.

    ``at_signal`` tells others to end too, while what is being answered still ends.
    """
    sys.setswitchinterval(SWITCH_SECONDS)
    with noting_bugs_of_threads(site.note_bug):
        Server(application(site, write_line), at_signal).serve_until_signal(ears)


class Server(uvicorn.Server):
    """Ends within a second, whoever still holds a connection open."""

    def __init__(
        self,
        app: ASGIApp,
        at_signal: Callable[[], None] = lambda: None,
        http: ReadsHttp | None = None,
    ) -> None:
        config = uvicorn.Config(
            app,
            http=http or _best_http(),
            loop="asyncio",
            log_config=None,
            log_level=logging.CRITICAL,  # bugs go to a file, and are told on their page
            access_log=False,
            server_header=False,
            proxy_headers=False,  # visitors.py reads them
            ws="none",
            lifespan="off",
            timeout_keep_alive=75,  # longer than nginx keeps its own (60 s): no race at the end
        )
        super().__init__(config)
        self._at_signal = at_signal
        self._was_interrupted = False

    def serve_until_signal(self, ears: socket.socket) -> None:
        self.run(sockets=[ears])
        if self._was_interrupted:
            raise KeyboardInterrupt

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - uvicorn's
        self._was_interrupted = sig == signal.SIGINT
        self.force_exit = self.should_exit  # the second time, nothing is waited for
        self.should_exit = True
        self._at_signal()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's, but what has not been asked in full is not waited for."""
        self.config.timeout_graceful_shutdown = 1
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(super().shutdown(sockets), GRACE_SECONDS)


def _best_http() -> ReadsHttp:
    """What is installed. Either bounds what a visitor may send before its end."""
    if importlib.util.find_spec("httptools") is None:
        return "h11"
    from lovecampaign.web.serve.quick_http import QuickHttp

    return QuickHttp
