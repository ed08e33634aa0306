"""How does mail leave through SendGrid?

Up to 1,000 people a request where their messages are of one variant, several requests at once.
"""

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
#: A claim holds one request's worth, or this much where requests are smaller.
CLAIMS_PER_CONNECTION = 25


class SendGridProvider:
    """Sends through the v3 API; ``api_key`` never shows in a repr, a log or an error.

    ``people`` share a request at most: that many are in doubt for each connection after a crash.
    """

    is_throttled = True

    def __init__(
        self,
        endpoint: Endpoint,
        api_key: str,
        *,
        name: str = "sendgrid:",
        connections: int = CONNECTIONS,
        people: int = MAX_RECIPIENTS,
        clock: Clock | None = None,
    ) -> None:
        if not api_key.isascii() or not api_key.isprintable() or " " in api_key:
            raise UsageError(
                "SENDGRID_API_KEY holds characters that no key of SendGrid's has",
                hint="copy the key again, without spaces and line ends",
            )
        self.name = name
        self.leaves_machine = not is_loopback(endpoint.host)
        self.takes_now = not self.leaves_machine
        self.claim_size = max(people, connections * CLAIMS_PER_CONNECTION)
        self._packer = Batcher(people)
        allowance = RequestLimiter(clock or SystemClock())
        self._lanes = [SendGridConnection(endpoint, api_key, allowance) for _ in range(connections)]
        self._demand = Autoscaler(connections)

    def check_connection(self) -> None:
        try:
            reply = self._lanes[0].ask_for_scopes()
        except NoConnection as missing:
            raise Unreachable(
                f"SendGrid does not answer: {missing.verdict.detail}",
                hint="check the network, and SENDGRID_BASE_URL if it is set",
            ) from missing
        except (RequestIncomplete, ResponseMissing) as lost:
            raise Unreachable(
                f"SendGrid does not answer: {lost}", hint="try again in a minute"
            ) from lost
        _require_leave_to_send(reply)

    def send(self, messages: Iterable[Message], flight: FlightLog) -> Iterator[Outcome]:
        parcels = self._packer.pack(messages)
        return send_over_connections(self._lanes, parcels, flight, self._demand)

    def has_sent(self, delivery_id: str) -> bool | None:
        """Events tell it later; there is no way to ask by our id."""

    def close(self) -> None:
        for lane in self._lanes:
            lane.close()


def _require_leave_to_send(reply: HttpResponse) -> None:
    if reply.status in (401, 403):
        raise Unreachable(
            "SendGrid refuses the key in SENDGRID_API_KEY",
            hint="make a key with Mail Send access: https://app.sendgrid.com/settings/api_keys",
        )
    if reply.status >= 500:
        raise Unreachable(
            f"SendGrid answers with HTTP {reply.status}", hint="try again in a minute"
        )
    if reply.status == 200 and not _may_send(reply):
        raise Unreachable(
            "the key in SENDGRID_API_KEY may not send mail",
            hint="give it Mail Send access: https://app.sendgrid.com/settings/api_keys",
        )


def _may_send(reply: HttpResponse) -> bool:
    """Whether the key's scopes allow sending; an answer of another shape is not held against it."""
    try:
        scopes = json.loads(reply.body)["scopes"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return True
    return not isinstance(scopes, list) or "mail.send" in scopes
