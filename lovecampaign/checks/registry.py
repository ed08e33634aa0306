"""Which rules are there? All of them, in the order of their codes."""

from __future__ import annotations

from lovecampaign.checks.rule import EmailRule, MonthRule
from lovecampaign.checks.rules import files, giving, make_believe, timing, unedited, words

MONTH_RULES: tuple[MonthRule, ...] = (
    make_believe.ReservedSender(),
    make_believe.ReservedLinkInSettings(),
    make_believe.PublicAddress(),
    unedited.UneditedSettings(),
    words.PostalAddress(),
    timing.DayGivenUp(),
)

EMAIL_RULES: tuple[EmailRule, ...] = (
    make_believe.ReservedLink(),
    unedited.UneditedCopy(),
    giving.SellsEarly(),
    giving.MoneyInGift(),
    words.EmptySubject(),
    files.BrokenFiles(),
)

ALL_RULES: tuple[MonthRule | EmailRule, ...] = (*MONTH_RULES, *EMAIL_RULES)
