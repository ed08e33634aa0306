"""The SendGrid provider: several requests at once, each with up to 1,000 recipients."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from lovecampaign.core.clock import Clock, SystemClock
from lovecampaign.core.errors import Unreachable, UsageError
from lovecampaign.core.message import Message, Outcome
from lovecampaign.providers.base.addresses import is_loopback
from lovecampaign.providers.base.outcomes import NoConnection
from lovecampaign.providers.base.provider import FlightLog
from lovecampaign.providers.pool.autoscale import Autoscaler
from lovecampaign.providers.pool.send import send_over_connections
from lovecampaign.providers.sendgrid.batching import MAX_RECIPIENTS, Batcher
from lovecampaign.providers.sendgrid.connection import Endpoint
from lovecampaign.providers.sendgrid.http1 import HttpResponse, RequestIncomplete, ResponseMissing
from lovecampaign.providers.sendgrid.rate_limit import RequestLimiter
from lovecampaign.providers.sendgrid.requests import SendGridConnection

CONNECTIONS = 8
#: A claim holds one request, or this many messages where requests are smaller.
CLAIMS_PER_CONNECTION = 25


class SendGridProvider:
    """Sends through the v3 API; ``api_key`` never shows in a repr, a log or an error.

    A request has at most ``max_recipients``: after a crash, that many may be in doubt per
    connection.
    """

    is_throttled = True

    def __init__(
        self,
        endpoint: Endpoint,
        api_key: str,
        *,
        name: str = "sendgrid:",
        connections: int = CONNECTIONS,
        max_recipients: int = MAX_RECIPIENTS,
        clock: Clock | None = None,
    ) -> None:
        if not api_key.isascii() or not api_key.isprintable() or " " in api_key:
            raise UsageError(
                "SENDGRID_API_KEY has characters that cannot be in a SendGrid key",
                hint="copy the key again, without spaces and line breaks",
            )
        self.name = name
        self.leaves_machine = not is_loopback(endpoint.host)
        self.takes_now = not self.leaves_machine
        self.claim_size = max(max_recipients, connections * CLAIMS_PER_CONNECTION)
        self._batcher = Batcher(max_recipients)
        limiter = RequestLimiter(clock or SystemClock())
        self._connections = [
            SendGridConnection(endpoint, api_key, limiter) for _ in range(connections)
        ]
        self._autoscaler = Autoscaler(connections)

    def check_connection(self) -> None:
        try:
            reply = self._connections[0].ask_for_scopes()
        except NoConnection as failure:
            raise Unreachable(
                f"SendGrid does not answer: {failure.verdict.detail}",
                hint="check the network, and SENDGRID_BASE_URL if it is set",
            ) from failure
        except (RequestIncomplete, ResponseMissing) as lost:
            raise Unreachable(
                f"SendGrid does not answer: {lost}", hint="try again in a minute"
            ) from lost
        _require_permission(reply)

    def send(self, messages: Iterable[Message], flight: FlightLog) -> Iterator[Outcome]:
        batches = self._batcher.group(messages)
        return send_over_connections(self._connections, batches, flight, self._autoscaler)

    def has_sent(self, delivery_id: str) -> bool | None:
        """Only later events tell; the API cannot be queried by our id."""

    def disconnect(self) -> None:
        """It limits requests, not connections."""

    def close(self) -> None:
        for connection in self._connections:
            connection.close()


def _require_permission(reply: HttpResponse) -> None:
    if reply.status in (401, 403):
        raise Unreachable(
            "SendGrid rejects the key in SENDGRID_API_KEY",
            hint="create a key with Mail Send access: https://app.sendgrid.com/settings/api_keys",
        )
    if reply.status >= 500:
        raise Unreachable(
            f"SendGrid answers with HTTP {reply.status}", hint="try again in a minute"
        )
    if reply.status == 200 and not _may_send(reply):
        raise Unreachable(
            "the key in SENDGRID_API_KEY has no permission to send mail",
            hint="give it Mail Send access: https://app.sendgrid.com/settings/api_keys",
        )


def _may_send(reply: HttpResponse) -> bool:
    """Whether the key's scopes allow sending; an unknown shape of answer counts as yes."""
    try:
        scopes = json.loads(reply.body)["scopes"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return True
    return not isinstance(scopes, list) or "mail.send" in scopes
