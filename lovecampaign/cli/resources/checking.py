"""What is wrong with an email that is about to go out?"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence

from lovecampaign.campaign.model.campaign import Email
from lovecampaign.checks.base.facts import Facts
from lovecampaign.checks.run import check_email
from lovecampaign.cli.framework.invocation import Invocation
from lovecampaign.cli.resources.campaigns import Usable
from lovecampaign.core.errors import UsageError
from lovecampaign.core.problems import Problem
from lovecampaign.core.settings import Settings
from lovecampaign.providers.base.provider import Provider
from lovecampaign.providers.factory import open_provider


def email_checker(
    usable: Usable, invocation: Invocation, settings: Settings, provider: Provider
) -> Callable[[Email], Sequence[Problem]]:
    """What finds every mistake of one email, right before its first copy is claimed."""

    def check(email: Email) -> Sequence[Problem]:
        facts = find_facts(invocation, settings, provider)
        return [*usable.mistakes_of(email), *check_email(usable.campaign, email, facts)]

    return check


def find_facts(invocation: Invocation, settings: Settings, provider: Provider) -> Facts:
    """The world around the campaign, as rules ask about it.

    Raises UsageError for a public address with which no link can begin.
    """
    settings.require_web_addresses()
    return Facts(
        now=invocation.now,
        provider_leaves_machine=provider.leaves_machine,
        public_url=settings.public_url,
    )


def find_facts_whatever_is_set(invocation: Invocation, settings: Settings) -> Facts:
    """As :func:`find_facts`, for who only writes: settings that cannot send are no hindrance.

    A provider that cannot be used yet is taken for one that reaches people.
    """
    try:
        with contextlib.closing(open_provider(settings)) as provider:
            return find_facts(invocation, settings, provider)
    except UsageError as error:
        invocation.output.hint(f"Mail cannot leave yet: {error.message} (lovecampaign doctor)")
        return Facts(now=invocation.now, provider_leaves_machine=True)
