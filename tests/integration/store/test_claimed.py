"""The subscriber data of claimed deliveries."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from lovecampaign.audience.subscriber import Subscriber
from lovecampaign.core.settings import Settings
from lovecampaign.store.database.engine import Database
from lovecampaign.store.eligibility.eligibility import Eligibility
from lovecampaign.store.ledger.campaigns import record_campaign
from lovecampaign.store.sending.claimed import Member, read_members
from lovecampaign.store.tables import subscriber, subscriber_tag
from tests.support.stage import DAY_1, LONG_AGO, Stage


@pytest.fixture
def stage(settings: Settings, database: Database) -> Stage:
    return Stage(settings, database, days=1)


def read(stage: Stage, *ids: int) -> list[Member]:
    record = record_campaign(stage.database, stage.campaign)
    standing = Eligibility(
        campaign=stage.campaign, email=stage.campaign.emails[0], campaign_id=record.id, now=DAY_1
    )
    with stage.database.read() as connection:
        people = read_members(connection, standing, ids)
    return [people[id_] for id_ in ids]


def test_all_that_is_known_of_a_person_is_read(stage: Stage) -> None:
    [id_] = stage.add_readers(1)
    known = {"email": "Zoë@readers.example", "first_name": "Zoë", "last_name": "O'Hara"}
    more = {"locale": "pt-BR", "fields": {"plant": 'a "bean"'}}
    with stage.database.write() as connection:
        connection.execute(sa.update(subscriber).values(**known, **more))
        tags = [{"subscriber_id": id_, "tag": tag} for tag in ("soil", "seeds")]
        connection.execute(sa.insert(subscriber_tag), tags)
    [person] = read(stage, id_)
    assert person == Member(
        subscriber=Subscriber(
            id=id_,
            email="Zoë@readers.example",
            first_name="Zoë",
            last_name="O'Hara",
            timezone="Europe/Paris",
            language="pt-BR",
            fields={"plant": 'a "bean"'},
            tags=frozenset({"soil", "seeds"}),
            is_insider=False,
        ),
        address_key="reader1@readers.example",
        zone="Europe/Paris",
        joined_at=LONG_AGO,
    )
    assert person.subscriber.is_insider is False, "a 0 of SQLite's is no answer for a template"


def test_what_nobody_knows_is_empty(stage: Stage) -> None:
    [id_] = stage.add_readers(1, zones=[""], lists=["others"])
    [person] = read(stage, id_)
    nobody = person.subscriber
    assert (nobody.timezone, nobody.language, person.joined_at) == (None, None, None)
    assert (nobody.fields, nobody.tags) == ({}, frozenset())
    assert person.zone == stage.campaign.sending.unknown_timezone


def test_nobody_can_add_to_what_is_known_of_nobody() -> None:
    """All who have no fields share them."""
    fields = Subscriber(id=1, email="reader@readers.example").fields
    with pytest.raises(TypeError):
        fields["plant"] = "beans"  # type: ignore[index]
