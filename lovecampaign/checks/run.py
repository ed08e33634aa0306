"""What is wrong with a campaign that could be read? Rendering's problems and the rules'."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lovecampaign.campaign.model.campaign import Campaign, Email
from lovecampaign.checks.base.facts import Facts
from lovecampaign.checks.base.rendering import Rendering, try_rendering
from lovecampaign.checks.base.rule import EmailDraft, MonthDraft
from lovecampaign.checks.ignores import apply_ignores, find_ignores
from lovecampaign.checks.registry import EMAIL_RULES, MONTH_RULES
from lovecampaign.core.errors import ProblemsFound
from lovecampaign.core.problems import Problem, in_file_order
from lovecampaign.render.model.content import Content, read_content


def check_campaign(campaign: Campaign, facts: Facts) -> list[Problem]:
    """Everything wrong with the campaign and all of its emails, in file order.

    What several emails share, such as a template, is said once. Emails whose files could not be
    read are left to what loading said about them.
    """
    found = list(_month_problems(campaign, facts))
    for email in campaign.emails:
        if not email.is_broken:
            found.extend(_email_problems(campaign, email, facts))
    return _tidy(campaign, found, is_whole_campaign=True)


def check_email(campaign: Campaign, email: Email, facts: Facts) -> list[Problem]:
    """What is wrong with one email: its own problems and those of the campaign."""
    found = [*_month_problems(campaign, facts), *_email_problems(campaign, email, facts)]
    return _tidy(campaign, found, is_whole_campaign=False)


def _month_problems(campaign: Campaign, facts: Facts) -> Iterator[Problem]:
    draft = MonthDraft(campaign=campaign, facts=facts)
    for rule in MONTH_RULES:
        yield from rule.find(draft)


def _email_problems(campaign: Campaign, email: Email, facts: Facts) -> Iterator[Problem]:
    content: Content | None = None
    rendering: Rendering | None = None
    if not email.is_broken:
        try:
            content = read_content(campaign, email)
        except ProblemsFound as error:
            yield from error.problems
        else:
            rendering = try_rendering(campaign, email, content)
            yield from rendering.problems
    draft = EmailDraft(
        campaign=campaign,
        facts=facts,
        email=email,
        content=content,
        shown=rendering.shown if rendering else None,
    )
    for rule in EMAIL_RULES:
        yield from rule.find(draft)


def _tidy(
    campaign: Campaign, found: Iterable[Problem], *, is_whole_campaign: bool
) -> list[Problem]:
    """Each problem once, without what the author decided to live with, in file order."""
    problems = list(dict.fromkeys(found))
    ignores = find_ignores(campaign)
    left = apply_ignores(problems, ignores, is_whole_campaign=is_whole_campaign)
    return in_file_order(left)
