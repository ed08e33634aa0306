"""Requests of which only the head is sent."""

from __future__ import annotations

import socket

from tests.support.serving import Serving


def refused_from_head(served: Serving, path: str, *headers: str) -> int:
    """The status of a POST that announces 60,000 bytes and sends none."""
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", "Content-Length: 60000", *headers]
    with socket.create_connection(("127.0.0.1", served.port), timeout=5) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        return int(connection.recv(65536).split()[1])
