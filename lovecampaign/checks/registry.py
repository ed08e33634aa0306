"""Which rules are there? All of them, in the order in which a check asks them."""

from __future__ import annotations

from lovecampaign.checks.base.rule import EmailRule, MonthRule
from lovecampaign.checks.rules.copy import (
    dead_links,
    fallbacks,
    fields,
    leftovers,
    links,
    tables,
    unedited,
    words,
)
from lovecampaign.checks.rules.copy import reserved_names as make_believe
from lovecampaign.checks.rules.deal import deadline, deal, stock
from lovecampaign.checks.rules.message import confirmation, inbox, message, pictures, reading, speed
from lovecampaign.checks.rules.message import mail_clients as programs
from lovecampaign.checks.rules.method import giving, launch, month, promises, reader
from lovecampaign.checks.rules.plan import files, plan, timing
from lovecampaign.checks.rules.plan import sender_requirements as providers

MONTH_RULES: tuple[MonthRule, ...] = (
    make_believe.ReservedSender(),
    make_believe.ReservedLinkInSettings(),
    make_believe.PublicAddress(),
    unedited.UneditedSettings(),
    words.PostalAddress(),
    timing.DayGivenUp(),
    timing.StartMoved(),
    plan.MomentPast(),
    plan.Throughput(),
    plan.QuietSwallows(),
    plan.BeyondTheMonth(),
    month.OneKind(),
    month.AlikeSubjects(),
    month.AsksForStories(),
    month.SaysThanks(),
    month.InsidersFirst(),
    month.InvitationMissing(),
    month.RepeatedLine(),
    deal.LastCall(),
    deal.SensibleWindow(),
    stock.EnoughCodes(),
    stock.CodeReachesReader(),
    stock.ShortClaims(),
    providers.ConsentKnown(),
    providers.OneOrganisation(),
    providers.FreeMailSender(),
)

EMAIL_RULES: tuple[EmailRule, ...] = (
    make_believe.ReservedLink(),
    unedited.UneditedCopy(),
    giving.SellsEarly(),
    giving.MoneyInGift(),
    giving.BuyWords(),
    launch.OneAsk(),
    launch.TermsSaid(),
    reader.ReaderIsHero(),
    reader.NamelessGreeting(),
    fallbacks.MissingFallback(),
    fields.NeededField(),
    reader.BrushedOff(),
    month.GuestApproved(),
    words.EmptySubject(),
    files.BrokenFiles(),
    promises.PromiseKept(),
    promises.DayNumberInSubject(),
    deal.OnePrice(),
    deadline.OneDeadline(),
    inbox.SubjectLength(),
    inbox.PreheaderMissing(),
    inbox.PreheaderLength(),
    inbox.FalseReply(),
    inbox.ShoutedSubject(),
    message.HtmlWeight(),
    message.TextPart(),
    message.WaysOut(),
    links.Shortener(),
    links.OtherDomain(),
    links.InsecureLink(),
    links.LocalLink(),
    dead_links.DeadLink(),
    leftovers.RawHtml(),
    tables.PipeTable(),
    leftovers.Placeholder(),
    leftovers.ForeignMergeTag(),
    pictures.PictureAlt(),
    pictures.PictureSize(),
    pictures.PictureWeight(),
    message.ImageOnly(),
    programs.DroppedFeature(),
    programs.OutlookConditionals(),
    programs.ColorSchemes(),
    reading.Contrast(),
    reading.HeadingOrder(),
    reading.TableRoles(),
    reading.LanguageAndDirection(),
    reading.SmallPrint(),
    programs.FetchedStyle(),
    providers.OneClickHeaders(),
    providers.FeedbackId(),
    confirmation.QuietConfirmation(),
    speed.FastPathUsed(),
)

ALL_RULES: tuple[MonthRule | EmailRule, ...] = (*MONTH_RULES, *EMAIL_RULES)
