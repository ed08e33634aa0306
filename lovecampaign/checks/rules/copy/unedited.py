"""Rules about the scaffold's own words, for mail that leaves this machine."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from lovecampaign.campaign.files.cached_load import load_campaign_cached
from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.campaign.workspace.find import EXAMPLE_CAMPAIGN, find_example
from lovecampaign.campaign.workspace.guidance import find_guidance, is_blank, is_placeholder
from lovecampaign.checks.base.locate import (
    find_email_setting,
    find_in_lines,
    first_line,
    setting,
)
from lovecampaign.checks.base.rule import EmailDraft, EmailRule, MonthDraft, MonthRule
from lovecampaign.core.problems import Problem, Severity

#: A paragraph of fewer words, such as a greeting, proves nothing.
_MIN_WORDS = 8


class UneditedCopy(EmailRule, code="LC204"):
    """Readers get your own words.

    `new` writes a finished month, so that everything can be tried at once: the letters of a
    made-up seed shop. They tell of customers who do not exist. A letter counts as unedited
    while more than half of its words are in paragraphs of the example.

    Bad:  the letter of day 4 as `lovecampaign new` wrote it
    Good: a letter about a customer of yours
    """

    def findings(self, draft: EmailDraft) -> Iterator[Problem]:
        copy = draft.email.copy
        if not draft.facts.provider_leaves_machine or copy.is_built_in:
            return
        if _share_of_example(copy.text, draft.campaign.workspace) > 0.5:
            yield first_line(draft.email).error(
                f"{draft.email.key} is still the example's letter",
                hint="write your own, or put its day under skip",
            )


class UneditedSettings(MonthRule, code="LC205"):
    """Sender and offer are your own.

    The made-up seed shop's name, address and offer are the first things that `new` leaves to
    you. A postal address that is not yours is against the law of most countries.

    Bad:  postal_address: Bloom SAS, 12 rue des Lilas, 75020 Paris, France
    Good: postal_address: Your Shop Ltd, 1 High Street, Leeds LS1 4DY, United Kingdom
    """

    def findings(self, draft: MonthDraft) -> Iterator[Problem]:
        for name, text in _sender_settings(draft.campaign):
            place = setting(draft.campaign, name, text)
            if is_placeholder(text):
                yield place.problem(
                    f"{text} is still to be written",
                    hint="write your own, without brackets",
                    severity=_severity(draft),
                )
            elif draft.facts.provider_leaves_machine and text in _example_words(
                draft.campaign.workspace
            ):
                yield place.error(f"{text!r} is still the example's", hint="write your own")


class UnwrittenCopy(EmailRule, code="LC206"):
    """A letter is written before it is sent.

    `new --blank` writes guidance in place of letters, as comments that no reader gets, with
    working titles in brackets. While mail stays on this machine that is a warning, so that the
    month can be looked at; a letter that would leave it is held back.

    Bad:  the letter of day 4 with its guidance between {# and #}
    Good: your own letter, without the guidance
    """

    def findings(self, draft: EmailDraft) -> Iterator[Problem]:
        email, copy = draft.email, draft.email.copy
        if guidance := find_guidance(copy.text):
            line = re.compile(re.escape(guidance))
            place = next(find_in_lines(copy.text, copy.file, copy.first_line, line))
            is_begun = not is_blank(copy.text)
            yield place.problem(
                f"the guidance is still in {email.key}"
                if is_begun
                else f"{email.key} is still to be written",
                hint="delete the lines from {# to #}"
                if is_begun
                else "write the letter, then delete the lines from {# to #}",
                severity=_severity(draft),
            )
            if not is_begun:
                return
        named = (
            ("subject", email.subject),
            ("preheader", email.preheader),
            ("guest", email.guest.name if email.guest else ""),
        )
        for name, text in named:
            if is_placeholder(text):
                yield find_email_setting(draft.campaign, email, name, text).problem(
                    f"the {name} of {email.key} is still to be written",
                    hint="write your own, without brackets",
                    severity=_severity(draft),
                )


def _severity(draft: EmailDraft | MonthDraft) -> Severity:
    return Severity.ERROR if draft.facts.provider_leaves_machine else Severity.WARNING


def _sender_settings(campaign: Campaign) -> Iterator[tuple[str, str]]:
    """The settings that no two senders share, with their path."""
    yield "sender.name", campaign.sender.name
    yield "sender.postal_address", campaign.sender.postal_address
    if campaign.launch.offer:
        yield "launch.offer.title", campaign.launch.offer.title
    for key, deal in campaign.deals.items():
        yield f"deals.{key}.title", deal.title


def _share_of_example(text: str, workspace: Path) -> float:
    """The share of words in paragraphs of the example, from 0 to 1."""
    paragraphs = list(_paragraphs(text))
    words = sum(map(_count_words, paragraphs))
    known = sum(_count_words(one) for one in paragraphs if one in _example_paragraphs(workspace))
    return known / words if words else 0.0


@cache
def _example_words(workspace: Path) -> frozenset[str]:
    return frozenset(
        text for example in _example(workspace) for _, text in _sender_settings(example)
    )


@cache
def _example_paragraphs(workspace: Path) -> frozenset[str]:
    return frozenset(
        paragraph
        for example in _example(workspace)
        for email in example.emails
        for paragraph in _paragraphs(email.copy.text)
        if not email.copy.is_built_in and _count_words(paragraph) >= _MIN_WORDS
    )


def _example(workspace: Path) -> tuple[Campaign, ...]:
    """The example, or nothing where it was edited in place and broken; cached in ``workspace``."""
    home = find_example()
    campaign = load_campaign_cached(home / EXAMPLE_CAMPAIGN, home, cache_of=workspace).campaign
    return (campaign,) if campaign else ()


def _paragraphs(text: str) -> Iterator[str]:
    for paragraph in re.split(r"\n\s*\n", text):
        if words := " ".join(paragraph.split()):
            yield words


def _count_words(text: str) -> int:
    return len(text.split())
