"""Security middleware: checks ``Host`` and adds security headers to every response.

A page of ours is never served under a foreign name, and links are never built from ``Host`` (they
come from LOVECAMPAIGN_PUBLIC_URL alone).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lovecampaign.core.settings import Settings
from lovecampaign.web.serve.http.client_address import TrustedProxies

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
#: RFC 6797: browsers use https only, for a year.
_HSTS = "max-age=31536000"


def page_policy(*forms_to: str, framed_by: str = "'none'") -> str:
    """Our Content-Security-Policy. ``forms_to``: origins that a form may be redirected to.

    Browsers apply ``form-action`` to the redirect after a POST too, so a page with a button to a
    checkout must name the checkout's origin.
    """
    targets = " ".join(("'self'", *forms_to))
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        f"connect-src 'self'; form-action {targets}; base-uri 'none'; "
        f"frame-ancestors {framed_by}"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosts:
    """Our host names and the root path."""

    names: frozenset[str]
    #: Host and path of LOVECAMPAIGN_PUBLIC_URL; the path is mostly ''.
    public_name: str
    root: str
    #: Whether visitors use https, by way of a proxy.
    is_https: bool

    @classmethod
    def of(cls, settings: Settings) -> Hosts:
        public, media = urlsplit(settings.public_url), urlsplit(settings.media_url)
        names = {name.lower() for name in (public.hostname, media.hostname) if name}
        return cls(
            names=LOOPBACK | names,
            public_name=(public.hostname or "").lower(),
            root=public.path.rstrip("/"),
            is_https=public.scheme == "https",
        )

    def accepts(self, scope: Scope) -> bool:
        """Whether ``Host`` is one of our names, or the address that was connected to.

        The second is for health checks by address; DNS rebinding always uses a name.
        """
        headers = Headers(scope=scope).getlist("host")
        if len(headers) != 1:
            return False
        name = _hostname(headers[0])
        server = scope.get("server") or ("", 0)
        return name in self.names or (bool(name) and name == str(server[0]))

    def is_local_name(self, host: str) -> bool:
        """Whether ``Host`` is this machine's own name or address, and none that visitors use."""
        name = _hostname(host)
        return name in LOOPBACK or name not in self.names

    def is_own_origin(self, origin: str, host: str) -> bool:
        """Whether ``Origin`` is one of our pages, for a request to ``host``."""
        scheme, _, rest = origin.lower().partition("://")
        name = _hostname(rest)
        is_ours = name in {self.public_name, _hostname(host)} and bool(name)
        return is_ours and scheme in {"http", "https"}

    def path_below_root(self, path: str) -> str:
        """The path as our routes know it, for proxies that keep the root path."""
        is_below = self.root and path.startswith(self.root + "/")
        return path.removeprefix(self.root) if is_below else path


class SecurityMiddleware:
    """Rejects foreign hosts, resolves the client's address, adds headers."""

    def __init__(self, app: ASGIApp, hosts: Hosts, proxies: TrustedProxies) -> None:
        self._app = app
        self._proxies = proxies
        self._hosts = hosts
        self._headers = _headers(is_https=hosts.is_https)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer: ASGIApp = self._app
        if self._hosts.accepts(scope):
            scope["client_address"] = self._proxies.client_address(HTTPConnection(scope))
            scope["path"] = self._hosts.path_below_root(scope["path"])
        else:
            answer = PlainTextResponse("Nothing is here under this name.", status_code=421)
        await answer(scope, receive, self._with_headers(send))

    def _with_headers(self, send: Send) -> Send:
        """Adds those that the page has not set itself."""

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = {name for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *(header for header in self._headers if header[0] not in present),
                ]
            await send(message)

        return send_guarded


def _headers(*, is_https: bool) -> Sequence[tuple[bytes, bytes]]:
    """In lower case and as bytes, for ASGI."""
    headers = {
        "Content-Security-Policy": page_policy(),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        # Not no-referrer: browsers would send ``Origin: null`` with our own forms.
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
        "X-Robots-Tag": "noindex, nofollow",
        "Cache-Control": "no-store",
    }
    if is_https:
        headers["Strict-Transport-Security"] = _HSTS
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]


def _hostname(host: str) -> str:
    """Of ``name``, ``name:port`` and ``[::1]:port``; '' for an invalid host."""
    if any(character in host for character in "/?#@\\ ,"):
        return ""
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return ""
