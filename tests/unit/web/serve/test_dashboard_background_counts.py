"""Numbers are counted beside the pages, and the last ones are shown."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path

from lovecampaign.campaign.files.load import load_campaign
from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.store.ledger.campaigns import CampaignRecord
from lovecampaign.testing.campaigns import write_campaign
from lovecampaign.web.serve.dashboard.background_counts import BackgroundCounter

NOW = datetime(2027, 2, 1, 9, tzinfo=UTC)
ENOUGH_SECONDS = 10


def test_a_failure_that_nobody_waited_for_is_not_shown_once_it_is_over(tmp_path: Path) -> None:
    campaign = load_campaign(write_campaign(tmp_path), tmp_path).campaign
    assert campaign is not None
    may_fail, has_ended = threading.Event(), threading.Event()
    tries: list[str] = []

    def count(_campaign: Campaign, _record: CampaignRecord | None, _now: datetime) -> int:
        tries.append("try")
        if len(tries) > 1:
            return 7
        may_fail.wait(ENOUGH_SECONDS)
        threading.Timer(0.1, has_ended.set).start()
        raise RuntimeError("the database was away")

    counter = BackgroundCounter(count)
    assert counter.get(campaign, None, NOW, patience_until=0) is None
    may_fail.set()
    assert has_ended.wait(ENOUGH_SECONDS)
    assert counter.get(campaign, None, NOW) == 7
