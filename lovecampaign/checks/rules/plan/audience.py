"""Rule about lists and tags: there are subscribers on them."""

from __future__ import annotations

from collections.abc import Iterator

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.checks.base.locate import Passage, find_email_setting, setting
from lovecampaign.checks.base.rule import MonthDraft, MonthRule
from lovecampaign.core.problems import Problem
from lovecampaign.core.suggestions import did_you_mean


class MembersThere(MonthRule, code="LC222"):
    """There are subscribers on the campaign's lists, and with its tags.

    A typing error in the name of a list or tag sends nothing, and says nothing. Capital and small
    letters of tags do not matter. A tag that leaves out is named where it is spelled nearly as one
    in use: the error mails those who should get nothing.

    Bad:  audience: {list: reader}, with everyone on the list `readers`
    Good: audience: {list: readers}
    """

    def findings(self, draft: MonthDraft) -> Iterator[Problem]:
        campaign, facts = draft.campaign, draft.facts
        for path, name in _lists(campaign):
            if name in (facts.empty_lists or ()):
                guess = did_you_mean(name, facts.known_lists)
                yield setting(campaign, path, name).warning(
                    f"no subscriber is on the list {name}",
                    hint=guess or f"type: lovecampaign subscribers import FILE --list {name}",
                )
        for tag in sorted(facts.unused_tags):
            guess = did_you_mean(tag, facts.known_tags)
            yield _place_of_tag(campaign, tag).warning(
                f"no subscriber has the tag {tag}",
                hint=guess or "give it to subscribers (import --tag), or leave it out here",
            )


def _lists(campaign: Campaign) -> Iterator[tuple[str, str]]:
    yield "audience.list", campaign.audience.list
    if campaign.insiders is not None and campaign.insiders.list != campaign.audience.list:
        yield "insiders.list", campaign.insiders.list


def _place_of_tag(campaign: Campaign, tag: str) -> Passage:
    for path, tags in (
        ("audience.with_tags", campaign.audience.tags.with_tags),
        ("audience.without_tags", campaign.audience.tags.without_tags),
        ("launch.without_tags", campaign.launch.without_tags),
    ):
        if tag in tags:
            return setting(campaign, path, tag)
    return next(
        find_email_setting(campaign, email, name, tag)
        for email in campaign.emails
        for name in ("with_tags", "without_tags")
        if tag in getattr(email.tags, name)
    )
