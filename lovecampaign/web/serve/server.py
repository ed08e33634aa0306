"""The uvicorn server of ``serve``: start, limits, and a shutdown within a second."""

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
from lovecampaign.web.serve.http.head_timeout import BoundedH11
from lovecampaign.web.uvicorn_server import SignalledServer

#: How long responses in progress have to end after the signal.
GRACE_SECONDS = 0.3
#: The event loop releases the GIL at every write to a socket, and waits as long to get it back
#: from a busy thread (CPython's default: 5 ms).
SWITCH_SECONDS = 0.0005
HttpProtocol: TypeAlias = type[asyncio.Protocol]
#: The same error is logged once in that time.
_QUIET_SECONDS = 60.0
_LOG = logging.getLogger(__name__)


def serve(
    site: Site,
    listener: socket.socket,
    write_line: WriteLine,
    at_signal: Callable[[], None] = lambda: None,
) -> None:
    """Serves until a signal; raises KeyboardInterrupt after Ctrl-C.

    ``at_signal`` ends other work, while responses in progress still finish.
    """
    sys.setswitchinterval(SWITCH_SECONDS)
    _raise_open_files_limit()
    # A malformed form is the visitor's mistake: it does not belong on the operator's terminal.
    logging.getLogger("python_multipart").setLevel(logging.CRITICAL)
    with log_thread_errors(site.note_bug):
        WebServer(application(site, write_line), at_signal).serve_until_signal(listener)


class WebServer(SignalledServer):
    """Ends within a second, even with open connections."""

    def __init__(
        self,
        app: ASGIApp,
        at_signal: Callable[[], None] = lambda: None,
        http: HttpProtocol | None = None,
    ) -> None:
        super().__init__(
            app,
            at_signal,
            http=http or _best_http(),
            loop="asyncio",
            proxy_headers=False,  # client_address.py reads them
            ws="none",
            lifespan="off",
            timeout_keep_alive=75,  # longer than nginx's 60 s: no race when it closes
        )
        self._logged_at: dict[str, float] = {}

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        asyncio.get_running_loop().set_exception_handler(self.log_loop_error)
        await super().startup(sockets)

    def log_loop_error(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """In one line: "too many open files" can occur a thousand times a second."""
        words, now = str(context.get("exception") or context["message"]), loop.time()
        if now - self._logged_at.get(words, -_QUIET_SECONDS) >= _QUIET_SECONDS:
            self._logged_at = {words: now}
            _LOG.warning("serve: %s", words)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """uvicorn's, without waiting for incomplete requests."""
        self.config.timeout_graceful_shutdown = 1
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(super().shutdown(sockets), GRACE_SECONDS)


def _best_http() -> HttpProtocol:
    """httptools where it is installed, else h11."""
    if importlib.util.find_spec("httptools") is None:
        return BoundedH11
    from lovecampaign.web.serve.http.httptools import BoundedHttpTools

    return BoundedHttpTools


def _raise_open_files_limit() -> None:
    """Each connection takes a file descriptor; the default limit is 1,024 on many systems."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):  # forbidden: the default limit remains
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
