"""How does ``serve`` start, and how does it end at once?"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import logging
import resource
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, TypeAlias

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
#: What reads requests.
ReadsHttp: TypeAlias = type[asyncio.Protocol]
#: The same trouble is told once in that time.
_QUIET_SECONDS = 60.0
_LOG = logging.getLogger(__name__)


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
    _allow_many_connections()
    # What a visitor sends is no trouble of ours: it would be told on the terminal.
    logging.getLogger("python_multipart").setLevel(logging.CRITICAL)
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
        self._told_at: dict[str, float] = {}

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        asyncio.get_running_loop().set_exception_handler(self.tell_trouble)
        await super().startup(sockets)

    def tell_trouble(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Such as too many open files: in one line, since it comes a thousand times a second."""
        words, now = str(context.get("exception") or context["message"]), loop.time()
        if now - self._told_at.get(words, -_QUIET_SECONDS) >= _QUIET_SECONDS:
            self._told_at = {words: now}
            _LOG.warning("serve: %s", words)

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
        from lovecampaign.web.serve.plain_http import PlainHttp

        return PlainHttp
    from lovecampaign.web.serve.quick_http import QuickHttp

    return QuickHttp


def _allow_many_connections() -> None:
    """Each takes a descriptor, of which systems give 1,024 to who does not ask for more."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):  # where that is forbidden, they are told
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
