"""Runs all checks of a loaded campaign: rendering's problems and those of the rules."""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from lovecampaign.campaign.model.campaign import Campaign, Email
from lovecampaign.campaign.workspace.guidance import is_blank
from lovecampaign.checks.base.facts import Facts
from lovecampaign.checks.base.rule import EmailDraft, MonthDraft
from lovecampaign.checks.email_inputs import EmailInputs
from lovecampaign.checks.ignores import apply_ignores, find_ignores
from lovecampaign.checks.month_rules import MONTH_RULES
from lovecampaign.checks.problem_cache import ProblemCache
from lovecampaign.checks.rules.copy.unedited import UnwrittenCopy
from lovecampaign.checks.two_processes import Spread, map_in_one_process
from lovecampaign.core.errors import ProblemsFound
from lovecampaign.core.problems import Problem, in_file_order
from lovecampaign.render.model.content import Content, read_content
from lovecampaign.render.model.problem_codes import RenderCode
from lovecampaign.render.model.template_files import TemplateFiles, locate_word


def check_campaign(
    campaign: Campaign,
    facts: Facts,
    cache: ProblemCache | None = None,
    spread: Spread = map_in_one_process,
) -> list[Problem]:
    """Every problem of the campaign and of all its emails, in file order.

    A problem that several emails share, as one of a template, comes once. Emails that could not
    be loaded are left out: loading has reported their problems.
    """
    problems = month_problems(campaign, facts)
    emails = [email for email in campaign.emails if not email.is_broken]
    for version, translated in _by_language(campaign, emails):
        for found in _problems_of_emails(version, translated, facts, cache, spread):
            problems.extend(found)
    return _unique_sorted(campaign, problems, is_whole_campaign=True)


def check_email(
    campaign: Campaign, email: Email, facts: Facts, cache: ProblemCache | None = None
) -> list[Problem]:
    """The problems of one email and those of the whole campaign."""
    problems = month_problems(campaign, facts)
    for version, translated in _by_language(campaign, [email]):
        [found] = _problems_of_emails(version, translated, facts, cache, map_in_one_process)
        problems.extend(found)
    return _unique_sorted(campaign, problems, is_whole_campaign=False)


def month_problems(campaign: Campaign, facts: Facts) -> list[Problem]:
    """What the rules about the whole month find, in each of its languages.

    The same in several languages is one problem, at its place in the first of them.
    """
    found: dict[tuple[str, str, int], dict[str, Problem]] = {}
    for language in campaign.languages or (campaign.language,):
        version = campaign if language == campaign.language else campaign.in_language(language)
        draft = MonthDraft(campaign=version, facts=facts)
        times: Counter[tuple[str, str]] = Counter()
        for problem in dict.fromkeys(one for rule in MONTH_RULES for one in rule.find(draft)):
            key = (problem.code, problem.message)
            found.setdefault((*key, times[key]), {})[language] = problem
            times[key] += 1
    return [_as_one(by_language) for by_language in found.values()]


def _as_one(by_language: Mapping[str, Problem]) -> Problem:
    first, *others = by_language.values()
    if all(other.place == first.place for other in others):
        return first
    return replace(first, message=f"{first.message}, in {', '.join(by_language)}")


def _by_language(
    campaign: Campaign, emails: Sequence[Email]
) -> Iterator[tuple[Campaign, Sequence[Email]]]:
    """The campaign in each of its languages, with those of the emails that are in it."""
    yield campaign, [replace(email, translations={}) for email in emails]
    for language in campaign.languages[1:]:
        translated = [
            email.translations[language] for email in emails if language in email.translations
        ]
        if translated:
            yield campaign.in_language(language), translated


@dataclass(frozen=True, slots=True, kw_only=True)
class _EmailCheck:
    """One email's check, and the key of its result."""

    draft: EmailDraft
    #: Problems of its templates, where they cannot be read.
    unreadable: Sequence[Problem] = ()
    #: None: it takes no time, or there is no cache.
    key: str | None = None

    def problems(self) -> list[Problem]:
        from lovecampaign.checks.base.rendered_email import try_rendering
        from lovecampaign.checks.registry import EMAIL_RULES  # only where a letter was edited

        draft, problems = self.draft, list(self.unreadable)
        if draft.content is not None:
            rendering = try_rendering(draft.campaign, draft.email, draft.content)
            problems += rendering.problems
            draft = replace(draft, rendered=rendering.email)
        problems += (found for rule in EMAIL_RULES for found in rule.find(draft))
        problems = [locate_word(one, draft.campaign) for one in problems]
        if not is_blank(draft.email.copy.text):
            return problems
        # Of an email that is still to be written, only that and what would stay an error.
        return [
            one
            for one in problems
            if one.code == UnwrittenCopy.code
            or (one.is_error and one.code != RenderCode.COPY_EMPTY)
        ]


def _problems_of_emails(
    campaign: Campaign,
    emails: Sequence[Email],
    facts: Facts,
    cache: ProblemCache | None,
    spread: Spread,
) -> list[Sequence[Problem]]:
    """The problems of each email: cached ones, and those of the others."""
    inputs = EmailInputs(campaign, facts)
    files = TemplateFiles(campaign)
    checks = [_prepare(inputs, email, files, has_key=cache is not None) for email in emails]
    known = [cache.get(one.key) if cache and one.key else None for one in checks]
    to_do = [one for one, found in zip(checks, known, strict=True) if found is None]
    if to_do:  # before a fork, not once in each process
        importlib.import_module("lovecampaign.checks.registry")
        importlib.import_module("lovecampaign.render.fast.fast_path")
    computed = iter(spread(_EmailCheck.problems, to_do))
    results: list[Sequence[Problem]] = [
        next(computed) if found is None else found for found in known
    ]
    for check, before, found in zip(checks, known, results, strict=True):
        if cache and check.key and before is None:
            cache.put(check.key, found)
    return results


def _prepare(
    inputs: EmailInputs, email: Email, files: TemplateFiles, *, has_key: bool
) -> _EmailCheck:
    campaign = inputs.campaign_for(email)
    content: Content | None = None
    unreadable: Sequence[Problem] = ()
    if not email.is_broken:
        try:
            content = read_content(campaign, email, files)
        except ProblemsFound as error:
            unreadable = error.problems
    draft = EmailDraft(
        campaign=campaign, facts=inputs.facts_for(content), email=email, content=content
    )
    key = inputs.key(email, content) if has_key and content is not None else None
    return _EmailCheck(draft=draft, unreadable=unreadable, key=key)


def _unique_sorted(
    campaign: Campaign, problems: Iterable[Problem], *, is_whole_campaign: bool
) -> list[Problem]:
    """Each problem once, without those that the author ignores, in file order."""
    left = apply_ignores(
        list(dict.fromkeys(problems)), find_ignores(campaign), is_whole_campaign=is_whole_campaign
    )
    return in_file_order(left)
