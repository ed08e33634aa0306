"""The HTTP server of the fake SendGrid, with scripted responses."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptedResponse:
    """A response, or how it fails."""

    status: int = 202
    headers: Mapping[str, str] = field(default_factory=dict)
    #: ``(field, message)`` of each error in the body; field None is JSON's null.
    errors: Sequence[tuple[str | None, str]] = ()
    #: Whether the mail is accepted all the same, as behind a gateway's 502.
    is_stored: bool = False
    #: Seconds before each byte of the answer.
    drip_seconds: float = 0.0
    #: Close the connection instead of answering.
    is_closed: bool = False
    #: Never answer.
    is_stalled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedRequest:
    """One request, unparsed."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Respond = Callable[[ReceivedRequest], ScriptedResponse]


class HttpServer(ThreadingHTTPServer):
    """Tracks its connections, to close them with it."""

    daemon_threads = False
    request_queue_size = 128

    def __init__(
        self, address: tuple[str, int], respond: Respond, tls: ssl.SSLContext | None
    ) -> None:
        self.respond = respond
        self.connections = 0
        self.closing = threading.Event()
        self._tls = tls
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        super().__init__(address, _Handler)

    def get_request(self) -> tuple[socket.socket, Any]:
        sock, address = super().get_request()
        if self._tls is not None:
            sock.settimeout(5)
            sock = self._tls.wrap_socket(sock, server_side=True)
            sock.settimeout(None)
        with self._lock:
            self.connections += 1
            self._open.add(sock)
        return sock, address

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Silent: tests disconnect on purpose."""

    def end(self) -> None:
        """Stop at once, open connections included."""
        self.closing.set()
        self.shutdown()
        self.cut_all()
        self.server_close()

    def cut_all(self) -> None:
        with self._lock:
            for sock in self._open:
                with contextlib.suppress(OSError):
                    socket.socket.shutdown(sock, socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # headers and body in one write
    server: HttpServer

    def do_POST(self) -> None:
        self._serve()

    def do_GET(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Silent."""

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = ReceivedRequest(method=self.command, path=self.path, headers=headers, body=body)
        answer = self.server.respond(request)
        if answer.is_stalled:
            self.server.closing.wait()
        if answer.is_stalled or answer.is_closed:
            self.close_connection = True
            return
        self._write(answer)

    def _write(self, answer: ScriptedResponse) -> None:
        content = _error_body(answer) if answer.errors else b""
        if answer.drip_seconds:
            self._drip(answer, content)
            return
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _drip(self, answer: ScriptedResponse, content: bytes) -> None:
        self.close_connection = True
        lines = (
            f"HTTP/1.1 {answer.status} slow",
            f"Content-Length: {len(content)}",
            "Connection: close",  # a further request would be in doubt
        )
        for byte in "\r\n".join([*lines, "", ""]).encode() + content:
            self.connection.sendall(bytes([byte]))
            if self.server.closing.wait(answer.drip_seconds):
                return


def _error_body(answer: ScriptedResponse) -> bytes:
    errors = [{"message": message, "field": name, "help": None} for name, message in answer.errors]
    return json.dumps({"errors": errors}).encode()
