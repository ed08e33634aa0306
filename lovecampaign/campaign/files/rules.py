"""Rules across the settings of campaign.yaml; each reports only about valid settings."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from lovecampaign.campaign.files.draft import CampaignDraft, Rule
from lovecampaign.campaign.files.paths import FileKind, require_template, resolve_inside
from lovecampaign.campaign.model.campaign import (
    CATCH_UP,
    CONFIRM,
    WELCOME,
    LateJoiners,
    RecipientGroup,
)
from lovecampaign.campaign.schema.models import DealGroup
from lovecampaign.campaign.schema.time_parsers import Point
from lovecampaign.campaign.source.errors import BadValue
from lovecampaign.campaign.source.problem_codes import ProblemCode
from lovecampaign.core.problems import Problem, Severity
from lovecampaign.core.suggestions import did_you_mean

_SHORTEST_LATENESS = timedelta(hours=1)
#: ``all`` means every email in ``send --day all --to``.
RESERVED_KEYS = frozenset({CATCH_UP, WELCOME, CONFIRM, "all"})


def check_rules(draft: CampaignDraft) -> list[Problem]:
    """The problems of all rules."""
    return [problem for rule in _RULES for problem in rule(draft)]


def _skipped_days_have_no_settings(draft: CampaignDraft) -> Iterator[Problem]:
    for day in sorted(set(draft.file.days) & set(draft.file.skip)):
        message = f"day {day} is skipped, but has settings"
        hint = f"delete {day} from skip, or its settings from days"
        yield draft.document.problem(ProblemCode.DAY_SKIPPED, ["days", day], message, hint=hint)


def _early_access_is_early(draft: CampaignDraft) -> Iterator[Problem]:
    email = draft.file.launch.emails.get("early-access")
    path = ("launch", "emails", "early-access", "at")
    if email is None:
        return
    at, doors = draft.sound_instant(*path, point=email.at), draft.sound_instant(point=None)
    if at and doors and at >= doors:
        message = "early access goes out after the launch has begun"
        hint = f"give it a time before day {draft.file.launch.day} {draft.file.launch.at:%H:%M}"
        yield draft.document.problem(ProblemCode.EARLY_ACCESS, path, message, hint=hint)


def _must_have_days_are_sent(draft: CampaignDraft) -> Iterator[Problem]:
    catch_up = draft.file.catch_up
    for position, day in enumerate(catch_up.must_have if catch_up else ()):
        if day in draft.file.skip:
            message = f"day {day} is skipped, so there is no email to catch up on"
            hint = f"delete {day} from must_have, or from skip"
            yield draft.document.problem(
                ProblemCode.MUST_HAVE, ["catch_up", "must_have", position], message, hint=hint
            )


def _catch_up_has_days(draft: CampaignDraft) -> Iterator[Problem]:
    is_sound = draft.document.is_sound("catch_up")
    if draft.file.late_joiners is LateJoiners.CATCH_UP and not draft.file.catch_up and is_sound:
        message = "late_joiners: catch-up does not say which days people catch up on"
        hint = "add catch_up: with must_have: and those days, like [1, 9, 21]"
        yield draft.document.problem(ProblemCode.CATCH_UP, ["late_joiners"], message, hint=hint)


def _insiders_have_a_list(draft: CampaignDraft) -> Iterator[Problem]:
    if draft.file.insiders or not draft.document.is_sound("insiders"):
        return
    launch = draft.file.launch
    paths: list[list[str]] = [["launch", "deal"]] if launch.deal else []
    for key, email in launch.emails.items():
        if RecipientGroup.INSIDERS in email.to:
            paths.append(["launch", "emails", key, "to"])
    for path in paths:
        message = "this is for insiders, but the campaign has no list of them"
        hint = "add insiders: with list: and the name of their list"
        yield draft.document.problem(ProblemCode.NO_INSIDERS, path, message, hint=hint)


def _email_keys_are_free(draft: CampaignDraft) -> Iterator[Problem]:
    for key in draft.file.launch.emails:
        if key in RESERVED_KEYS or key.startswith("day-"):
            message = f"{key} already means something else"
            hint = "choose another key, like reminder"
            yield draft.document.problem(
                ProblemCode.RESERVED_KEY, ["launch", "emails", key], message, hint=hint
            )


def _recipients_are_possible(draft: CampaignDraft) -> Iterator[Problem]:
    for key, email in draft.file.launch.emails.items():
        path = ["launch", "emails", key, "to"]
        both = {RecipientGroup.BOUGHT, RecipientGroup.NOT_BOUGHT} <= set(email.to)
        if (both or not email.to) and draft.document.is_sound(*path):
            message = f"no subscriber can get {key}"
            hint = "all words must hold at once"
            yield draft.document.problem(ProblemCode.RECIPIENTS, path, message, hint=hint)


def _deadlines_lie_ahead(draft: CampaignDraft) -> Iterator[Problem]:
    file = draft.file
    start = draft.sound_instant(point=Point(day=1, at=file.sending.at))
    written = (
        ("insiders", file.insiders.until if file.insiders else None),
        ("catch_up", file.catch_up.until if file.catch_up else None),
    )
    for group, point in written:
        until = draft.sound_instant(group, "until", point=point)
        if point and until and start and until < start:
            message = "this is before the first day of the campaign"
            hint = f"the campaign starts on {file.start}"
            yield draft.document.problem(
                ProblemCode.UNTIL, [group, "until"], message, hint=hint, severity=Severity.WARNING
            )


def _launch_emails_wait_for_the_launch(draft: CampaignDraft) -> Iterator[Problem]:
    doors = draft.sound_instant(point=None)
    for key, email in draft.file.launch.emails.items():
        path = ("launch", "emails", key, "at")
        at = draft.sound_instant(*path, point=email.at)
        is_for_all = set(email.to) == {RecipientGroup.AUDIENCE}
        if is_for_all and at and doors and at < doors:
            message = f"{key} goes to everyone before the launch"
            hint = "if that is meant, name the time of the launch in its copy"
            yield draft.document.problem(
                ProblemCode.BEFORE_LAUNCH, path, message, hint=hint, severity=Severity.WARNING
            )


def _named_files_exist(draft: CampaignDraft) -> Iterator[Problem]:
    logo, deals = draft.file.brand.logo, draft.file.deals
    named = []
    if logo and "://" not in logo:
        named.append((["brand", "logo"], logo, FileKind.IMAGE))
    named += [
        (["deals", key, "codes"], one.codes, FileKind.CODES)
        for key, one in deals.items()
        if one.codes
    ]
    for path, text, kind in named:
        try:
            resolve_inside(text, kind, folder=draft.folder, workspace=draft.workspace)
        except BadValue as bad:
            yield draft.document.refusal(path, bad)


def _default_template_exists(draft: CampaignDraft) -> Iterator[Problem]:
    try:
        require_template(draft.file.defaults.template, draft.templates)
    except BadValue as bad:
        yield draft.document.refusal(["defaults", "template"], bad)


def _launch_deal_exists(draft: CampaignDraft) -> Iterator[Problem]:
    key, deals = draft.file.launch.deal, draft.file.deals
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
    key = draft.file.launch.deal
    deal = draft.file.deals.get(key) if key else None
    if key is None or deal is None:
        return
    opens, closes = _window(draft, key, deal)
    for name, email in draft.file.launch.emails.items():
        path = ("launch", "emails", name, "at")
        at = draft.sound_instant(*path, point=email.at)
        if RecipientGroup.INSIDERS not in email.to or not (at and opens and closes):
            continue
        if not opens <= at < closes:
            message = f"{name} is for insiders, but their deal is not open then"
            hint = f"the deal {key} opens {_show(deal.opens)} and closes {_show(deal.closes)}"
            yield draft.document.problem(ProblemCode.AFTER_DEAL, path, message, hint=hint)


def _lateness_leaves_time_to_send(draft: CampaignDraft) -> Iterator[Problem]:
    for group, late_after, usual in (
        ("sending", draft.file.sending.late_after, "20h"),
        ("launch", draft.file.launch.late_after, "24h"),
    ):
        path = [group, "late_after"]
        if late_after < _SHORTEST_LATENESS and draft.document.is_sound(*path):
            message = "readers whose turn comes later than this do not get the email"
            hint = f"an hourly cron job and a long list need hours: {usual} is usual"
            yield draft.document.problem(
                ProblemCode.DURATION, path, message, hint=hint, severity=Severity.WARNING
            )


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


def _show(point: Point) -> str:
    """A point in the author's spelling."""
    if point.instant:
        return point.instant.isoformat(timespec="minutes")
    day = point.date.isoformat() if point.date else f"day {point.day}" if point.day else ""
    return f"{day} {point.at:%H:%M}".strip()


_RULES: tuple[Rule, ...] = (
    _launch_deal_exists,
    _deals_open_before_they_close,
    _insider_emails_go_out_while_the_deal_is_open,
    _lateness_leaves_time_to_send,
    _old_prices_have_one_date,
    _old_prices_say_when,
    _deals_are_cheaper,
    _skipped_days_have_no_settings,
    _early_access_is_early,
    _must_have_days_are_sent,
    _catch_up_has_days,
    _insiders_have_a_list,
    _email_keys_are_free,
    _recipients_are_possible,
    _deadlines_lie_ahead,
    _launch_emails_wait_for_the_launch,
    _named_files_exist,
    _default_template_exists,
)
