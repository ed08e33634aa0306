"""One kept-alive HTTP connection to SendGrid, with exact phases of each request.

urllib3 connects and checks the certificate; the requests are written by
:mod:`~lovecampaign.providers.sendgrid.http1`. No retries, no redirects, no proxies.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.client import HTTPException

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from lovecampaign.providers.base.outcomes import NoConnection, stop_the_run, transient
from lovecampaign.providers.pool.connection import Coroutine, run_blocking
from lovecampaign.providers.sendgrid.http1 import HttpResponse, HttpSocket

_FAULTS = (HTTPError, HTTPException, OSError, ValueError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Address and time limits of the API."""

    host: str
    port: int
    is_tls: bool
    #: Path before ``/v3``, without a trailing slash.
    prefix: str = ""
    connect_seconds: float = 10.0
    #: For the whole response.
    answer_seconds: float = 60.0
    #: Load balancers close idle connections silently after a minute or so: a new connection is
    #: cheaper than a request in doubt.
    idle_seconds: float = 30.0
    ssl_context: ssl.SSLContext | None = field(default=None, repr=False)

    @property
    def authority(self) -> str:
        """For the ``Host`` header (RFC 9110 §7.2), without a default port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        is_usual = self.port == (443 if self.is_tls else 80)
        return host if is_usual else f"{host}:{self.port}"


class ApiConnection:
    """Sends one request at a time."""

    def __init__(self, endpoint: Endpoint, headers: Mapping[str, str]) -> None:
        """``headers`` are sent with every request."""
        self._endpoint = endpoint
        self._headers = headers
        #: Request heads up to Content-Length, by method and path.
        self._starts: dict[tuple[str, str], str] = {}
        self._http: HTTPConnection | None = None
        self._wire: HttpSocket | None = None
        self._last_used = 0.0

    def request(self, method: str, path: str) -> HttpResponse:
        """Send a request without a body and wait; raises as :meth:`requesting` does."""
        return run_blocking(self.requesting(method, path))

    def requesting(
        self,
        method: str,
        path: str,
        *,
        body: Sequence[bytes] = (),
        before_writing: Callable[[], None] = lambda: None,
    ) -> Coroutine[HttpResponse]:
        """Send a request, and yield until its response is there.

        Raises NoConnection, RequestIncomplete or ResponseMissing. ``before_writing`` is called when
        there is a connection and no byte has left.
        """
        wire = self._open()
        request = (self._head(method, path, sum(map(len, body))), *body)
        before_writing()
        is_kept = False
        try:
            reply = wire.write(request, self._endpoint.answer_seconds)
            if reply is None:
                answer = wire.answer(self._endpoint.answer_seconds)
                yield answer
                reply = answer.read()
            is_kept = reply.is_kept
        finally:
            if not is_kept:
                self.close()
        self._last_used = time.monotonic()
        return reply

    def close(self) -> None:
        if self._http is not None:
            self._http.close()
            self._http = self._wire = None

    def _open(self) -> HttpSocket:
        wire = self._wire
        is_young = time.monotonic() - self._last_used < self._endpoint.idle_seconds
        if wire is None or not is_young or not wire.is_open:
            self.close()
            self._http = _connected(self._endpoint)
            self._wire = wire = HttpSocket(self._http.sock)
        return wire

    def _head(self, method: str, path: str, length: int) -> bytes:
        start = self._starts.get((method, path))
        if start is None:
            start = self._starts[method, path] = self._start(method, path)
        return f"{start}Content-Length: {length}\r\n\r\n".encode("ascii")

    def _start(self, method: str, path: str) -> str:
        endpoint = self._endpoint
        lines = [
            f"{method} {endpoint.prefix}{path} HTTP/1.1",
            f"Host: {endpoint.authority}",
            *(f"{name}: {value}" for name, value in self._headers.items()),
        ]
        return "".join(f"{line}\r\n" for line in lines)


def _connected(endpoint: Endpoint) -> HTTPConnection:
    """A new connection; raises NoConnection."""
    place = f"{endpoint.host}:{endpoint.port}"
    http = _unconnected(endpoint)
    try:
        http.connect()
    except ssl.SSLCertVerificationError as error:
        reason = f"the certificate of {place} is not valid: {error.verify_message}"
        raise NoConnection(stop_the_run(reason)) from error
    except _FAULTS as error:
        raise NoConnection(transient(f"no connection to {place}: {_reason(error)}")) from error
    http.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return http


def _unconnected(endpoint: Endpoint) -> HTTPConnection:
    if not endpoint.is_tls:
        return HTTPConnection(endpoint.host, endpoint.port, timeout=endpoint.connect_seconds)
    return HTTPSConnection(
        endpoint.host,
        endpoint.port,
        timeout=endpoint.connect_seconds,
        ssl_context=endpoint.ssl_context or ssl.create_default_context(),
    )


def _reason(error: Exception) -> str:
    cause = error.__cause__ or error
    return getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
