"""Lines and messages over the socket of the fake SMTP server."""

from __future__ import annotations

import socket


class ConnectionEnded(Exception):
    """The connection ends."""


class SmtpServerWire:
    """What was received and not read yet; raises ConnectionEnded where the client closes."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._unread = bytearray()

    def _say(self, text: str) -> None:
        self.sock.sendall(text.encode("utf-8", "surrogateescape") + b"\r\n")

    def _line(self) -> bytes:
        while (end := self._unread.find(b"\n")) < 0:
            self._receive()
        line = bytes(self._unread[:end]).rstrip(b"\r")
        del self._unread[: end + 1]
        return line

    def _message(self) -> bytes:
        """Everything up to the final dot, with dot-stuffing removed."""
        start = 0
        while not self._unread.startswith(b".\r\n"):
            end = self._unread.find(b"\r\n.\r\n", start)
            if end >= 0:
                content = bytes(self._unread[: end + 2])
                del self._unread[: end + 5]
                return (b"\r\n" + content).replace(b"\r\n.", b"\r\n")[2:]
            start = max(len(self._unread) - 4, 0)
            self._receive()
        del self._unread[:3]
        return b""

    def _receive(self) -> None:
        received = self.sock.recv(65536)
        if not received:
            raise ConnectionEnded("the client closed")
        self._unread += received
