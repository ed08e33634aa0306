"""How are requests read where httptools is not installed? By h11, which bounds a head itself."""

from __future__ import annotations

from uvicorn.protocols.http.h11_impl import H11Protocol

from lovecampaign.web.serve.http.head_timeout import TimedHead


class PlainHttp(TimedHead, H11Protocol):
    """One connection."""
