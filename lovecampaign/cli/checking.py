"""What is wrong with an email that is about to go out?"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lovecampaign.campaign.model import Email
from lovecampaign.checks.check import check_email
from lovecampaign.checks.facts import Facts
from lovecampaign.cli.campaigns import Usable
from lovecampaign.cli.invocation import Invocation
from lovecampaign.problems import Problem
from lovecampaign.providers.base import Provider
from lovecampaign.settings import Settings


def email_checker(
    usable: Usable, invocation: Invocation, settings: Settings, provider: Provider
) -> Callable[[Email], Sequence[Problem]]:
    """What finds every mistake of one email, right before its first copy is claimed."""

    def check(email: Email) -> Sequence[Problem]:
        facts = find_facts(invocation, settings, provider)
        return [*usable.mistakes_of(email), *check_email(usable.campaign, email, facts)]

    return check


def find_facts(invocation: Invocation, settings: Settings, provider: Provider) -> Facts:
    """The world around the campaign, as rules ask about it."""
    return Facts(
        now=invocation.now,
        provider_leaves_machine=provider.leaves_machine,
        public_url=settings.public_url,
    )
