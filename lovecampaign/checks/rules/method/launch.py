"""Rules about launch emails: one call to action, with price and deadline."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lovecampaign.campaign.model.campaign import Campaign, Email, Kind, RecipientGroup, Role
from lovecampaign.campaign.model.deal import Money
from lovecampaign.checks.base.locate import first_line
from lovecampaign.checks.base.offers import is_sale_page, numbers_of, sums_pattern
from lovecampaign.checks.base.rendered_email import RenderedEmail
from lovecampaign.checks.base.rule import EmailDraft, EmailRule
from lovecampaign.core.problems import Problem
from lovecampaign.core.zones import load_zone
from lovecampaign.render.model.formatting import LocalizedTime
from lovecampaign.render.plain.sample_recipients import SAMPLE_LINKS


class OneCallToAction(EmailRule, code="LC213"):
    """A letter of the launch asks for one thing.

    After a month of giving, one clear question is answered; three are put off. One button leads
    to the offer or the deal, and no second button competes with it.

    Bad:  [[button: Buy it]], [[button: Follow us]] and [[button: See all products]]
    Good: one [[button: Yes, I would like it | {{ offer.link }}]]
    """

    def findings(self, draft: EmailDraft) -> Iterator[Problem]:
        shown = draft.rendered
        if shown is None or not _asks(draft.campaign, draft.email):
            return
        buttons = {link.href for link in shown.links if link.is_button}
        if not any(_sells(draft.campaign, link.href) for link in shown.links):
            yield first_line(draft.email).warning(
                f"{draft.email.key} does not ask: no link in it leads to the offer or the deal",
                hint="print {{ offer.link }} or {{ deal.link }} on a button",
            )
        elif len(buttons) > 1:
            yield first_line(draft.email).warning(
                f"{draft.email.key} has {len(buttons)} buttons that lead to different places",
                hint="keep the one that leads to the offer or the deal",
            )


class PriceAndDeadline(EmailRule, code="LC214"):
    """A letter that asks says the price, and until when it holds.

    A price that shows only at the checkout feels like a trick, and a deadline that was not named
    cannot be kept. `{{ deal.closes }}` prints it in the reader's own time zone.

    Bad:  It is open. Click below to see what it costs.
    Good: You pay {{ deal.price }} until {{ deal.closes }}.
    """

    def findings(self, draft: EmailDraft) -> Iterator[Problem]:
        campaign, shown = draft.campaign, draft.rendered
        if shown is None or not _asks(campaign, draft.email):
            return
        deal = campaign.deal_of(draft.email)
        offer = deal or campaign.launch.offer
        if offer is None:
            return
        name = "deal" if deal else "offer"
        if not _names_price(shown, offer.price, campaign.language):
            yield self._missing(draft, f"never says the price, {offer.price}", f"{name}.price")
        if deal and not _names_deadline(shown, campaign, draft.email):
            yield self._missing(draft, "never says until when the price holds", "deal.closes")

    def _missing(self, draft: EmailDraft, says: str, field: str) -> Problem:
        return first_line(draft.email).warning(
            f"{draft.email.key} {says}", hint=f"print {{{{ {field} }}}} in the letter"
        )


def _asks(campaign: Campaign, email: Email) -> bool:
    """Whether a launch email asks for a purchase; a thank-you does not."""
    has_sale = campaign.launch.offer is not None or campaign.deal_of(email) is not None
    return (
        email.role is Role.LAUNCH
        and has_sale
        and RecipientGroup.BOUGHT not in email.to
        and email.kind is not Kind.THANKS
    )


def _sells(campaign: Campaign, href: str) -> bool:
    return href == SAMPLE_LINKS.deal or is_sale_page(campaign, href)


def _names_price(shown: RenderedEmail, price: Money, language: str) -> bool:
    return bool(sums_pattern(numbers_of(price, language)).search(shown.words))


def _names_deadline(shown: RenderedEmail, campaign: Campaign, email: Email) -> bool:
    deal = campaign.deal_of(email)
    if deal is None:
        return True
    zone = campaign.sending.unknown_timezone
    spoken = str(LocalizedTime.of(deal.closes, zone, campaign.language)).split(" (")[0]
    local = deal.closes.astimezone(load_zone(campaign.timezone))
    by_hand = (
        rf"\b{local.day}(?:st|nd|rd|th)?\b\W+(?:of )?[^\W\d]{{3,}}|[^\W\d]{{3,}}\W+{local.day}\b"
    )
    return spoken in shown.words or bool(re.search(by_hand, shown.words))
