"""What was asked, how was it answered, how long did it take? One line of JSON a request.

Lines name the route's template and never the path: tokens stand there. Nor do they name
addresses, of people or of machines; a proxy's own log may.
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
from lovecampaign.web.serve.http.metrics import Metrics

_LOG = logging.getLogger(__name__)
WriteLine: TypeAlias = Callable[[str], None]
#: Others are counted together: names from outside must not fill the memory.
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
UNKNOWN_ROUTE = "(none)"


class LogFile:
    """A file of lines, opened anew whenever somebody moved it away (logrotate).

    Five microseconds a line; those who log through :mod:`logging` take ten times that.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = self._open()
        #: Whether lines go to where the path leads.
        self._is_followed = True

    def write_line(self, line: str) -> None:
        self._follow()
        with contextlib.suppress(OSError):  # a full disk keeps no visitor from a page
            os.write(self._file, line.encode() + b"\n")

    def _follow(self) -> None:
        """Where there is no other file to be had, lines go on into the one that was moved away."""
        try:
            if not self._is_there():
                self._open_anew()
            self._is_followed = True
        except OSError as error:
            if self._is_followed:
                _LOG.warning("The access log %s cannot be opened anew: %s", self._path, error)
            self._is_followed = False

    def _open_anew(self) -> None:
        former, self._file = self._file, self._open()
        os.close(former)  # once there is another: a closed number is soon somebody else's

    def _is_there(self) -> bool:
        try:
            return os.path.samestat(self._path.stat(), self._state)
        except FileNotFoundError:
            return False

    def _open(self) -> int:
        file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        self._state = os.fstat(file)
        return file


class Observer:
    """Wraps everything else; counts and writes down each request."""

    def __init__(self, app: ASGIApp, metrics: Metrics, write_line: WriteLine) -> None:
        self._app = app
        self._metrics = metrics
        self._write_line = write_line

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(scope)

        async def send_observed(message: Message) -> None:
            if answer.ends_with(message):
                self._note(answer)  # before the visitor has it: nobody is ahead of the log
            await send(message)

        try:
            await self._app(scope, receive, send_observed)
        finally:
            if not answer.has_ended:
                self._note(answer)

    def _note(self, answer: _Answer) -> None:
        route, seconds = route_of(answer.scope), time.perf_counter() - answer.began
        method = answer.scope["method"] if answer.scope["method"] in METHODS else "other"
        self._metrics.note_request(route, method, answer.status, seconds)
        line = {
            "time": format_instant(datetime.now(UTC)),
            "method": method,
            "route": route,
            "status": answer.status,
            "bytes": answer.size,
            "ms": round(seconds * 1000, 1),
        }
        self._write_line(json.dumps(line))


@dataclass(slots=True)
class _Answer:
    """An answer on its way."""

    scope: Scope
    began: float = field(default_factory=time.perf_counter)
    #: Until there is another, nginx's number for a visitor who went away.
    status: int = 499
    size: int = 0
    has_ended: bool = False

    def ends_with(self, message: Message) -> bool:
        """Take note of a message; tells whether it is the last."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            return False
        self.size += len(message.get("body", b""))
        self.has_ended = not message.get("more_body", False)
        return self.has_ended


def route_of(scope: Scope) -> str:
    """``/u/{token}``: the template of the route that answered."""
    route = scope.get("route")
    return str(route.path) if isinstance(route, Route | Mount) else UNKNOWN_ROUTE
