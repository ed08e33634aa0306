"""Facts about the surroundings of a campaign, for its checks: settings, provider, subscribers.

The rules and the provider are imported on use: ``plan`` needs neither, nor the renderer (0.2 s).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from lovecampaign.campaign.deals.code_file import read_codes
from lovecampaign.campaign.files.cached_load import load_campaign_cached
from lovecampaign.campaign.model.campaign import Campaign, Email
from lovecampaign.campaign.workspace.find import list_campaigns
from lovecampaign.checks.base.facts import Facts
from lovecampaign.cli.framework.invocation import Invocation
from lovecampaign.cli.resources.campaigns import UsableCampaign
from lovecampaign.cli.resources.people_cache import count_cached, sqlite_file
from lovecampaign.core.errors import LovecampaignError, ProblemsFound, UsageError
from lovecampaign.core.problems import Problem
from lovecampaign.core.settings import Settings

if TYPE_CHECKING:
    from lovecampaign.providers.base.provider import Provider
    from lovecampaign.store.database.engine import Database
    from lovecampaign.store.reports.audience_counts import AudienceNames


def email_checker(
    usable: UsableCampaign, invocation: Invocation, settings: Settings, provider: Provider
) -> Callable[[Email], Sequence[Problem]]:
    """A function that finds all mistakes of an email, right before its first copy is claimed."""
    from lovecampaign.checks.problem_cache import ProblemCache
    from lovecampaign.checks.run import check_email

    cache = ProblemCache(settings.workspace)

    def check(email: Email) -> Sequence[Problem]:
        facts = find_facts(invocation, settings, provider)
        return [*usable.mistakes_of(email), *check_email(usable.campaign, email, facts, cache)]

    return check


def find_facts(invocation: Invocation, settings: Settings, provider: Provider) -> Facts:
    """The facts of the settings; raises UsageError for an unusable public address."""
    settings.require_web_addresses()
    return Facts(
        now=invocation.now,
        provider_leaves_machine=provider.leaves_machine,
        public_url=settings.public_url,
    )


def find_facts_leniently(invocation: Invocation, settings: Settings) -> Facts:
    """As :func:`find_facts`, for authors: settings that cannot send yet are only a hint.

    A provider that cannot be used yet counts as one that reaches people.
    """
    from lovecampaign.providers.factory import open_provider

    try:
        with contextlib.closing(open_provider(settings)) as provider:
            return find_facts(invocation, settings, provider)
    except UsageError as error:
        hint = f"Nothing can be sent yet: {error.message} (lovecampaign doctor)"
        invocation.output.show_hint(hint)
        return Facts(now=invocation.now, provider_leaves_machine=True)


def with_people(
    facts: Facts, campaign: Campaign, settings: Settings, *, uses_cache: bool = True
) -> Facts:
    """The facts with counts of the campaign's people; unchanged without a usable database.

    A check never creates or upgrades a database, and works without one that does not answer.
    """
    file = sqlite_file(settings)
    if file is not None and not file.exists():
        return facts
    from lovecampaign.checks.rules.copy.fields import needed_fields

    fields, others = needed_fields(campaign), load_others(campaign)
    count = partial(_count, campaign, fields, others, facts.now, settings)
    # Letters on one day, and waves, are counted from now on.
    if others or campaign.invitation or not uses_cache:
        return replace(facts, **count())
    return replace(facts, **count_cached(campaign, fields, settings, count))


def _count(
    campaign: Campaign,
    fields: frozenset[str],
    others: Sequence[Campaign],
    now: datetime,
    settings: Settings,
) -> Mapping[str, Any]:
    """Facts from the database, by name; empty without a usable one."""
    with contextlib.suppress(LovecampaignError), _usable_database(settings) as database:
        if database is not None:
            from lovecampaign.store.dialogue.stories.published import read_unpermitted_names
            from lovecampaign.store.reports.audience_counts import count_audience
            from lovecampaign.store.reports.overlaps import count_overlaps
            from lovecampaign.store.reports.ramp import report_ramp

            people = count_audience(database, campaign, fields)
            names = _find_names(database, campaign)
            ramp = report_ramp(database, campaign, now)
            with database.read() as connection:
                unpermitted = read_unpermitted_names(connection, campaign.id)
            return {
                **(_names_by_fact(names) if names.has_subscribers else {}),
                "reused_codes": dict(_reused_codes(database, campaign)),
                "subscribers": sum(people.by_zone.values()),
                "subscribers_by_zone": people.by_zone,
                "zones": frozenset(people.by_zone),
                "insiders": people.insiders,
                "without_consent": people.without_consent,
                "has_begun": people.begun_with is not None,
                "begun_with": people.begun_with,
                "reachable": people.reachable,
                "known_fields": people.known_fields,
                "overlaps": count_overlaps(database, campaign, others, now),
                "unpermitted_names": unpermitted,
                "unreached": ramp.unreached if ramp else 0,
            }
    return {}


def warn_of_empty_audience(database: Database, campaign: Campaign, now: datetime) -> list[Problem]:
    """Warnings of lists and tags that no subscriber has: nothing could be due for them."""
    names = _find_names(database, campaign)
    if not (names.empty_lists or names.unused_tags):
        return []
    from lovecampaign.checks.base.rule import MonthDraft
    from lovecampaign.checks.rules.plan.audience import MembersThere

    facts = Facts(now=now, **_names_by_fact(names))
    return list(MembersThere().find(MonthDraft(campaign=campaign, facts=facts)))


def _find_names(database: Database, campaign: Campaign) -> AudienceNames:
    from lovecampaign.store.reports.audience_counts import find_audience_names

    parts = [campaign.audience.tags, *(email.tags for email in campaign.emails)]
    tags = frozenset().union(*(part.with_tags for part in parts))
    leaving_out = campaign.launch.without_tags.union(*(part.without_tags for part in parts))
    return find_audience_names(database, campaign, tags, leaving_out)


def _names_by_fact(names: AudienceNames) -> Mapping[str, Any]:
    return {
        "empty_lists": names.empty_lists,
        "known_lists": names.known_lists,
        "unused_tags": names.unused_tags,
        "known_tags": names.known_tags,
    }


def _reused_codes(database: Database, campaign: Campaign) -> Iterator[tuple[str, str]]:
    """For each deal, in words, the codes of its file that another campaign handed out."""
    from lovecampaign.store.checkout.codes import find_reused_codes

    for deal in campaign.deals.values():
        if deal.codes_file is None:
            continue
        with contextlib.suppress(LovecampaignError):  # LC252 tells of a file that cannot be read
            codes = read_codes(campaign.folder / deal.codes_file, shown_as=deal.codes_file)
            with database.read() as connection:
                reused = find_reused_codes(connection, campaign.id, codes)
            if reused is not None:
                yield deal.key, f"{reused.words} in the campaign {reused.campaign}"


@contextlib.contextmanager
def _usable_database(settings: Settings) -> Iterator[Database | None]:
    """None where there is none, or one of another version than ours."""
    from lovecampaign.store.database.schema_version import HEAD, find_database

    database, version = find_database(settings)
    with contextlib.closing(database):
        yield database if version == HEAD else None


def load_others(campaign: Campaign) -> Sequence[Campaign]:
    """The other campaigns of the workspace that can be read."""
    folders = [each for each in list_campaigns(campaign.workspace) if each != campaign.folder]
    loaded = (load_campaign_cached(folder, campaign.workspace).campaign for folder in folders)
    return [each for each in loaded if each is not None and each.id != campaign.id]


def require_same_start(database: Database, campaign: Campaign, now: datetime) -> None:
    """Raises ProblemsFound where ``start`` was changed after the first email went out.

    No plan is valid then: every subscriber is somewhere in the month already.
    """
    from lovecampaign.store.reports.audience_counts import find_recorded_start

    begun_with = find_recorded_start(database, campaign)
    if begun_with in (None, campaign.start):
        return
    from lovecampaign.checks.base.rule import MonthDraft
    from lovecampaign.checks.rules.plan.schedule import StartMoved

    facts = Facts(now=now, begun_with=begun_with)
    problems = list(StartMoved().find(MonthDraft(campaign=campaign, facts=facts)))
    if problems:
        raise ProblemsFound(f"{campaign.slug} has begun, so its start cannot change", problems)
