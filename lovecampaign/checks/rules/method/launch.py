"""Does the launch ask once, and say everything that a yes needs?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from lovecampaign.campaign.model.campaign import Campaign, Email, Kind, RecipientGroup, Role
from lovecampaign.checks.base.locate import first_words
from lovecampaign.checks.base.offers import any_of_sums, is_sale_page
from lovecampaign.checks.base.rendered_email import Shown
from lovecampaign.checks.base.rule import EmailDraft
from lovecampaign.core.problems import Problem, Severity
from lovecampaign.render.model.formatting import SpokenTime
from lovecampaign.render.plain.sample_recipients import SAMPLE_LINKS


class OneAsk:
    """A letter of the launch asks for one thing.

    After a month of giving, one clear question is answered; three are put off. One button leads
    to the offer or the deal, and nothing beside it wants to be pressed.

    Bad:  [[button: Buy it]], [[button: Follow us]] and [[button: See all products]]
    Good: one [[button: Yes, I would like it | {{ offer.link }}]]
    """

    code = "LC213"

    def find(self, draft: EmailDraft) -> Iterator[Problem]:
        shown = draft.shown
        if shown is None or not _asks(draft.campaign, draft.email):
            return
        buttons = {link.href for link in shown.links if link.is_button}
        if not any(_sells(draft.campaign, link.href) for link in shown.links):
            yield first_words(draft.email).problem(
                self.code,
                f"{draft.email.key} does not ask: no link in it leads to the offer or the deal",
                hint="print {{ offer.link }} or {{ deal.link }} on a button",
                severity=Severity.WARNING,
            )
        elif len(buttons) > 1:
            yield first_words(draft.email).problem(
                self.code,
                f"{draft.email.key} has {len(buttons)} buttons that lead to different places",
                hint="keep the one that leads to the offer or the deal",
                severity=Severity.WARNING,
            )


class TermsSaid:
    """Who is asked is told the price, and until when it holds.

    A price that shows only at the till is felt as a trick, and a deadline that nobody named
    cannot be kept. `{{ deal.closes }}` prints it in the reader's own time zone.

    Bad:  It is open. Click below to see what it costs.
    Good: You pay {{ deal.price }} until {{ deal.closes }}.
    """

    code = "LC214"

    def find(self, draft: EmailDraft) -> Iterator[Problem]:
        campaign, shown = draft.campaign, draft.shown
        if shown is None or not _asks(campaign, draft.email):
            return
        deal = campaign.deal_of(draft.email)
        offer = deal or campaign.launch.offer
        if offer is None:
            return
        name = "deal" if deal else "offer"
        if not _names_price(shown, offer.price.text):
            yield self._missing(draft, f"never says the price, {offer.price}", f"{name}.price")
        if deal and not _names_deadline(shown, campaign, draft.email):
            yield self._missing(draft, "never says until when the price holds", "deal.closes")

    def _missing(self, draft: EmailDraft, says: str, field: str) -> Problem:
        return first_words(draft.email).problem(
            self.code,
            f"{draft.email.key} {says}",
            hint=f"print {{{{ {field} }}}} in the letter",
            severity=Severity.WARNING,
        )


def _asks(campaign: Campaign, email: Email) -> bool:
    """Whether a letter of the launch wants a yes; thanks want nothing."""
    has_sale = campaign.launch.offer is not None or campaign.deal_of(email) is not None
    return (
        email.role is Role.LAUNCH
        and has_sale
        and RecipientGroup.BOUGHT not in email.to
        and email.kind is not Kind.THANKS
    )


def _sells(campaign: Campaign, href: str) -> bool:
    return href == SAMPLE_LINKS.deal or is_sale_page(campaign, href)


def _names_price(shown: Shown, price: str) -> bool:
    number = re.match(r"[\d.,]+", price)
    digits = number[0] if number else price
    return bool(any_of_sums([digits]).search(shown.words))


def _names_deadline(shown: Shown, campaign: Campaign, email: Email) -> bool:
    deal = campaign.deal_of(email)
    if deal is None:
        return True
    zone = campaign.sending.unknown_timezone
    spoken = str(SpokenTime.of(deal.closes, zone, campaign.language)).split(" (")[0]
    local = deal.closes.astimezone(ZoneInfo(campaign.timezone))
    by_hand = (
        rf"\b{local.day}(?:st|nd|rd|th)?\b\W+(?:of )?[^\W\d]{{3,}}|[^\W\d]{{3,}}\W+{local.day}\b"
    )
    return spoken in shown.words or bool(re.search(by_hand, shown.words))
