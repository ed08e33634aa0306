"""Up to 1,000 people share a request to SendGrid, and each gets what they would get alone."""

from __future__ import annotations

import json
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from lovecampaign.core.clock import FixedClock
from lovecampaign.core.message import FaultKind, Message, Outcome, OutcomeKind
from lovecampaign.providers.sendgrid.batching import Batcher, RequestBatch
from lovecampaign.providers.sendgrid.connection import Endpoint
from lovecampaign.providers.sendgrid.http1 import HttpResponse
from lovecampaign.providers.sendgrid.provider import SendGridProvider
from lovecampaign.providers.sendgrid.rate_limit import RequestLimiter
from lovecampaign.render.renderer import EmailRenderer
from lovecampaign.testing.messages import RecordingFlight, make_message
from lovecampaign.testing.sendgrid_http import ScriptedResponse
from lovecampaign.testing.sendgrid_rules import find_breaches, schema_validator
from lovecampaign.testing.sendgrid_server import PersonalMessage, SendGridServer, personal_messages
from tests.support.paths import DATA
from tests.support.render_kit import Workbench, recipient

DESCRIPTION = DATA / "sendgrid" / "tsg_mail_v3.json"
NOW = datetime(2027, 2, 1, 9, 0, 0, 700_000, tzinfo=UTC)
COPY = """\
Hi {{ first_name | default("friend", true) }},

{% if fields.plan == "garden" %}your garden{% else %}your balcony{% endif %} in {{ fields.town }}
wants [this](https://bloom.example/?t={{ fields.town | urlencode }}&n={{ first_name }}).
"""
validate = schema_validator(DESCRIPTION)


@pytest.fixture(scope="module")
def renderer(tmp_path_factory: pytest.TempPathFactory) -> EmailRenderer:
    """Of an email whose ways were all taken before."""
    workbench = Workbench(tmp_path_factory.mktemp("letter"))
    email = workbench.email(COPY, subject="{{ first_name }}, a test for {{ fields.town }}")
    renderer = workbench.renderer(email)
    for plan in ("garden", "balcony"):
        person(renderer, 0, plan=plan)
        assert person(renderer, 0, plan=plan).variant is not None
    return renderer


def person(
    renderer: EmailRenderer, number: int, name: str = "Ana", town: str = "Lyon", plan: str = ""
) -> Message:
    reader = recipient(name, {"town": town, "plan": plan}, email=f"reader{number}@example.com")
    return renderer.render(reader._replace(delivery_id=f"delivery-{number:06d}"))


@pytest.fixture
def server() -> Iterator[SendGridServer]:
    with SendGridServer(description=DESCRIPTION) as running:
        yield running


def send(
    port: int,
    *messages: Message,
    flight: RecordingFlight | None = None,
    connections: int = 1,
) -> dict[str, Outcome]:
    endpoint = Endpoint(host="127.0.0.1", port=port, is_tls=False, answer_seconds=2)
    provider = SendGridProvider(endpoint, "SG.x", connections=connections, clock=FixedClock(NOW))
    try:
        outcomes = list(provider.send(messages, flight or RecordingFlight()))
    finally:
        provider.close()
    assert len(outcomes) == len(messages)
    return {outcome.delivery_id: outcome for outcome in outcomes}


def alone(message: Message) -> PersonalMessage:
    """What SendGrid would make of the message's full content."""
    [batch] = Batcher().group([replace(make_message(), **_parts(message))])
    [rebuilt] = personal_messages(body_of(batch))
    return rebuilt


def body_of(batch: RequestBatch) -> Any:
    return json.loads(b"".join(batch.body))


def _parts(message: Message) -> dict[str, Any]:
    names = ("delivery_id", "sender", "reply_to", "to", "subject", "text", "html", "headers")
    return {name: getattr(message, name) for name in names}


def test_people_of_a_variant_share_a_request_and_get_what_they_would_get_alone(
    renderer: EmailRenderer, server: SendGridServer
) -> None:
    towns = ("Lyon", "Saint-Étienne", "<b>Köln</b> & {{ x }}")
    messages = [
        person(renderer, number, f"Ana {number}", towns[number % 3], ("garden", "")[number % 2])
        for number in range(30)
    ]
    outcomes = send(server.port, *messages, connections=4)
    assert {outcome.kind for outcome in outcomes.values()} == {OutcomeKind.ACCEPTED}
    assert server.breaches == []
    assert sorted(len(request.json["personalizations"]) for request in server.requests) == [15, 15]
    rebuilt = [one for request in server.requests for one in personal_messages(request.json)]
    assert {one.delivery_id: one for one in rebuilt} == {m.delivery_id: alone(m) for m in messages}


values = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
    st.sampled_from(["Q", "Qabc", "000", '"', "\\", "\r\n.\r\n", "<b>&amp;", "-", "é" * 2000]),
)


def test_no_value_makes_a_difference(renderer: EmailRenderer) -> None:
    seen: Counter[bool] = Counter()

    @hypothesis_settings(max_examples=60)
    @given(st.lists(st.tuples(values, values), min_size=1, max_size=4))
    def never(people: list[tuple[str, str]]) -> None:
        messages = [person(renderer, n, name, town) for n, (name, town) in enumerate(people)]
        rebuilt: dict[str, PersonalMessage] = {}
        for batch in Batcher().group(messages):
            request = body_of(batch)
            assert [*validate(request), *find_breaches(request)] == []
            rebuilt |= {one.delivery_id: one for one in personal_messages(request)}
            seen[len(batch.recipients) > 1] += 1
        assert rebuilt == {message.delivery_id: alone(message) for message in messages}

    never()
    assert seen[True] > 10


def test_a_person_with_more_to_fill_in_than_sendgrid_takes_goes_alone(
    renderer: EmailRenderer, server: SendGridServer
) -> None:
    messages = [person(renderer, n, town="x" * (9_000 if n == 1 else 9)) for n in range(3)]
    send(server.port, *messages)
    sizes = {len(request.json["personalizations"]): request.json for request in server.requests}
    assert sorted(sizes) == [1, 2]
    assert "substitutions" not in sizes[1]["personalizations"][0]


class Sly(Message):
    """Has somehow got to know what the request's first key begins with."""

    class Greeting:
        def shared_text(self, key: Callable[[int], str]) -> str:
            return f"Hi {key(0)}"

        shared_html = shared_text

    @property
    def variant(self) -> Greeting:
        return self.Greeting()

    @property
    def substitutions(self) -> list[str]:
        return ["Q" + "a" * 15]


def test_nobody_can_bring_a_key_into_a_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """SendGrid would replace it there once more."""
    monkeypatch.setattr(secrets, "choice", lambda _letters: "a")
    [batch] = Batcher().group([Sly(**_parts(make_message()), raw=b"")])
    request = body_of(batch)
    assert "substitutions" not in request["personalizations"][0]
    assert request["content"][0]["value"] == "Hi Qaaaaaaaaaaaaaaa"


def test_keys_are_new_for_each_request_and_as_long_as_one_another(
    renderer: EmailRenderer,
) -> None:
    def keys() -> list[str]:
        [batch] = Batcher().group([person(renderer, 1)])
        return list(body_of(batch)["personalizations"][0]["substitutions"])

    first, second = keys(), keys()
    assert not set(first) & set(second)
    assert len(set(map(len, first + second))) == 1


def test_an_address_stands_in_a_request_only_once(
    renderer: EmailRenderer, server: SendGridServer
) -> None:
    twice = replace_id(renderer, "delivery-000009", email="Reader1@Example.com")
    outcomes = send(server.port, person(renderer, 1), person(renderer, 2), twice)
    assert {outcome.kind for outcome in outcomes.values()} == {OutcomeKind.ACCEPTED}
    assert [len(request.json["personalizations"]) for request in server.requests] == [2, 1]


def replace_id(renderer: EmailRenderer, delivery_id: str, email: str) -> Message:
    reader = recipient("Ana", {"town": "Lyon", "plan": ""}, email=email)
    return renderer.render(reader._replace(delivery_id=delivery_id))


def test_a_request_holds_a_thousand_people_at_most(
    renderer: EmailRenderer,
) -> None:
    batches = list(Batcher().group(person(renderer, number) for number in range(1001)))
    assert [len(batch.recipients) for batch in batches] == [1000, 1]
    assert list(find_breaches(body_of(batches[0]))) == []


