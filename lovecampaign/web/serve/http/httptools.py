"""The httptools protocol with limits of our own.

It parses a request in a tenth of h11's time, but accepts heads of any length, and trailers of any
length as if they were headers.
"""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from lovecampaign.web.serve.http.head_timeout import HeadTimeout

#: h11's limit for a request line and its headers.
MAX_HEAD_BYTES = 16 * 1024
#: Of a header line, beside its name and value.
_COLON_AND_END = 4


class BoundedHttpTools(HeadTimeout, HttpToolsProtocol):
    """Limits the size of heads and ignores trailers."""

    _is_in_head = True
    #: Of the request line and the complete headers.
    _bytes_of_head = 0
    #: Received since the last complete part; the parser buffers them.
    _bytes_unread = 0

    def data_received(self, data: bytes) -> None:
        self._bytes_unread += len(data)
        super().data_received(data)
        if self._bytes_unread > MAX_HEAD_BYTES and not self.transport.is_closing():
            if self._is_in_head:
                self.send_400_response("The head of this request has no end.")
            else:  # a response may have been started, or sent
                self.transport.close()

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        # Proxies pass trailers (RFC 9110, 6.5) on unread: they must not be trusted like the
        # headers that a proxy writes itself.
        if self._is_in_head:
            self._count(len(name) + len(value) + _COLON_AND_END)
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._is_in_head, self._bytes_of_head, self._bytes_unread = False, 0, 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._bytes_unread = 0  # the reader of the body bounds it
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._is_in_head, self._bytes_unread = True, 0
        super().on_message_complete()

    def _count(self, size: int) -> None:
        """Covers a head that arrives in one read; the exception is answered with 400."""
        self._bytes_of_head += size
        if self._bytes_of_head > MAX_HEAD_BYTES:
            raise ValueError("the head is too long")
