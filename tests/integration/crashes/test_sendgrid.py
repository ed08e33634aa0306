"""What SendGrid in trouble does to a send: each reader's end in the ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from lovecampaign.core.errors import ProviderRefused, Unreachable
from lovecampaign.core.settings import Settings
from lovecampaign.providers.sendgrid.connection import Endpoint
from lovecampaign.providers.sendgrid.provider import SendGridProvider
from lovecampaign.store.database.engine import Database
from lovecampaign.testing.sendgrid_http import ScriptedResponse
from lovecampaign.testing.sendgrid_server import SendGridServer
from tests.chaos.outcomes import DOUBT, PLANNED, SENT, End, address_of, ends, is_paused, suppressed
from tests.chaos.recording_provider import Remembering
from tests.support.paths import DATA
from tests.support.stage import DAY_1, Stage

DESCRIPTION = DATA / "sendgrid" / "tsg_mail_v3.json"
KEY = "SG.make-believe.key"
LATER = DAY_1 + timedelta(minutes=2)
#: Between two troubles come readers without any, so that no run of failures pauses the campaign.
APART = 3
UNUSABLE = ("personalizations.0.to.0.email", "Does not contain a valid address.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One reader's answer, which comes once, and what becomes of the reader."""

    answer: ScriptedResponse
    #: After the first pass.
    first: End
    #: After a second pass, two minutes later.
    last: End
    is_suppressed: bool = False
    #: How often the mail arrived in the end.
    arrives: int = 1


def doubted(answer: ScriptedResponse) -> Case:
    return Case(answer=answer, first=DOUBT, last=DOUBT, arrives=int(answer.is_stored))


def tried_again(answer: ScriptedResponse) -> Case:
    return Case(answer=answer, first=PLANNED, last=SENT)


def refused(answer: ScriptedResponse, reason: str, *, is_suppressed: bool = False) -> Case:
    end = ("failed", reason)
    return Case(answer=answer, first=end, last=end, is_suppressed=is_suppressed, arrives=0)


CASES = (
    tried_again(ScriptedResponse(status=429)),
    tried_again(ScriptedResponse(status=429, headers={"Retry-After": "1"})),
    tried_again(ScriptedResponse(status=429, headers={"X-RateLimit-Reset": "1"})),
    tried_again(ScriptedResponse(status=503)),
    doubted(ScriptedResponse(status=500)),
    doubted(ScriptedResponse(status=502, is_stored=True)),
    doubted(ScriptedResponse(is_closed=True)),
    doubted(ScriptedResponse(is_closed=True, is_stored=True)),
    doubted(ScriptedResponse(is_stalled=True, is_stored=True)),
    doubted(ScriptedResponse(drip_seconds=0.5, is_stored=True)),
    Case(answer=ScriptedResponse(drip_seconds=0.005, is_stored=True), first=SENT, last=SENT),
    refused(ScriptedResponse(status=413), "message"),
    refused(ScriptedResponse(status=400, errors=[UNUSABLE]), "recipient", is_suppressed=True),
    refused(ScriptedResponse(status=400, errors=[(None, "bad request")]), "unclear"),
)


@pytest.fixture
def server() -> Iterator[SendGridServer]:
    with SendGridServer(description=DESCRIPTION, api_key=KEY) as running:
        yield running


@pytest.fixture
def stage(settings: Settings, database: Database, server: SendGridServer) -> Iterator[Stage]:
    """A campaign that waits for SendGrid's answers for two seconds, not for sixty.

    Each reader has a request, so that each trouble has one reader. What becomes of those who
    share a request stands in test_providers_sendgrid_batches.py.
    """
    prepared = Stage(settings, database, days=1, max_per_second="unlimited")
    endpoint = Endpoint(host="127.0.0.1", port=server.port, is_tls=False, answer_seconds=2)
    prepared.provider = Remembering(
        SendGridProvider(endpoint, KEY, connections=4, max_recipients=1)
    )
    yield prepared
    prepared.provider.close()


