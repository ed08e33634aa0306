"""The rules about the whole month, in the order in which a check runs them.

They are imported without the renderer: a check in which no letter was edited needs none.
"""

from __future__ import annotations

from lovecampaign.checks.base.rule import MonthRule
from lovecampaign.checks.rules.copy import heroes, reserved_names, translations, unedited
from lovecampaign.checks.rules.deal import deal, stock
from lovecampaign.checks.rules.method import month
from lovecampaign.checks.rules.plan import (
    audience,
    invitation,
    overlap,
    schedule,
    sender_requirements,
)

MONTH_RULES: tuple[MonthRule, ...] = (
    reserved_names.ReservedSender(),
    reserved_names.ReservedLinkInSettings(),
    reserved_names.PublicAddress(),
    unedited.UneditedSettings(),
    translations.TranslationsThere(),
    heroes.PermittedHero(),
    sender_requirements.PostalAddress(),
    schedule.OneEmailADay(),
    schedule.StartMoved(),
    schedule.StartTooLate(),
    schedule.Throughput(),
    schedule.QuietHoursPastDeal(),
    schedule.TooLateForMonth(),
    overlap.TwoMonths(),
    invitation.EveryoneAskedInTime(),
    month.OneKind(),
    month.AlikeSubjects(),
    month.AsksForStories(),
    month.SaysThanks(),
    month.InsidersFirst(),
    month.InsidersInvited(),
    month.RepeatedLine(),
    deal.LastCall(),
    deal.SensibleWindow(),
    stock.EnoughCodes(),
    stock.FreshCodes(),
    stock.CodeReachesReader(),
    stock.ShortClaims(),
    audience.MembersThere(),
    sender_requirements.ConsentKnown(),
    sender_requirements.OneOrganisation(),
    sender_requirements.FreeMailSender(),
)
