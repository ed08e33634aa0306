"""The access log: one line of JSON for each request.

Lines name the route's template and never the path, which holds tokens. Nor do they name email or
IP addresses; a proxy's own log may.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lovecampaign.core.clock import format_instant
from lovecampaign.core.private_files import open_private
from lovecampaign.web.serve.http.metrics import Metrics

_LOG = logging.getLogger(__name__)
WriteLine: TypeAlias = Callable[[str], None]
#: Others are counted together, since a client could invent any number of them.
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
UNKNOWN_ROUTE = "(none)"


class LogFile:
    """A log file, reopened when logrotate has moved it.

    Five microseconds a line; :mod:`logging` takes ten times that.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = self._open()
        #: Whether lines go to the file at the path.
        self._is_current = True

    def write_line(self, line: str) -> None:
        self._reopen_if_moved()
        with contextlib.suppress(OSError):  # a full disk must not fail requests
            os.write(self._file, line.encode() + b"\n")

    def _reopen_if_moved(self) -> None:
        """Where no new file can be opened, lines go on into the one that was moved."""
        try:
            if not self._is_at_path():
                former, self._file = self._file, self._open()
                os.close(former)  # afterwards: its number could be reused by another thread
            self._is_current = True
        except OSError as error:
            if self._is_current:
                _LOG.warning("The access log %s cannot be reopened: %s", self._path, error)
            self._is_current = False

    def _is_at_path(self) -> bool:
        try:
            return os.path.samestat(self._path.stat(), self._state)
        except FileNotFoundError:
            return False

    def _open(self) -> int:
        file = open_private(self._path, os.O_WRONLY | os.O_APPEND)
        self._state = os.fstat(file)
        return file


class AccessLogMiddleware:
    """The outermost middleware: counts and logs each request."""

    def __init__(self, app: ASGIApp, metrics: Metrics, write_line: WriteLine) -> None:
        self._app = app
        self._metrics = metrics
        self._write_line = write_line

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        response = _ResponseRecord(scope)

        async def send_observed(message: Message) -> None:
            if response.ends_with(message):
                self._note(response)  # before it is sent, so that the log is complete
            await send(message)

        try:
            await self._app(scope, receive, send_observed)
        finally:
            if not response.has_ended:
                self._note(response)

    def _note(self, response: _ResponseRecord) -> None:
        route, seconds = route_of(response.scope), time.perf_counter() - response.began
        method = response.scope["method"] if response.scope["method"] in METHODS else "other"
        self._metrics.observe_request(route, method, response.status, seconds)
        line = {
            "time": format_instant(datetime.now(UTC)),
            "method": method,
            "route": route,
            "status": response.status,
            "bytes": response.size,
            "ms": round(seconds * 1000, 1),
        }
        self._write_line(json.dumps(line))


@dataclass(slots=True)
class _ResponseRecord:
    """Status and size of a response while it is sent."""

    scope: Scope
    began: float = field(default_factory=time.perf_counter)
    #: Until it has one, nginx's status for a client that disconnected.
    status: int = 499
    size: int = 0
    has_ended: bool = False

    def ends_with(self, message: Message) -> bool:
        """Record a message; whether it is the last."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            return False
        self.size += len(message.get("body", b""))
        self.has_ended = not message.get("more_body", False)
        return self.has_ended


def route_of(scope: Scope) -> str:
    """``/u/{token}``: the template of the route."""
    route = scope.get("route")
    return str(route.path) if isinstance(route, Route | Mount) else UNKNOWN_ROUTE
