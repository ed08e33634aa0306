"""Rules about stock, codes and the time to pay."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from lovecampaign.campaign.deals.code_file import read_code_file
from lovecampaign.campaign.deals.codes import PLACEHOLDER
from lovecampaign.campaign.model.deal import Deal
from lovecampaign.checks.base.locate import setting
from lovecampaign.checks.base.rule import MonthDraft, MonthRule
from lovecampaign.core.errors import ProblemsFound, UsageError
from lovecampaign.core.problems import Problem

_SHORTEST_CLAIM, _LONGEST_CLAIM = timedelta(minutes=10), timedelta(days=1)


class EnoughCodes(MonthRule, code="LC252"):
    """There is a code for every insider.

    Where the copy prints a code, or the deal's link carries one, and the codes come from a file,
    the file must have one for each: the last insider would be promised a price and get none.

    Bad:  codes: codes.csv with 300 lines, for 412 insiders
    Good: codes: generate
    """

    def findings(self, draft: MonthDraft) -> Iterator[Problem]:
        campaign = draft.campaign
        printed = any("deal.code" in email.copy.text for email in campaign.emails)
        for deal in campaign.deals.values():
            if deal.codes_file is not None and (printed or PLACEHOLDER in deal.link):
                yield from self._in_file(draft, deal, deal.codes_file)

    def _in_file(self, draft: MonthDraft, deal: Deal, file: str) -> Iterator[Problem]:
        place = setting(draft.campaign, f"deals.{deal.key}.codes", file)
        needed = draft.facts.insiders if draft.facts.insiders is not None else deal.quantity
        try:
            found = read_code_file(draft.campaign.folder / file, shown_as=file)
        except (ProblemsFound, UsageError) as unreadable:
            message = f"{file}: {_reason(unreadable)}"
            hint = _hint(unreadable) or "save it as CSV, a code on each line"
            yield place.error(message, hint=hint)
            return
        if used := len(found.used):
            yield place.warning(
                f"{file} marks {used:,} {'code' if used == 1 else 'codes'} as used, from "
                f"{found.used[0]} on: they are not handed out",
                hint="nothing to do if that is right; else take the column out of the file",
            )
        held = len(found.codes)
        if needed is not None and held < needed:
            codes = "1 code" if held == 1 else f"{held:,} codes"
            verb = "is" if needed == 1 else "are"
            yield place.warning(
                f"{file} holds {codes}, and {needed:,} {verb} needed",
                hint="add codes to the file, as many as the quantity",
            )


class CodeReachesReader(MonthRule, code="LC255"):
    """The reader's code gets to the checkout.

    The button behind the letter leads to the deal's link. Without `{code}` in it, and without the
    code in a letter, the reader comes to the checkout with nothing that proves their price.

    Bad:  link: https://bloom.example/buy, and no letter that prints {{ deal.code }}
    Good: link: https://bloom.example/buy?code={code}
    """

    def findings(self, draft: MonthDraft) -> Iterator[Problem]:
        campaign = draft.campaign
        deal = campaign.insider_deal
        if deal is None or PLACEHOLDER in deal.link:
            return
        letters = [email.copy.text for email in campaign.emails if email.is_insiders_only]
        if not any("deal.code" in text for text in letters):
            yield setting(campaign, f"deals.{deal.key}.link", deal.link).warning(
                "the code reaches no reader: it is neither in the link nor in an email to insiders",
                hint=f"write {PLACEHOLDER} into the link",
            )


class ShortClaims(MonthRule, code="LC256"):
    """A claim leaves time to pay, and no more than that.

    A claimed unit is taken from all others until it is paid or lapses. Ten minutes are the least
    that a payment needs; over a day the last units lie idle.

    Bad:  claim_for: 2m
    Good: claim_for: 30m
    """

    def findings(self, draft: MonthDraft) -> Iterator[Problem]:
        campaign = draft.campaign
        for key, deal in campaign.deals.items():
            if deal.quantity is None or _SHORTEST_CLAIM <= deal.claim_for <= _LONGEST_CLAIM:
                continue
            is_short = deal.claim_for < _SHORTEST_CLAIM
            words = "too short to pay" if is_short else "so long that few people can claim a unit"
            yield setting(campaign, f"deals.{key}.claim_for", "").warning(
                f"claim_for is {words}", hint="write claim_for: 30m"
            )


class FreshCodes(MonthRule, code="LC258"):
    """No code was handed out in another campaign.

    A reader who kept an old letter has the code already; and the shop may refuse one that was
    used.

    Bad:  codes: codes.csv, copied from last spring
    Good: fresh codes from the shop, or codes: generate
    """

    def findings(self, draft: MonthDraft) -> Iterator[Problem]:
        for key, words in draft.facts.reused_codes.items():
            deal = draft.campaign.deals[key]
            yield setting(draft.campaign, f"deals.{key}.codes", deal.codes_file or "").error(
                f"{deal.codes_file}: {words}", hint="put fresh codes into the file"
            )


def _hint(unreadable: ProblemsFound | UsageError) -> str | None:
    problems = unreadable.problems if isinstance(unreadable, ProblemsFound) else ()
    return problems[0].hint if problems else unreadable.hint


def _reason(unreadable: ProblemsFound | UsageError) -> str:
    problems = unreadable.problems if isinstance(unreadable, ProblemsFound) else ()
    return problems[0].message if problems else unreadable.message
