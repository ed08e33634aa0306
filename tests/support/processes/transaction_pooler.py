"""A pooler in transaction mode, as PgBouncer is one: clients share the sessions of a server.

It speaks just enough of PostgreSQL's protocol (version 3.0) for clients without passwords.
"""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

_SSL_REQUEST, _GSS_REQUEST = 80877103, 80877104
_READY = b"Z"


class TransactionPooler:
    """Lends the last free session to a client, until its transaction ends."""

    def __init__(self, server_socket: Path, sessions: int) -> None:
        self._server_socket = server_socket
        self._free: list[socket.socket] = []
        self._left = sessions
        self._greeting = b""
        self._changed = threading.Condition()

    @contextlib.contextmanager
    def listening(self, folder: Path) -> Iterator[None]:
        """Accept clients on a socket in a folder, under PostgreSQL's usual port."""
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(folder / ".s.PGSQL.5432"))
            listener.listen()
            threading.Thread(target=self._accept, args=[listener], daemon=True).start()
            yield
            listener.shutdown(socket.SHUT_RDWR)
        for session in self._free:
            session.close()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                threading.Thread(target=self._serve, args=[client], daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError, EOFError):
            startup = self._startup_of(client)
            self._give_back(self._take(startup))
            # A key of its own: what it cancels is known to the pooler only.
            client.sendall(self._greeting + b"K" + struct.pack("!iii", 12, 1, 1))
            client.sendall(_READY + struct.pack("!ic", 5, b"I"))
            while True:
                kind, body = _read_message(client)
                if kind == b"X":
                    return
                session = self._take(startup)
                _send_message(session, kind, body)
                _forward_transaction(session, client)
                self._give_back(session)

    def _startup_of(self, client: socket.socket) -> bytes:
        while True:
            (size,) = struct.unpack("!i", _read(client, 4))
            body = _read(client, size - 4)
            if struct.unpack("!i", body[:4])[0] not in (_SSL_REQUEST, _GSS_REQUEST):
                return struct.pack("!i", size) + body
            client.sendall(b"N")

    def _take(self, startup: bytes) -> socket.socket:
        with self._changed:
            while not self._free and not self._left:
                self._changed.wait()
            if self._free:
                return self._free.pop()
            self._left -= 1
        session = socket.socket(socket.AF_UNIX)
        session.connect(str(self._server_socket / ".s.PGSQL.5432"))
        session.sendall(startup)
        greeting, kind = b"", b""
        while kind != _READY:
            kind, body = _read_message(session)
            if kind in (b"R", b"S"):
                greeting += kind + struct.pack("!i", len(body) + 4) + body
        self._greeting = greeting
        return session

    def _give_back(self, session: socket.socket) -> None:
        with self._changed:
            self._free.append(session)
            self._changed.notify()


def _forward_transaction(session: socket.socket, client: socket.socket) -> None:
    """Forward both ways until the server is outside a transaction."""
    while True:
        for source in select.select([session, client], [], [])[0]:
            kind, body = _read_message(source)
            _send_message(client if source is session else session, kind, body)
            if source is session and kind + body == _READY + b"I":
                return


def _read_message(source: socket.socket) -> tuple[bytes, bytes]:
    kind = _read(source, 1)
    (size,) = struct.unpack("!i", _read(source, 4))
    return kind, _read(source, size - 4)


def _send_message(target: socket.socket, kind: bytes, body: bytes) -> None:
    target.sendall(kind + struct.pack("!i", len(body) + 4) + body)


def _read(source: socket.socket, size: int) -> bytes:
    read = b""
    while len(read) < size:
        part = source.recv(size - len(read))
        if not part:
            raise EOFError
        read += part
    return read
