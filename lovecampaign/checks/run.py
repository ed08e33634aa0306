"""Runs all checks of a loaded campaign: rendering's problems and those of the rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lovecampaign.campaign.model.campaign import Campaign, Email
from lovecampaign.campaign.workspace.guidance import is_blank
from lovecampaign.checks.base.facts import Facts
from lovecampaign.checks.base.rendered_email import Rendering, try_rendering
from lovecampaign.checks.base.rule import EmailDraft, MonthDraft
from lovecampaign.checks.ignores import apply_ignores, find_ignores
from lovecampaign.checks.registry import EMAIL_RULES, MONTH_RULES
from lovecampaign.checks.rules.copy.unedited import UnwrittenCopy
from lovecampaign.core.errors import ProblemsFound
from lovecampaign.core.problems import Problem, in_file_order
from lovecampaign.render.model.content import Content, read_content
from lovecampaign.render.model.problem_codes import RenderCode


def check_campaign(campaign: Campaign, facts: Facts) -> list[Problem]:
    """Every problem of the campaign and of all its emails, in file order.

    A problem that several emails share, as one of a template, comes once. Emails that could not
    be loaded are left out: loading has reported their problems.
    """
    problems = month_problems(campaign, facts)
    for email in campaign.emails:
        if not email.is_broken:
            problems.extend(_email_problems(campaign, email, facts))
    return _unique_sorted(campaign, problems, is_whole_campaign=True)


def check_email(campaign: Campaign, email: Email, facts: Facts) -> list[Problem]:
    """The problems of one email and those of the whole campaign."""
    problems = [*month_problems(campaign, facts), *_email_problems(campaign, email, facts)]
    return _unique_sorted(campaign, problems, is_whole_campaign=False)


def month_problems(campaign: Campaign, facts: Facts) -> list[Problem]:
    """What the rules about the whole month find."""
    draft = MonthDraft(campaign=campaign, facts=facts)
    return [problem for rule in MONTH_RULES for problem in rule.find(draft)]


def _email_problems(campaign: Campaign, email: Email, facts: Facts) -> Iterator[Problem]:
    """Of an email that is still to be written, only that and what would stay an error."""
    is_unwritten = is_blank(email.copy.text)
    for problem in _find_problems(campaign, email, facts):
        is_grave = problem.is_error and problem.code != RenderCode.COPY_EMPTY
        if not is_unwritten or is_grave or problem.code == UnwrittenCopy.code:
            yield problem


def _find_problems(campaign: Campaign, email: Email, facts: Facts) -> Iterator[Problem]:
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
        rendered=rendering.email if rendering else None,
    )
    for rule in EMAIL_RULES:
        yield from rule.find(draft)


def _unique_sorted(
    campaign: Campaign, problems: Iterable[Problem], *, is_whole_campaign: bool
) -> list[Problem]:
    """Each problem once, without those that the author ignores, in file order."""
    left = apply_ignores(
        list(dict.fromkeys(problems)), find_ignores(campaign), is_whole_campaign=is_whole_campaign
    )
    return in_file_order(left)
