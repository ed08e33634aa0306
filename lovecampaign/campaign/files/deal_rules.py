"""Rules about deals and prices in campaign.yaml; each reports only about valid settings."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from lovecampaign.campaign.files.draft import CampaignDraft, Rule
from lovecampaign.campaign.model.campaign import RecipientGroup
from lovecampaign.campaign.schema.models import DealGroup
from lovecampaign.campaign.source.problem_codes import ProblemCode
from lovecampaign.core.problems import Problem, Severity
from lovecampaign.core.suggestions import did_you_mean


def _launch_deal_exists(draft: CampaignDraft) -> Iterator[Problem]:
    key, deals = draft.launch.deal, draft.file.deals
    if key and key not in deals and draft.document.is_sound("deals"):
        message = f"there is no deal {key} under deals"
        hint = did_you_mean(key, deals) or f"add deals: {{{key}: …}}"
        yield draft.document.problem(
            ProblemCode.DEAL_NOT_FOUND, ["launch", "deal"], message, hint=hint
        )


def _deals_open_before_they_close(draft: CampaignDraft) -> Iterator[Problem]:
    for key, deal in draft.file.deals.items():
        opens, closes = _window(draft, key, deal)
        if opens and closes and closes <= opens:
            message = f"the deal {key} closes before it opens"
            hint = "closes has to be later than opens"
            yield draft.document.problem(
                ProblemCode.WINDOW, ["deals", key, "closes"], message, hint=hint
            )


def _insider_emails_go_out_while_the_deal_is_open(draft: CampaignDraft) -> Iterator[Problem]:
    key = draft.launch.deal
    deal = draft.file.deals.get(key) if key else None
    if key is None or deal is None:
        return
    opens, closes = _window(draft, key, deal)
    for name, email in draft.launch.emails.items():
        path = ("launch", "emails", name, "at")
        at = draft.sound_instant(*path, point=email.at)
        if RecipientGroup.INSIDERS not in email.to or not (at and opens and closes):
            continue
        if not opens <= at < closes:
            message = f"{name} is for insiders, but their deal is not open then"
            hint = f"the deal {key} opens {deal.opens} and closes {deal.closes}"
            yield draft.document.problem(ProblemCode.AFTER_DEAL, path, message, hint=hint)


def _old_prices_have_one_date(draft: CampaignDraft) -> Iterator[Problem]:
    for key, deal in draft.file.deals.items():
        if deal.price_from and deal.charged_until:
            message = "a price is either still to come (price_from) or was charged (charged_until)"
            hint = "keep one of them"
            yield draft.document.problem(
                ProblemCode.OLD_PRICE, ["deals", key, "charged_until"], message, hint=hint
            )


def _old_prices_say_when(draft: CampaignDraft) -> Iterator[Problem]:
    for key, deal in draft.file.deals.items():
        path = ["deals", key]
        is_silent = not (deal.price_from or deal.charged_until)
        if deal.instead_of and is_silent and draft.document.is_sound(*path):
            yield draft.document.problem(
                ProblemCode.OLD_PRICE,
                [*path, "instead_of"],
                "a price to compare with must say when it is charged",
                hint="add price_from: or charged_until: with a date",
                severity=Severity.WARNING,
            )


def _deals_are_cheaper(draft: CampaignDraft) -> Iterator[Problem]:
    for key, deal in draft.file.deals.items():
        old = deal.instead_of
        if old and old.currency != deal.price.currency:
            message = f"{deal.price} and {old} are prices in two currencies"
        elif old and deal.price.amount >= old.amount:
            message = f"{deal.price} instead of {old} is no better price"
        else:
            continue
        yield draft.document.problem(ProblemCode.PRICES, ["deals", key, "instead_of"], message)


def _window(
    draft: CampaignDraft, key: str, deal: DealGroup
) -> tuple[datetime | None, datetime | None]:
    return (
        draft.sound_instant("deals", key, "opens", point=deal.opens),
        draft.sound_instant("deals", key, "closes", point=deal.closes),
    )


DEAL_RULES: tuple[Rule, ...] = (
    _launch_deal_exists,
    _deals_open_before_they_close,
    _insider_emails_go_out_while_the_deal_is_open,
    _old_prices_have_one_date,
    _old_prices_say_when,
    _deals_are_cheaper,
)
