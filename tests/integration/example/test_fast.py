"""Every email of the example is spliced: no reader of it takes the plain path twice."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from lovecampaign.campaign.files.load import load_campaign
from lovecampaign.campaign.model.campaign import Campaign, Email, Role
from lovecampaign.campaign.workspace.find import EXAMPLE_CAMPAIGN, find_example
from lovecampaign.core.message import Message
from lovecampaign.render.fast.variant import SplicedMessage
from lovecampaign.render.model.content import read_content
from lovecampaign.render.model.recipient import Recipient
from lovecampaign.render.plain.sample_recipients import SAMPLE_LINKS, sample_recipients
from lovecampaign.render.renderer import EmailRenderer
from tests.support.render_sources import HOSTILE

HOST = "https://bloom.example"


def _load() -> Campaign:
    workspace = find_example()
    campaign = load_campaign(workspace / EXAMPLE_CAMPAIGN, workspace).campaign
    assert campaign is not None
    return campaign


EXAMPLE = _load()


@pytest.mark.parametrize("email", EXAMPLE.emails, ids=lambda email: email.key)
def test_every_email_of_the_example_is_spliced(email: Email) -> None:
    content = read_content(EXAMPLE, email)
    renderer = EmailRenderer(EXAMPLE, email, content, media_url=f"{HOST}/i")
    samples = sample_recipients(EXAMPLE, email, content)
    people = [person for sample in samples for person in _like(sample, email)]
    for person in people:
        renderer.render(person)
    for person in people:
        spliced, plain = renderer.render(person), renderer.plain.render(person)
        assert isinstance(spliced, SplicedMessage)
        for one in fields(Message):
            assert getattr(spliced, one.name) == getattr(plain, one.name)
    assert renderer.fallback is None


def _like(sample: Recipient, email: Email) -> list[Recipient]:
    """The sample under other names, and with what else may differ."""
    people = [
        sample._replace(subscriber=sample.subscriber._replace(first_name=name))
        for name in ("Ana", *HOSTILE[:12])
    ]
    people.append(sample._replace(zone="Asia/Tokyo", links=replace(SAMPLE_LINKS, share="x")))
    if email.role is Role.CATCH_UP:
        people.append(sample._replace(digest=("day-01", "day-09")))
    return people
