"""Delivers request batches to SendGrid, and splits those that it rejects.

SendGrid accepts or rejects a request as a whole. Recipients that a rejection names get their
outcome, and the others are sent again; where it names none, each half is sent again.
"""

from __future__ import annotations

from collections.abc import Sequence

from lovecampaign.core.message import Outcome, OutcomeKind
from lovecampaign.providers.base.circuit_breaker import CircuitBreaker
from lovecampaign.providers.base.outcomes import NoConnection, Verdict, transient, unknown
from lovecampaign.providers.base.provider import FlightLog
from lovecampaign.providers.pool.connection import Coroutine, DeliveryCoroutine
from lovecampaign.providers.pool.work_queue import QueueClient
from lovecampaign.providers.sendgrid.batching import RequestBatch
from lovecampaign.providers.sendgrid.connection import ApiConnection, Endpoint
from lovecampaign.providers.sendgrid.http1 import HttpResponse, RequestIncomplete, ResponseMissing
from lovecampaign.providers.sendgrid.rate_limit import RequestLimiter
from lovecampaign.providers.sendgrid.responses import classify_response, verdicts_by_index

#: For the flight journal, until the next request: these messages are not in doubt.
_REJECTED_WITH_OTHERS = transient("rejected together with others")


class SendGridConnection:
    """Sends one request after another over one HTTP connection."""

    def __init__(self, endpoint: Endpoint, api_key: str, limiter: RequestLimiter) -> None:
        headers = {
            "Authorization": f"Bearer {api_key}",
            "Content-Type": "application/json",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": "lovecampaign",
        }
        self._connection = ApiConnection(endpoint, headers)
        self._limiter = limiter
        self._breaker = CircuitBreaker()

    def deliver(
        self, batch: RequestBatch, client: QueueClient[RequestBatch]
    ) -> DeliveryCoroutine[RequestBatch]:
        """Send a request, and those that a rejection splits it into."""
        left = [batch]
        while left:
            part = left.pop()
            try:
                left += yield from self._deliver(part, client)
            except NoConnection as failure:
                if part is batch:
                    raise
                client.report(self.undelivered(part, failure))
        return None

    def undelivered(self, batch: RequestBatch, failure: NoConnection) -> Sequence[Outcome]:
        return [failure.on(recipient) for recipient in batch.recipients]

    def ask_for_scopes(self) -> HttpResponse:
        return self._connection.request("GET", "/v3/scopes")

    def close(self) -> None:
        self._connection.close()

    def _deliver(
        self, batch: RequestBatch, client: QueueClient[RequestBatch]
    ) -> Coroutine[Sequence[RequestBatch]]:
        """Report outcomes of a request; returns requests for the recipients without one."""
        answer = batch.verdict or (yield from self._post(batch, client.flight))
        if isinstance(answer, HttpResponse):
            verdict = classify_response(answer, self._limiter.now)
            if verdict.kind is OutcomeKind.PERMANENT and len(batch.recipients) > 1:
                return _split(batch, answer, client)
        else:
            verdict = answer
        client.report(_outcomes_of_all(verdict, batch))
        return ()

    def _post(self, batch: RequestBatch, flight: FlightLog) -> Coroutine[HttpResponse | Verdict]:
        """The response, or the verdict without one; raises NoConnection."""
        self._breaker.check()
        yield from self._limiter.acquire()
        try:
            reply = yield from self._request(batch, flight)
            self._limiter.note(reply)
        except RequestIncomplete as lost:
            return transient(f"the connection was lost before the request was complete: {lost}")
        except ResponseMissing as lost:
            return unknown(f"no answer after the request was sent: {lost}")
        except NoConnection as failure:
            self._breaker.open(failure.verdict)
            raise
        finally:
            self._limiter.release()
        self._breaker.close()
        return reply

    def _request(self, batch: RequestBatch, flight: FlightLog) -> Coroutine[HttpResponse]:
        ids = [recipient.delivery_id for recipient in batch.recipients]
        return self._connection.requesting(
            "POST", "/v3/mail/send", body=batch.body, before_writing=lambda: flight.writing(*ids)
        )


def _outcomes_of_all(verdict: Verdict, batch: RequestBatch) -> Sequence[Outcome]:
    """The same verdict for all; only the first failure counts for the brake."""
    first, *others = outcomes = [verdict.on(recipient) for recipient in batch.recipients]
    if verdict.kind is OutcomeKind.ACCEPTED:
        return outcomes
    return [first, *(each._replace(is_repeated=True) for each in others)]


def _split(
    batch: RequestBatch, reply: HttpResponse, client: QueueClient[RequestBatch]
) -> Sequence[RequestBatch]:
    """Report the recipients that a rejection names; returns requests for the others."""
    named = verdicts_by_index(reply, len(batch.recipients))
    client.report([verdict.on(batch.recipients[index]) for index, verdict in named.items()])
    others = [recipient for index, recipient in enumerate(batch.recipients) if index not in named]
    client.flight.answered(*[_REJECTED_WITH_OTHERS.on(recipient) for recipient in others])
    if named:
        return [batch.of(others)] if others else ()
    return batch.halves()
