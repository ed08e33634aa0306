"""What do the people on a campaign's lists add to the facts of a check?"""

from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.checks.base.facts import Facts
from lovecampaign.checks.base.rule import MonthDraft
from lovecampaign.checks.rules.copy.fields import needed_fields
from lovecampaign.checks.rules.plan.schedule import StartMoved
from lovecampaign.core.errors import LovecampaignError, ProblemsFound
from lovecampaign.core.settings import Settings

if TYPE_CHECKING:  # most checks find no database to ask
    from lovecampaign.store.database.engine import Database
    from lovecampaign.store.reports.audience_counts import AudienceCounts


def with_people(facts: Facts, campaign: Campaign, settings: Settings) -> Facts:
    """The facts with everybody counted; as they are where there is no database to ask.

    A check never makes or upgrades a database, and one that does not answer keeps nobody from
    checking.
    """
    people = None
    with contextlib.suppress(LovecampaignError):
        people = _count_people(campaign, settings)
    if people is None:
        return facts
    return replace(
        facts,
        subscribers=sum(people.by_zone.values()),
        subscribers_by_zone=people.by_zone,
        zones=frozenset(people.by_zone),
        insiders=people.insiders,
        without_consent=people.without_consent,
        has_begun=people.begun_with is not None,
        begun_with=people.begun_with,
        reachable=people.reachable,
        known_fields=people.known_fields,
    )


def _count_people(campaign: Campaign, settings: Settings) -> AudienceCounts | None:
    """None where there is no database, or one of another version than ours."""
    if _has_no_database_file(settings):
        return None
    from lovecampaign.store.database.schema_version import HEAD, find_database
    from lovecampaign.store.reports.audience_counts import count_audience

    database, version = find_database(settings)
    with contextlib.closing(database):
        if version != HEAD:
            return None
        return count_audience(database, campaign, needed_fields(campaign))


def _has_no_database_file(settings: Settings) -> bool:
    """Known without SQLAlchemy, which takes a tenth of a second to import."""
    name, _, path = settings.database_url.partition(":///")
    file = settings.workspace / path.partition("?")[0]
    return name == "sqlite" and not file.exists()


def require_same_start(database: Database, campaign: Campaign, now: datetime) -> None:
    """Raises ProblemsFound where ``start`` was changed after the first letter went out.

    No plan holds then: every reader stands somewhere in the month already.
    """
    from lovecampaign.store.reports.audience_counts import find_recorded_start

    facts = Facts(now=now, begun_with=find_recorded_start(database, campaign))
    problems = list(StartMoved().find(MonthDraft(campaign=campaign, facts=facts)))
    if problems:
        raise ProblemsFound(f"{campaign.slug} cannot begin anew on another day", problems)
