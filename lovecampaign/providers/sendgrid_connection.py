"""How does one request go to SendGrid, and how far did it get?

One kept-alive connection of urllib3's, used directly: its pools would hide whether a failure
struck before or after the body was out, and that is the difference between trying again and
not knowing. No retries, no redirects, no proxies.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse

from lovecampaign.providers.sendgrid_replies import HttpReply
from lovecampaign.providers.verdict import NoConnection, stop_the_run, transient

#: Far more than any answer; the rest is not read.
_BODY_BYTES = 64 * 1024
_FAULTS = (HTTPError, HTTPException, OSError, ValueError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where the API is, and how long to wait for it."""

    host: str
    port: int
    is_tls: bool
    #: Path before ``/v3``, without a slash at its end.
    prefix: str = ""
    connect_seconds: float = 10.0
    #: For the whole answer, however slowly it drips in.
    answer_seconds: float = 60.0
    #: Load balancers close silently after a minute or so; a new connection is cheaper than a
    #: request that nobody can tell the fate of.
    idle_seconds: float = 30.0
    ssl_context: ssl.SSLContext | None = field(default=None, repr=False)


class LostBefore(Exception):
    """The connection broke while the request was being written: nothing whole arrived."""


class LostAfter(Exception):
    """The request was written, and no answer came: nobody knows what became of it."""


class SendGridConnection:
    """Carries one request at a time."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._http: HTTPConnection | None = None
        self._last_used = 0.0

    def request(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None = None,
        before_writing: Callable[[], None] = lambda: None,
    ) -> HttpReply:
        """Send one request; raises NoConnection, LostBefore or LostAfter.

        ``before_writing`` is called when there is a connection and nothing has left yet.
        """
        http = self._open()
        before_writing()
        try:
            return self._exchange(http, method, path, headers=headers, body=body)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        if self._http is not None:
            self._http.close()
            self._http = None

    def _open(self) -> HTTPConnection:
        http = self._http
        is_young = time.monotonic() - self._last_used < self._endpoint.idle_seconds
        if http is not None and is_young and http.is_connected:
            return http
        self.close()
        self._http = _connected(self._endpoint)
        return self._http

    def _exchange(
        self,
        http: HTTPConnection,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None,
    ) -> HttpReply:
        broken: Exception | None = None
        try:
            http.request(
                method,
                self._endpoint.prefix + path,
                body=body,
                headers=headers,
                preload_content=False,
            )
        except _FAULTS as error:
            broken = error  # 413 comes early: an answer may be waiting although we broke off
        reply = self._answer(http, broken)
        self._last_used = time.monotonic()
        return reply

    def _answer(self, http: HTTPConnection, broken: Exception | None) -> HttpReply:
        try:
            with _deadline(http.sock, self._endpoint.answer_seconds):
                response = http.getresponse()
                reply = HttpReply(
                    status=response.status,
                    headers={name.lower(): value for name, value in response.headers.items()},
                    body=self._beginning_of(response),
                )
        except _FAULTS as error:
            if broken is not None:
                raise LostBefore(_reason(broken)) from broken
            raise LostAfter(_reason(error)) from error
        if broken is not None:
            self.close()
        return reply

    def _beginning_of(self, response: BaseHTTPResponse) -> bytes:
        """What came of the body; the status has said enough if the rest is missing."""
        try:
            body = response.read(_BODY_BYTES)
            if len(body) < _BODY_BYTES:
                return body
        except _FAULTS:
            body = b""
        self.close()
        return body


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
    http.timeout = endpoint.answer_seconds
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


@contextmanager
def _deadline(sock: socket.socket | None, seconds: float) -> Iterator[None]:
    """Cut the connection after ``seconds``: a socket's own time-out starts anew at each byte."""
    timer = threading.Timer(seconds, _cut, [sock])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _cut(sock: socket.socket | None) -> None:
    if sock is not None:
        with contextlib.suppress(OSError):
            # The plain socket's: an SSLSocket's own would drop the TLS state under its reader.
            socket.socket.shutdown(sock, socket.SHUT_RDWR)


def _reason(error: Exception) -> str:
    cause = error.__cause__ or error
    return getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
