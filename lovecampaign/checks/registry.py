"""All rules, in the order in which a check runs them; those about emails need the renderer."""

from __future__ import annotations

from lovecampaign.checks.base.rule import EmailRule, MonthRule
from lovecampaign.checks.month_rules import MONTH_RULES
from lovecampaign.checks.rules.copy import (
    fallbacks,
    fields,
    foreign_markdown,
    language,
    leftovers,
    links,
    reserved_names,
    unedited,
)
from lovecampaign.checks.rules.deal import deadline, deal
from lovecampaign.checks.rules.message import (
    confirmation,
    inbox,
    mail_clients,
    message,
    mjml_attributes,
    pictures,
    reading,
)
from lovecampaign.checks.rules.method import giving, launch, month, promises, reader
from lovecampaign.checks.rules.plan import schedule, sender_requirements

EMAIL_RULES: tuple[EmailRule, ...] = (
    reserved_names.ReservedLink(),
    unedited.UneditedCopy(),
    unedited.UnwrittenCopy(),
    giving.SellsEarly(),
    giving.MoneyMentioned(),
    giving.SalesPhrases(),
    launch.OneCallToAction(),
    launch.PriceAndDeadline(),
    reader.ReaderFocus(),
    reader.GenericGreeting(),
    fallbacks.MissingFallback(),
    fields.NeededField(),
    reader.DismissivePhrase(),
    month.GuestApproved(),
    inbox.EmptySubject(),
    schedule.BrokenFiles(),
    promises.PromiseKept(),
    promises.DayNumberInSubject(),
    promises.DateFits(),
    deal.OnePrice(),
    deal.DealForInsiders(),
    deadline.OneDeadline(),
    inbox.SubjectLength(),
    inbox.PreheaderMissing(),
    inbox.PreheaderLength(),
    inbox.FalseReply(),
    inbox.ShoutedSubject(),
    message.HtmlWeight(),
    message.TextPart(),
    message.RequiredFooter(),
    links.Shortener(),
    links.MismatchedLink(),
    links.InsecureLink(),
    links.LocalLink(),
    links.DeadLink(),
    leftovers.RawHtml(),
    leftovers.PipeTable(),
    foreign_markdown.UnknownMarkdown(),
    mjml_attributes.IneffectiveAttribute(),
    mjml_attributes.WrongAttributeValue(),
    language.OtherLanguage(),
    leftovers.Placeholder(),
    leftovers.ForeignMergeTag(),
    pictures.PictureAlt(),
    pictures.PictureSize(),
    pictures.PictureWeight(),
    message.ImageOnly(),
    mail_clients.DroppedFeature(),
    mail_clients.OutlookConditionals(),
    mail_clients.ColorSchemes(),
    reading.Contrast(),
    reading.HeadingOrder(),
    reading.TableRoles(),
    reading.LanguageAndDirection(),
    reading.SmallPrint(),
    mail_clients.FetchedStyle(),
    sender_requirements.OneClickHeaders(),
    sender_requirements.FeedbackId(),
    confirmation.PlainConfirmation(),
    message.FastPathUsed(),
)

ALL_RULES: tuple[MonthRule | EmailRule, ...] = (*MONTH_RULES, *EMAIL_RULES)