def test_whom_a_refusal_names_is_refused_and_the_others_are_asked_for_again(
    renderer: EmailRenderer, server: SendGridServer
) -> None:
    errors = [
        ("personalizations.1.to.0.email", "reader1@example.com is not valid"),
        ("personalizations.3.substitutions", "too many"),
        ("personalizations.77.to", "who?"),
    ]
    server.answer_next(ScriptedResponse(status=400, errors=errors))
    flight = RecordingFlight()
    outcomes = send(server.port, *(person(renderer, n) for n in range(5)), flight=flight)
    refused = {key: each.fault for key, each in outcomes.items() if each.fault is not None}
    assert refused == {"delivery-000001": FaultKind.RECIPIENT, "delivery-000003": FaultKind.MESSAGE}
    assert "reader1" not in outcomes["delivery-000001"].detail
    assert len(server.requests) == 2
    assert sorted(server.counts) == ["delivery-000000", "delivery-000002", "delivery-000004"]
    assert flight.written.count("delivery-000000") == 2
    assert flight.notes.index(("answered", "delivery-000004")) == 9, "not in doubt in between"


@pytest.mark.parametrize(("status", "fault"), [(400, FaultKind.UNCLEAR), (413, FaultKind.MESSAGE)])
def test_a_refusal_that_names_nobody_is_halved_until_it_does(
    renderer: EmailRenderer, server: SendGridServer, status: int, fault: FaultKind
) -> None:
    server.answer_to("reader5@example.com", *[ScriptedResponse(status=status)] * 10)
    outcomes = send(server.port, *(person(renderer, n) for n in range(16)))
    refused = {key for key, each in outcomes.items() if each.kind is not OutcomeKind.ACCEPTED}
    assert refused == {"delivery-000005"}
    assert outcomes["delivery-000005"].fault is fault
    assert set(server.counts.values()) == {1}
    assert len(server.counts) == 15
    assert len(server.requests) == 9  # 16; 8, 8; 4, 4; 2, 2; 1, 1


@pytest.mark.parametrize(
    ("answer", "kind", "fault"),
    [
        (ScriptedResponse(status=500), OutcomeKind.UNKNOWN, FaultKind.PROVIDER),
        (ScriptedResponse(is_closed=True, is_stored=True), OutcomeKind.UNKNOWN, FaultKind.PROVIDER),
        (ScriptedResponse(status=429), OutcomeKind.TRANSIENT, FaultKind.PROVIDER),
        (ScriptedResponse(status=401), OutcomeKind.TRANSIENT, FaultKind.CONFIGURATION),
        (
            ScriptedResponse(status=400, errors=[("from.email", "not verified")]),
            OutcomeKind.TRANSIENT,
            FaultKind.CONFIGURATION,
        ),
    ],
)
def test_what_says_nothing_of_anybody_holds_for_everybody(
    renderer: EmailRenderer,
    server: SendGridServer,
    answer: ScriptedResponse,
    kind: OutcomeKind,
    fault: FaultKind,
) -> None:
    server.answer_next(answer)
    outcomes = send(server.port, *(person(renderer, n) for n in range(4)))
    assert {(each.kind, each.fault) for each in outcomes.values()} == {(kind, fault)}
    assert len(server.requests) == 1


def test_the_last_request_of_a_window_says_how_long_to_hold(
    renderer: EmailRenderer, server: SendGridServer
) -> None:
    reset = str(int(time.time()) + 30)
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset}
    server.answer_next(ScriptedResponse(headers=headers, is_stored=True))
    [outcome] = send(server.port, person(renderer, 1)).values()
    assert outcome.kind is OutcomeKind.ACCEPTED
    assert outcome.retry_after_seconds == pytest.approx(30, abs=2)


def test_no_request_begins_before_the_window_ends() -> None:
    limiter = RequestLimiter(FixedClock(NOW))
    reset = str(int(NOW.timestamp()) + 1)  # in 0.3 s
    headers = {"x-ratelimit-remaining": "1", "x-ratelimit-reset": reset}
    limiter.note(HttpResponse(status=202, headers=headers))
    begun = time.monotonic()
    wait_for(limiter)
    assert time.monotonic() - begun < 0.2, "one is left"
    wait_for(limiter)
    assert 0.2 < time.monotonic() - begun < 2


def wait_for(limiter: RequestLimiter) -> None:
    for timer in limiter.acquire():
        time.sleep(max(0.0, timer.deadline - time.monotonic()))
