"""Two senders that begin one email at the same moment freeze one text of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from lovecampaign.core.errors import Unreachable
from lovecampaign.core.settings import Settings
from lovecampaign.delivery.prepare.content_versions import freeze_first
from lovecampaign.render.model.content import Content, read_content
from lovecampaign.store import tables
from lovecampaign.store.database.engine import Database
from lovecampaign.store.ledger.campaigns import record_campaign
from tests.support.stage import DAY_1, Stage


@pytest.mark.parametrize("is_same", [True, False])
def test_the_second_sender_keeps_to_the_text_of_the_first(
    settings: Settings, database: Database, *, is_same: bool
) -> None:
    stage = Stage(settings, database, days=1)
    email = stage.campaign.day_emails[0]
    email_id = record_campaign(database, stage.campaign).email_ids[email.key]
    content = read_content(stage.campaign, email)
    stage.edit("days/01-day-1.md", "\n\n", "\n\nEdited. ")
    edited = read_content(stage.campaign, stage.campaign.day_emails[0])

    def freeze_now(content: Content) -> None:
        with database.write() as connection:
            freeze_first(connection, email_id, content, DAY_1)

    with ThreadPoolExecutor() as threads:
        with database.write() as connection:
            freeze_first(connection, email_id, content, DAY_1)
            second = threads.submit(freeze_now, content if is_same else edited)
        if is_same:
            second.result()
        else:
            with pytest.raises(Unreachable, match="with another text"):
                second.result()
    with database.read() as connection:
        frozen = connection.scalars(sa.select(tables.frozen_content.c.fingerprint)).all()
    assert frozen == [content.fingerprint()]
