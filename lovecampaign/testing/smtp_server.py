"""A fake SMTP server on this machine, which fails on request.

In a test::

    with SmtpServer() as server:
        server.faults.add(SmtpFault(step=Step.RCPT, act=Say(line="450 4.2.1 later"), times=1))

As a process of its own, for tests that kill the sender::

    python -m lovecampaign.testing.smtp_server --port 0 --log FILE

It prints ``listening on PORT`` first, and appends ``delivery id, tab, recipient`` to FILE for
each message before it answers 250.
"""

from __future__ import annotations

import argparse
import contextlib
import socket
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from lovecampaign.testing.faults import SmtpFault, SmtpFaults
from lovecampaign.testing.received import FakeServer
from lovecampaign.testing.smtp_connection import (
    SmtpServerConnection,
    SmtpServerOptions,
    SmtpServerState,
)
from lovecampaign.testing.smtp_wire import ConnectionEnded


class SmtpServer(FakeServer):
    """Accepts mail on 127.0.0.1, with a thread per connection."""

    host = "127.0.0.1"

    def __init__(
        self,
        options: SmtpServerOptions | None = None,
        *,
        port: int = 0,
        log: Path | None = None,
        faults: Iterable[SmtpFault] = (),
    ) -> None:
        super().__init__(log)
        self.faults = SmtpFaults(faults)
        self._closing = threading.Event()
        self._state = SmtpServerState(
            options=options or SmtpServerOptions(),
            received=self._log,
            faults=self.faults,
            closing=self._closing,
        )
        self._lock = threading.Lock()
        self._sockets: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._connections: list[SmtpServerConnection] = []
        self._listener = socket.create_server((self.host, port), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self._start(self._accept)

    @property
    def commands(self) -> list[list[str]]:
        """The commands of each connection so far, in the order of the connections."""
        with self._lock:
            return [list(one.commands) for one in self._connections]

    def set_options(self, **changes: Any) -> None:
        """Change how the connections from now on behave."""
        self._state = replace(self._state, options=replace(self._state.options, **changes))

    def hang_up(self) -> None:
        """Close every open connection silently; keep listening."""
        with self._lock:
            for sock in (*self._sockets, *(one.sock for one in self._connections)):
                _cut(sock)

    def close(self) -> None:
        self._closing.set()
        _cut(self._listener)
        self._listener.close()
        self.hang_up()
        for thread in list(self._threads):
            thread.join()
        self._log.close()

    def wait(self) -> None:
        self._closing.wait()

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._sockets.add(sock)
            self._start(self._serve, sock)

    def _serve(self, sock: socket.socket) -> None:
        open_sock = sock
        connection: SmtpServerConnection | None = None
        try:
            if self._state.options.tls is not None:
                open_sock = self._state.options.tls.wrap_socket(sock, server_side=True)
            with self._lock:
                self._sockets.discard(sock)
                self._sockets.add(open_sock)
                connection = SmtpServerConnection(open_sock, self._state)
                self._connections.append(connection)
            connection.run()
        except (ConnectionEnded, OSError, ValueError):
            pass  # the test checks the sender's reaction
        finally:
            self._forget(sock, open_sock, connection)

    def _forget(
        self, sock: socket.socket, open_sock: socket.socket, connection: SmtpServerConnection | None
    ) -> None:
        with self._lock:
            self._sockets -= {sock, open_sock}
        if connection is not None:
            connection.sock.close()
        open_sock.close()
        sock.close()

    def _start(self, target: Callable[..., None], *arguments: socket.socket) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()


def _cut(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        socket.socket.shutdown(sock, socket.SHUT_RDWR)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="A fake SMTP server: keeps mail to itself.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--log", type=Path)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each 250")
    options = parser.parse_args(arguments)
    server_options = SmtpServerOptions(latency_seconds=options.latency)
    SmtpServer(server_options, port=options.port, log=options.log).run()


if __name__ == "__main__":
    main()
