"""What was asked, how was it answered, how long did it take? One line of JSON a request.

Lines name the route's template and never the path: tokens stand there. Nor do they name
addresses, of people or of machines; a proxy's own log may.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeAlias

from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lovecampaign.clock import format_instant
from lovecampaign.web.serve.metrics import Metrics

WriteLine: TypeAlias = Callable[[str], None]
#: Others are counted together: names from outside must not fill the memory.
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
UNKNOWN_ROUTE = "(none)"


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
        began, status, size = time.perf_counter(), 500, 0

        async def send_observed(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
            size += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, send_observed)
        finally:
            self._note(scope, status, size, time.perf_counter() - began)

    def _note(self, scope: Scope, status: int, size: int, seconds: float) -> None:
        route = route_of(scope)
        method = scope["method"] if scope["method"] in METHODS else "other"
        self._metrics.note_request(route, method, status, seconds)
        line = {
            "time": format_instant(datetime.now(UTC)),
            "method": method,
            "route": route,
            "status": status,
            "bytes": size,
            "ms": round(seconds * 1000, 1),
        }
        self._write_line(json.dumps(line))


def route_of(scope: Scope) -> str:
    """``/u/{token}``: the template of the route that answered."""
    route = scope.get("route")
    return str(route.path) if isinstance(route, Route | Mount) else UNKNOWN_ROUTE
