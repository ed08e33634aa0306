"""How does ``serve`` start, and how does it end at once?"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import logging
import resource
import socket
import sys
from collections.abc import Callable
from typing import Any, TypeAlias

from starlette.types import ASGIApp

from lovecampaign.web.hosting import log_thread_errors
from lovecampaign.web.serve.app import application
from lovecampaign.web.serve.handler.site import Site
from lovecampaign.web.serve.http.access_log import WriteLine
from lovecampaign.web.uvicorn_server import SignalledServer

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
    with log_thread_errors(site.note_bug):
        Server(application(site, write_line), at_signal).serve_until_signal(ears)


class Server(SignalledServer):
    """Ends within a second, whoever still holds a connection open."""

    def __init__(
        self,
        app: ASGIApp,
        at_signal: Callable[[], None] = lambda: None,
        http: ReadsHttp | None = None,
    ) -> None:
        super().__init__(
            app,
            at_signal,
            http=http or _best_http(),
            loop="asyncio",
            proxy_headers=False,  # visitors.py reads them
            ws="none",
            lifespan="off",
            timeout_keep_alive=75,  # longer than nginx keeps its own (60 s): no race at the end
        )
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

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's, but what has not been asked in full is not waited for."""
        self.config.timeout_graceful_shutdown = 1
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(super().shutdown(sockets), GRACE_SECONDS)


def _best_http() -> ReadsHttp:
    """What is installed. Either bounds what a visitor may send before its end."""
    if importlib.util.find_spec("httptools") is None:
        from lovecampaign.web.serve.http.h11 import PlainHttp

        return PlainHttp
    from lovecampaign.web.serve.http.httptools import QuickHttp

    return QuickHttp


def _allow_many_connections() -> None:
    """Each takes a descriptor, of which systems give 1,024 to who does not ask for more."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):  # where that is forbidden, they are told
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
