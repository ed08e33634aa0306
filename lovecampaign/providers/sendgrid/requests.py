"""What becomes of the people of one request to SendGrid?

SendGrid takes a request whole or refuses it whole. Whom it names in a refusal is answered for,
and the others are asked for again; where it names nobody, each half is asked for by itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from lovecampaign.core.message import Outcome, OutcomeKind
from lovecampaign.providers.base.circuit_breaker import CircuitBreaker
from lovecampaign.providers.base.outcomes import NoConnection, Verdict, transient, unknown
from lovecampaign.providers.base.provider import FlightLog
from lovecampaign.providers.pool.connection import Coroutine, DeliveryCoroutine
from lovecampaign.providers.pool.intake import QueueClient
from lovecampaign.providers.sendgrid.batching import RequestBatch
from lovecampaign.providers.sendgrid.connection import ApiConnection, Endpoint
from lovecampaign.providers.sendgrid.http1 import HttpResponse, RequestIncomplete, ResponseMissing
from lovecampaign.providers.sendgrid.rate_limit import RequestLimiter
from lovecampaign.providers.sendgrid.responses import classify_response, verdicts_by_index

#: For the journal, until the next request is written: these people are not in doubt meanwhile.
_REFUSED_WITH_OTHERS = transient("refused together with others")


class SendGridConnection:
    """One request after another over one connection."""

    def __init__(self, endpoint: Endpoint, api_key: str, allowance: RequestLimiter) -> None:
        headers = {
            "Authorization": f"Bearer {api_key}",
            "Content-Type": "application/json",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": "lovecampaign",
        }
        self._connection = ApiConnection(endpoint, headers)
        self._allowance = allowance
        self._cooldown = CircuitBreaker()

    def carry(
        self, parcel: RequestBatch, intake: QueueClient[RequestBatch]
    ) -> DeliveryCoroutine[RequestBatch]:
        """One request, and those that a refusal makes of it."""
        left = [parcel]
        while left:
            part = left.pop()
            try:
                left += yield from self._deliver(part, intake)
            except NoConnection as missing:
                if part is parcel:
                    raise
                intake.answer(self.unasked(part, missing))
        return None

    def unasked(self, parcel: RequestBatch, missing: NoConnection) -> Sequence[Outcome]:
        return [missing.on(person) for person in parcel.people]

    def ask_for_scopes(self) -> HttpResponse:
        return self._connection.request("GET", "/v3/scopes")

    def close(self) -> None:
        self._connection.close()

    def _deliver(
        self, parcel: RequestBatch, intake: QueueClient[RequestBatch]
    ) -> Coroutine[Sequence[RequestBatch]]:
        """Answer for the people of a request; returns the requests for whom that left open."""
        answer = parcel.verdict or (yield from self._post(parcel, intake.flight))
        if isinstance(answer, HttpResponse):
            verdict = classify_response(answer, self._allowance.now)
            if verdict.kind is OutcomeKind.PERMANENT and len(parcel.people) > 1:
                return _apart(parcel, answer, intake)
        else:
            verdict = answer
        intake.answer(_answered_together(verdict, parcel))
        return ()

    def _post(self, parcel: RequestBatch, flight: FlightLog) -> Coroutine[HttpResponse | Verdict]:
        """The reply, or what its lack means; raises NoConnection."""
        self._cooldown.check()
        yield from self._allowance.room()
        try:
            reply = yield from self._request(parcel, flight)
            self._allowance.note(reply)
        except RequestIncomplete as lost:
            return transient(f"the connection was lost before the request was complete: {lost}")
        except ResponseMissing as lost:
            return unknown(f"no answer after the request was sent: {lost}")
        except NoConnection as missing:
            self._cooldown.start(missing.verdict)
            raise
        finally:
            self._allowance.end()
        self._cooldown.end()
        return reply

    def _request(self, parcel: RequestBatch, flight: FlightLog) -> Coroutine[HttpResponse]:
        ids = [person.delivery_id for person in parcel.people]
        return self._connection.requesting(
            "POST",
            "/v3/mail/send",
            body=parcel.body,
            before_writing=lambda: flight.writing(*ids),
        )


def _answered_together(verdict: Verdict, parcel: RequestBatch) -> Sequence[Outcome]:
    """One answer, for everybody of a request; only of what went wrong is it counted how often."""
    first, *others = outcomes = [verdict.on(person) for person in parcel.people]
    if verdict.kind is OutcomeKind.ACCEPTED:
        return outcomes
    return [first, *(each._replace(is_repeated=True) for each in others)]


def _apart(
    parcel: RequestBatch, reply: HttpResponse, intake: QueueClient[RequestBatch]
) -> Sequence[RequestBatch]:
    """Answer for those whom a refusal names; returns requests for the others."""
    named = verdicts_by_index(reply, len(parcel.people))
    intake.answer([verdict.on(parcel.people[place]) for place, verdict in named.items()])
    others = [person for place, person in enumerate(parcel.people) if place not in named]
    intake.flight.answered(*[_REFUSED_WITH_OTHERS.on(person) for person in others])
    if named:
        return [parcel.of(others)] if others else ()
    return parcel.halves()
