"""Rules about example domains, for mail that leaves this machine."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.checks.base.domains import host_of
from lovecampaign.checks.base.locate import URL, find_everywhere, setting
from lovecampaign.checks.base.offers import sale_links
from lovecampaign.checks.base.rule import EmailDraft, EmailRule, MonthDraft, MonthRule
from lovecampaign.core.problems import Problem

#: Reserved for examples and tests (RFC 2606, RFC 6761): no server and no page has them.
_RESERVED = re.compile(
    r"(?:^|\.)(?:example|test|invalid|localhost|example\.(?:com|net|org))$", re.IGNORECASE
)


class ReservedSender(MonthRule, code="LC200"):
    """Mail that leaves comes from an address of your own.

    Domains like bloom.example have no owner: no mail server accepts mail from them, and no
    reader could answer. While mail goes into a folder (maildir:) they are fine.

    Bad:  email: ana@news.bloom.example
    Good: email: ana@news.your-shop.com
    """

    def findings(self, draft: MonthDraft) -> Iterator[Problem]:
        if not draft.facts.provider_leaves_machine:
            return
        for name, address in _addresses_of(draft.campaign):
            if _RESERVED.search(address.rpartition("@")[2]):
                yield setting(draft.campaign, name, address).error(
                    f"{address} has no owner: no server takes mail from it",
                    hint="write your own address, on a domain that your provider may send for",
                )


class ReservedLinkInSettings(MonthRule, code="LC201"):
    """Links in the settings lead to pages of your own.

    A link to bloom.example opens nothing, and the readers who wanted to buy are lost.

    Bad:  link: https://bloom.example/buy
    Good: link: https://your-shop.com/buy
    """

    def findings(self, draft: MonthDraft) -> Iterator[Problem]:
        if not draft.facts.provider_leaves_machine:
            return
        for name, link in _links_of(draft.campaign):
            if _is_reserved(link):
                yield setting(draft.campaign, name, link).error(
                    f"{link} opens nothing", hint="write the address of your own page"
                )


class ReservedLink(EmailRule, code="LC202"):
    """Links in a letter lead to pages that exist.

    The example's links go to bloom.example, a domain that is kept for examples.

    Bad:  [[button: Read the story | https://bloom.example/soil]]
    Good: [[button: Read the story | https://your-shop.com/soil]]
    """

    def findings(self, draft: EmailDraft) -> Iterator[Problem]:
        if not draft.facts.provider_leaves_machine:
            return
        for passage in find_everywhere(draft, URL):
            if _is_reserved(passage.text):
                yield passage.error(
                    f"{passage.text} opens nothing",
                    hint="link to your own page, or take the link out",
                )


class PublicAddress(MonthRule, code="LC203"):
    """Readers reach the links of their mail, over https.

    Every mail carries links to unsubscribe, to choose and to read it in a browser. They start with
    LOVECAMPAIGN_PUBLIC_URL; mail programs act on one-click links only over https (RFC 8058).

    Bad:  LOVECAMPAIGN_PUBLIC_URL=http://127.0.0.1:8028
    Good: LOVECAMPAIGN_PUBLIC_URL=https://letters.your-shop.com
    """

    def findings(self, draft: MonthDraft) -> Iterator[Problem]:
        if not draft.facts.provider_leaves_machine:
            return
        url = urlsplit(draft.facts.public_url)
        if url.scheme != "https" or _is_unreachable(url.hostname or ""):
            yield Problem(
                code=self.code,
                message=(
                    f"readers cannot reach {draft.facts.public_url}, "
                    "where the links of their mail would lead"
                ),
                hint="set LOVECAMPAIGN_PUBLIC_URL to the https address at which serve is reached",
            )


def _addresses_of(campaign: Campaign) -> Iterator[tuple[str, str]]:
    """Each address of the sender and the team once, with the path of its setting."""
    sender = campaign.sender
    yield "sender.email", sender.email
    if sender.reply_to != sender.email:
        yield "sender.reply_to", sender.reply_to
    if sender.unsubscribe_to not in (sender.email, sender.reply_to):
        yield "sender.unsubscribe_to", sender.unsubscribe_to
    if sender.bounce_to:
        yield "sender.bounce_to", sender.bounce_to
    for number, address in enumerate(campaign.desk.team):
        yield f"team.mail.{number}", address
    if campaign.desk.advocate:
        yield "advocate.email", campaign.desk.advocate.email


def _links_of(campaign: Campaign) -> Iterator[tuple[str, str]]:
    if campaign.sender.website:
        yield "sender.website", campaign.sender.website
    if campaign.sender.privacy_url:
        yield "sender.privacy_url", campaign.sender.privacy_url
    yield from sale_links(campaign)


def _is_reserved(link: str) -> bool:
    return bool(_RESERVED.search(host_of(link)))


def _is_unreachable(host: str) -> bool:
    try:
        return not ip_address(host).is_global
    except ValueError:  # a name
        return not host or bool(_RESERVED.search(host))
