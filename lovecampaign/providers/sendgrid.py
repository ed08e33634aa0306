"""How does mail leave through SendGrid?

One request per message for now, over several connections at once. ``sendgrid_payload`` keeps
what is personal apart from what is common, so that one request can carry up to 1,000 people.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from lovecampaign.clock import Clock, SystemClock
from lovecampaign.errors import Unreachable, UsageError
from lovecampaign.message import Fault, Message, Outcome
from lovecampaign.providers.addresses import UnusableAddress, is_loopback, on_the_wire
from lovecampaign.providers.base import Flight
from lovecampaign.providers.cooldown import Cooldown
from lovecampaign.providers.lanes import Intake, send_over_lanes
from lovecampaign.providers.sendgrid_connection import (
    Endpoint,
    LostAfter,
    LostBefore,
    SendGridConnection,
)
from lovecampaign.providers.sendgrid_payload import as_request
from lovecampaign.providers.sendgrid_replies import HttpReply, judge
from lovecampaign.providers.verdict import (
    NoConnection,
    Verdict,
    permanent,
    stop_the_run,
    transient,
    unknown,
)

CONNECTIONS = 8
CLAIMS_PER_CONNECTION = 25


class SendGridProvider:
    """Sends through the v3 API; ``api_key`` never shows in a repr, a log or an error."""

    is_paced = True
    claim_size = CONNECTIONS * CLAIMS_PER_CONNECTION

    def __init__(
        self,
        endpoint: Endpoint,
        api_key: str,
        *,
        name: str = "sendgrid:",
        connections: int = CONNECTIONS,
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
        self._lanes = [
            _SendGridLane(endpoint, api_key, clock or SystemClock()) for _ in range(connections)
        ]

    def prove(self) -> None:
        try:
            reply = self._lanes[0].ask_for_scopes()
        except NoConnection as missing:
            raise Unreachable(
                f"SendGrid does not answer: {missing.verdict.detail}",
                hint="check the network, and SENDGRID_BASE_URL if it is set",
            ) from missing
        except (LostBefore, LostAfter) as lost:
            raise Unreachable(
                f"SendGrid does not answer: {lost}", hint="try again in a minute"
            ) from lost
        _require_leave_to_send(reply)

    def send(self, messages: Iterable[Message], flight: Flight) -> Iterator[Outcome]:
        return send_over_lanes(self._lanes, messages, flight)

    def has_sent(self, delivery_id: str) -> bool | None:
        """Events tell it later; there is no way to ask by our id."""

    def close(self) -> None:
        for lane in self._lanes:
            lane.close()


class _SendGridLane:
    """One request after another over one connection."""

    def __init__(self, endpoint: Endpoint, api_key: str, clock: Clock) -> None:
        self._connection = SendGridConnection(endpoint)
        self._headers = {
            "Authorization": f"Bearer {api_key}",
            "Content-Type": "application/json",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": "lovecampaign",
        }
        self._clock = clock
        self._cooldown = Cooldown()

    def carry(self, message: Message, intake: Intake[Message]) -> Message | None:
        intake.answer([self._verdict(message, intake.flight).on(message)])
        return None

    def unasked(self, message: Message, missing: NoConnection) -> Sequence[Outcome]:
        return [missing.on(message)]

    def ask_for_scopes(self) -> HttpReply:
        return self._connection.request("GET", "/v3/scopes", headers=self._headers)

    def close(self) -> None:
        self._connection.close()

    def _verdict(self, message: Message, flight: Flight) -> Verdict:
        self._cooldown.check()
        try:
            on_the_wire(message.to.email)
        except UnusableAddress as error:
            return permanent(str(error), Fault.RECIPIENT)
        try:
            body = json.dumps(as_request(message), separators=(",", ":")).encode()
        except UnusableAddress as error:
            return stop_the_run(f"the sender's address: {error}")
        return self._verdict_on(body, message, flight)

    def _verdict_on(self, body: bytes, message: Message, flight: Flight) -> Verdict:
        try:
            return self._post(body, message, flight)
        except LostBefore as lost:
            return transient(f"the connection was lost before the request was complete: {lost}")
        except LostAfter as lost:
            return unknown(f"no answer after the request was sent: {lost}")
        except NoConnection as missing:
            self._cooldown.start(missing.verdict)
            raise

    def _post(self, body: bytes, message: Message, flight: Flight) -> Verdict:
        reply = self._connection.request(
            "POST",
            "/v3/mail/send",
            headers=self._headers,
            body=body,
            before_writing=partial(flight.writing, message.delivery_id),
        )
        self._cooldown.end()
        return judge(reply, self._clock.now())


def _require_leave_to_send(reply: HttpReply) -> None:
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


def _may_send(reply: HttpReply) -> bool:
    """Whether the key's scopes allow sending; an answer of another shape is not held against it."""
    try:
        scopes = json.loads(reply.body)["scopes"]
    except (ValueError, KeyError, TypeError):
        return True
    return not isinstance(scopes, list) or "mail.send" in scopes
