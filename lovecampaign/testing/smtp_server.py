"""How does an SMTP server misbehave? A real one on this machine, which does so on request.

In a test::

    with SmtpServer() as server:
        server.troubles.add(SmtpFault(step=Step.RCPT, act=Say(line="450 4.2.1 later"), times=1))

As a process of its own, for tests that kill the sender::

    python -m lovecampaign.testing.smtp_server --port 0 --log FILE

which prints ``listening on PORT`` first, and appends ``delivery id, tab, recipient`` to FILE for
each message before it answers 250.
"""

from __future__ import annotations

import argparse
import contextlib
import socket
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Self

from lovecampaign.testing.faults import SmtpFault, SmtpFaults
from lovecampaign.testing.received import Received, ReceivedLog
from lovecampaign.testing.smtp_connection import (
    ConnectionEnded,
    SmtpServerConnection,
    SmtpServerOptions,
    SmtpServerState,
)


class SmtpServer:
    """Takes mail on 127.0.0.1, with a thread per connection."""

    host = "127.0.0.1"

    def __init__(
        self,
        manners: SmtpServerOptions | None = None,
        *,
        port: int = 0,
        log: Path | None = None,
        troubles: Iterable[SmtpFault] = (),
    ) -> None:
        self.troubles = SmtpFaults(troubles)
        self._register = ReceivedLog(log)
        self._closing = threading.Event()
        self._house = SmtpServerState(
            manners=manners or SmtpServerOptions(),
            register=self._register,
            troubles=self.troubles,
            closing=self._closing,
        )
        self._lock = threading.Lock()
        self._sockets: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._dialogues: list[SmtpServerConnection] = []
        self._listener = socket.create_server((self.host, port), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self._start(self._accept)

    @property
    def received(self) -> list[Received]:
        return self._register.all

    @property
    def counts(self) -> Counter[str]:
        """How often each delivery id was taken."""
        return self._register.counts

    @property
    def commands(self) -> list[list[str]]:
        """The commands of each connection so far, in the order of the connections."""
        with self._lock:
            return [list(dialogue.commands) for dialogue in self._dialogues]

    def hang_up(self) -> None:
        """Close every open connection silently; go on listening."""
        with self._lock:
            for sock in (*self._sockets, *(dialogue.sock for dialogue in self._dialogues)):
                _cut(sock)

    def close(self) -> None:
        """Stop at once, open connections included."""
        self._closing.set()
        _cut(self._listener)
        self._listener.close()
        self.hang_up()
        for thread in list(self._threads):
            thread.join()
        self._register.close()

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
            self._start(self._talk, sock)

    def _talk(self, sock: socket.socket) -> None:
        talking = sock
        dialogue: SmtpServerConnection | None = None
        try:
            if self._house.manners.tls is not None:
                talking = self._house.manners.tls.wrap_socket(sock, server_side=True)
            with self._lock:
                self._sockets.discard(sock)
                self._sockets.add(talking)
                dialogue = SmtpServerConnection(talking, self._house)
                self._dialogues.append(dialogue)
            dialogue.run()
        except (ConnectionEnded, OSError, ValueError):
            pass  # one connection less; the sender's tests look at what it made of that
        finally:
            self._forget(sock, talking, dialogue)

    def _forget(
        self, sock: socket.socket, talking: socket.socket, dialogue: SmtpServerConnection | None
    ) -> None:
        with self._lock:
            self._sockets -= {sock, talking}
        if dialogue is not None:
            dialogue.sock.close()
        talking.close()
        sock.close()

    def _start(self, target: Callable[..., None], *arguments: socket.socket) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _cut(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        socket.socket.shutdown(sock, socket.SHUT_RDWR)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="An SMTP server that keeps mail to itself.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--log", type=Path)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each 250")
    options = parser.parse_args(arguments)
    manners = SmtpServerOptions(latency_seconds=options.latency)
    with SmtpServer(manners, port=options.port, log=options.log) as server:
        sys.stdout.write(f"listening on {server.port}\n")
        sys.stdout.flush()
        with contextlib.suppress(KeyboardInterrupt):
            server.wait()


if __name__ == "__main__":
    main()
