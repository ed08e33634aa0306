"""How are requests read where httptools is installed? By its parser, within bounds of ours.

It reads a request in a tenth of the time of h11, but takes a head without end, and headers behind
a body as if they had stood before it.
"""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

#: As h11 has it: a request line and its headers.
MOST_BYTES_OF_A_HEAD = 16 * 1024


class QuickHttp(HttpToolsProtocol):
    """One connection."""

    _is_in_head = True
    _bytes_of_head = 0

    def data_received(self, data: bytes) -> None:
        self._bytes_of_head += len(data)
        super().data_received(data)
        if self._is_in_head and self._bytes_of_head > MOST_BYTES_OF_A_HEAD:
            self.send_400_response("The head of this request has no end.")

    def on_header(self, name: bytes, value: bytes) -> None:
        # Behind the body (RFC 9110, 6.5) stands what proxies pass on unread: it would be believed
        # like what they write themselves.
        if self._is_in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._is_in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._is_in_head, self._bytes_of_head = True, 0
        super().on_message_complete()
