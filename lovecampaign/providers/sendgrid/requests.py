"""What becomes of the people of one request to SendGrid?

SendGrid takes a request whole or refuses it whole. Whom it names in a refusal is answered for,
and the others are asked for again; where it names nobody, each half is asked for by itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from lovecampaign.core.message import Outcome, OutcomeKind
from lovecampaign.providers.base.circuit_breaker import Cooldown
from lovecampaign.providers.base.outcomes import NoConnection, Verdict, transient, unknown
from lovecampaign.providers.base.provider import Flight
from lovecampaign.providers.pool.connection import Carrying, Pausing
from lovecampaign.providers.pool.intake import Intake
from lovecampaign.providers.sendgrid.batching import Parcel
from lovecampaign.providers.sendgrid.connection import Endpoint, SendGridConnection
from lovecampaign.providers.sendgrid.http1 import HttpReply, LostAfter, LostBefore
from lovecampaign.providers.sendgrid.rate_limit import Allowance
from lovecampaign.providers.sendgrid.responses import judge, verdicts_on_named

#: For the journal, until the next request is written: these people are not in doubt meanwhile.
_REFUSED_WITH_OTHERS = transient("refused together with others")


class SendGridLane:
    """One request after another over one connection."""

    def __init__(self, endpoint: Endpoint, api_key: str, allowance: Allowance) -> None:
        headers = {
            "Authorization": f"Bearer {api_key}",
            "Content-Type": "application/json",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": "lovecampaign",
        }
        self._connection = SendGridConnection(endpoint, headers)
        self._allowance = allowance
        self._cooldown = Cooldown()

    def carry(self, parcel: Parcel, intake: Intake[Parcel]) -> Carrying[Parcel]:
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

    def unasked(self, parcel: Parcel, missing: NoConnection) -> Sequence[Outcome]:
        return [missing.on(person) for person in parcel.people]

    def ask_for_scopes(self) -> HttpReply:
        return self._connection.request("GET", "/v3/scopes")

    def close(self) -> None:
        self._connection.close()

    def _deliver(self, parcel: Parcel, intake: Intake[Parcel]) -> Pausing[Sequence[Parcel]]:
        """Answer for the people of a request; returns the requests for whom that left open."""
        answer = parcel.verdict or (yield from self._post(parcel, intake.flight))
        if isinstance(answer, HttpReply):
            verdict = judge(answer, self._allowance.now)
            if verdict.kind is OutcomeKind.PERMANENT and len(parcel.people) > 1:
                return _apart(parcel, answer, intake)
        else:
            verdict = answer
        intake.answer(_answered_together(verdict, parcel))
        return ()

    def _post(self, parcel: Parcel, flight: Flight) -> Pausing[HttpReply | Verdict]:
        """The reply, or what its lack means; raises NoConnection."""
        self._cooldown.check()
        yield from self._allowance.room()
        try:
            reply = yield from self._request(parcel, flight)
            self._allowance.note(reply)
        except LostBefore as lost:
            return transient(f"the connection was lost before the request was complete: {lost}")
        except LostAfter as lost:
            return unknown(f"no answer after the request was sent: {lost}")
        except NoConnection as missing:
            self._cooldown.start(missing.verdict)
            raise
        finally:
            self._allowance.end()
        self._cooldown.end()
        return reply

    def _request(self, parcel: Parcel, flight: Flight) -> Pausing[HttpReply]:
        ids = [person.delivery_id for person in parcel.people]
        return self._connection.requesting(
            "POST",
            "/v3/mail/send",
            body=parcel.body,
            before_writing=lambda: flight.writing(*ids),
        )


def _answered_together(verdict: Verdict, parcel: Parcel) -> Sequence[Outcome]:
    """One answer, for everybody of a request; only of what went wrong is it counted how often."""
    first, *others = outcomes = [verdict.on(person) for person in parcel.people]
    if verdict.kind is OutcomeKind.ACCEPTED:
        return outcomes
    return [first, *(each._replace(is_repeated=True) for each in others)]


def _apart(parcel: Parcel, reply: HttpReply, intake: Intake[Parcel]) -> Sequence[Parcel]:
    """Answer for those whom a refusal names; returns requests for the others."""
    named = verdicts_on_named(reply, len(parcel.people))
    intake.answer([verdict.on(parcel.people[place]) for place, verdict in named.items()])
    others = [person for place, person in enumerate(parcel.people) if place not in named]
    intake.flight.answered(*[_REFUSED_WITH_OTHERS.on(person) for person in others])
    if named:
        return [parcel.of(others)] if others else ()
    return parcel.halves()
