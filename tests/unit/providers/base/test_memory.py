"""The provider of tests keeps what it accepts, and answers as it is told."""

from __future__ import annotations

from lovecampaign.core.message import FaultKind, Message, OutcomeKind
from lovecampaign.providers.base.memory import MemoryProvider, accept_all
from lovecampaign.providers.base.outcomes import Verdict, permanent
from lovecampaign.providers.base.provider import Provider
from lovecampaign.testing.messages import RecordingFlight, make_message


def refuse_the_second(message: Message) -> Verdict:
    if message.delivery_id == "delivery-000002":
        return permanent("550 no", FaultKind.RECIPIENT)
    return accept_all(message)


def test_what_is_accepted_is_kept_and_found_again() -> None:
    provider = MemoryProvider(refuse_the_second)
    usable_as_a_provider: Provider = provider
    flight = RecordingFlight()
    outcomes = list(usable_as_a_provider.send(map(make_message, (1, 2, 3)), flight))
    assert [o.kind for o in outcomes] == [
        OutcomeKind.ACCEPTED,
        OutcomeKind.PERMANENT,
        OutcomeKind.ACCEPTED,
    ]
    assert [m.delivery_id for m in provider.sent] == ["delivery-000001", "delivery-000003"]
    assert provider.has_sent("delivery-000001")
    assert provider.has_sent("delivery-000002") is False
    assert flight.written == ["delivery-000001", "delivery-000002", "delivery-000003"]


def test_messages_that_are_not_kept_are_counted() -> None:
    provider = MemoryProvider(refuse_the_second, keeps=False)
    assert len(list(provider.send(map(make_message, (1, 2, 3)), RecordingFlight()))) == 3
    assert (provider.accepted, provider.sent) == (2, [])
    assert provider.has_sent("delivery-000001") is None, "nothing tells"