def test_every_reader_comes_to_the_right_end(stage: Stage, server: SendGridServer) -> None:
    stage.add_readers(APART * len(CASES))
    by_reader = {address_of(APART * number): case for number, case in enumerate(CASES, start=1)}
    for address, case in by_reader.items():
        server.answer_to(address, case.answer)

    stage.send(DAY_1)
    first = ends(stage)
    assert {one: first[one] for one in by_reader} == {o: c.first for o, c in by_reader.items()}
    assert all(end == SENT for one, end in first.items() if one not in by_reader)

    stage.send(LATER)
    last = ends(stage)
    assert {one: last[one] for one in by_reader} == {o: c.last for o, c in by_reader.items()}
    arrived = Counter(received.recipient for received in server.received)
    assert {one: arrived[one] for one in by_reader} == {o: c.arrives for o, c in by_reader.items()}
    assert set(arrived.values()) == {1}
    assert suppressed(stage) == {one for one, case in by_reader.items() if case.is_suppressed}
    assert server.breaches == []


def test_a_retry_asks_for_the_same(stage: Stage, server: SendGridServer) -> None:
    stage.add_readers(1)
    server.answer_next(ScriptedResponse(status=503))
    stage.send(DAY_1)
    stage.send(LATER)
    mails = [request.json for request in server.requests if request.method == "POST"]
    assert len(mails) == 2
    assert mails[0] == mails[1]


def test_a_rate_limit_for_all_is_waited_for_and_does_not_pause(
    stage: Stage, server: SendGridServer
) -> None:
    stage.add_readers(20)
    server.answer_next(*[ScriptedResponse(status=429, headers={"Retry-After": "1"})] * 20)
    first = stage.send(DAY_1)
    assert (first.retry_later, first.sent) == (20, 0)
    assert not is_paused(stage)
    assert stage.send(LATER).sent == 20


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_is_withdrawn_stops_the_send_and_loses_nobody(
    stage: Stage, server: SendGridServer, status: int
) -> None:
    stage.add_readers(30)
    server.answer_to(address_of(9), ScriptedResponse(status=status))
    with pytest.raises(ProviderRefused, match=str(status)):
        stage.send(DAY_1)
    states = stage.states("day-01")
    assert set(states) == {"sent", "planned"}
    assert stage.send(DAY_1).sent == states["planned"]
    assert set(server.counts.values()) == {1}


@pytest.mark.parametrize("status", [401, 500, 503])
def test_a_sendgrid_that_lets_nobody_in_costs_no_claim(
    stage: Stage, server: SendGridServer, status: int
) -> None:
    stage.add_readers(3)
    server.answer_always(ScriptedResponse(status=status))
    with pytest.raises(Unreachable):
        stage.send(DAY_1)
    assert stage.states("day-01") == {}
    server.answer_always(None)
    assert stage.send(DAY_1).sent == 3


def test_ten_server_errors_in_a_row_pause_and_are_not_sent_again(
    stage: Stage, server: SendGridServer
) -> None:
    stage.add_readers(60)
    server.answer_next(*[ScriptedResponse(status=500, is_stored=True)] * 9)
    first = stage.send(DAY_1, limit=20)
    assert first.in_doubt == 9
    assert not is_paused(stage)
    server.answer_next(*[ScriptedResponse(status=500, is_stored=True)] * 30)
    second = stage.send(DAY_1)
    assert is_paused(stage)
    assert 10 <= second.in_doubt < 20, "no more than were on the wire at the tenth"
    assert stage.send(LATER).remaining == second.remaining
    assert set(server.counts.values()) == {1}


def test_one_answer_for_many_people_is_one_failure(stage: Stage, server: SendGridServer) -> None:
    endpoint = Endpoint(host="127.0.0.1", port=server.port, is_tls=False)
    stage.provider.close()
    stage.provider = SendGridProvider(endpoint, KEY, connections=4)
    stage.add_readers(40)
    server.answer_next(*[ScriptedResponse(status=503)] * 3)
    report = stage.send(DAY_1)
    assert report.retry_later > 10
    assert not is_paused(stage)
