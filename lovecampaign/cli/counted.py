"""What do the people on a campaign's lists add to the facts of a check?"""

from __future__ import annotations

import contextlib
from dataclasses import replace

from lovecampaign.campaign.model import Campaign
from lovecampaign.checks.facts import Facts
from lovecampaign.errors import LovecampaignError
from lovecampaign.settings import Settings


def with_people(facts: Facts, campaign: Campaign, settings: Settings) -> Facts:
    """The facts with everybody counted; as they are where there is no database to ask.

    A check never makes or upgrades a database, and one that does not answer keeps nobody from
    checking.
    """
    from lovecampaign.store.counting import count_campaign_people
    from lovecampaign.store.schema_version import HEAD, find_database

    with contextlib.suppress(LovecampaignError):
        database, version = find_database(settings)
        with contextlib.closing(database):
            if version != HEAD:
                return facts
            people = count_campaign_people(database, campaign)
        return replace(
            facts,
            subscribers=sum(people.by_zone.values()),
            subscribers_by_zone=people.by_zone,
            zones=frozenset(people.by_zone),
            insiders=people.insiders,
            without_consent=people.without_consent,
            has_begun=people.has_begun,
        )
    return facts
