"""Access control of the preview, as ASGI middleware, and its Content-Security-Policy.

Any page in the same browser can send requests to this machine: ``Host`` must be ours (against DNS
rebinding), and a request that sends mail needs our ``Origin`` and a form token. Another device
needs the key of the shared link, and sees made-up readers only.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request, cookie_parser
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lovecampaign.web.preview.letter.color_schemes import FRAME_POLICY

_COOKIE = "lovecampaign_preview"
_PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_LOOPBACK = frozenset({"127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessPolicy:
    """What a request must prove."""

    #: The accepted ``Host`` headers: ``127.0.0.1:8029`` and the machine's other names.
    hosts: frozenset[str]
    #: In the link of ``--share``; None: the server listens on loopback only.
    key: str | None = None
    #: The CSRF token of every form.
    form_token: str = field(default_factory=lambda: secrets.token_urlsafe(24))

    def is_known_host(self, headers: Headers) -> bool:
        return headers.get("host", "").lower() in self.hosts

    def admits(self, headers: Headers, query: str) -> bool:
        """Whether the request has the key, in its link or in the cookie."""
        if self.key is None:
            return True
        cookie = cookie_parser(headers.get("cookie", "")).get(_COOKIE, "")
        shown = [*parse_qs(query).get("key", []), cookie]
        return any(hmac.compare_digest(each.encode(), self.key.encode()) for each in shown)

    def trusts(self, request: Request) -> bool:
        """Whether it may see subscribers and send mail: from this machine only."""
        return request.client is not None and request.client.host in _LOOPBACK

    def allows_form(self, request: Request, token: str) -> bool:
        """Whether a form was sent from a page of ours."""
        origins = {f"http://{host}" for host in self.hosts}
        return (
            self.trusts(request)
            and request.headers.get("origin", "") in origins
            and hmac.compare_digest(token.encode(), self.form_token.encode())
        )


class AccessMiddleware:
    """Refuses requests without access, and adds security headers to every response."""

    def __init__(self, app: ASGIApp, policy: AccessPolicy) -> None:
        self._app = app
        self._policy = policy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refusal = self._refuse(scope)
        app = refusal if refusal is not None else self._app
        await app(scope, receive, _with_headers(scope, send))

    def _refuse(self, scope: Scope) -> Response | None:
        headers, query = Headers(scope=scope), scope["query_string"].decode("latin-1")
        if not self._policy.is_known_host(headers):
            return PlainTextResponse("This is not the address of the preview.", status_code=421)
        if not self._policy.admits(headers, query):
            return PlainTextResponse("Open the whole link that was shared.", status_code=403)
        if self._policy.key is not None and "key" in parse_qs(query):
            return self._store_key(scope["path"], query)
        return None

    def _store_key(self, path: str, query: str) -> Response:
        """Move the key from the URL into a cookie: URLs are copied and seen on screens."""
        rest = {name: value for name, value in parse_qs(query).items() if name != "key"}
        asked = urlencode(rest, doseq=True)
        response = RedirectResponse("/" + path.lstrip("/") + (f"?{asked}" if asked else ""), 303)
        response.set_cookie(_COOKIE, self._policy.key or "", httponly=True, samesite="strict")
        return response


def _with_headers(scope: Scope, send: Send) -> Send:
    csp = FRAME_POLICY if scope["path"].startswith("/frame/") else _PAGE_POLICY
    fixed: MutableMapping[str, str] = {
        "Content-Security-Policy": csp,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "no-store",
    }

    async def send_guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in fixed.items():
                headers[name] = value
        await send(message)

    return send_guarded
