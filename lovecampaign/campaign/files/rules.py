"""Rules across the settings of campaign.yaml; each reports only about valid settings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from lovecampaign.campaign.files.deal_rules import DEAL_RULES
from lovecampaign.campaign.files.draft import CampaignDraft, Rule
from lovecampaign.campaign.files.invitation_rules import INVITATION_RULES
from lovecampaign.campaign.files.paths import FileKind, require_template, resolve_inside
from lovecampaign.campaign.model.campaign import (
    CATCH_UP,
    CONFIRM,
    WELCOME,
    LateJoiners,
    RecipientGroup,
)
from lovecampaign.campaign.schema.time_parsers import Point
from lovecampaign.campaign.source.errors import BadValue
from lovecampaign.campaign.source.problem_codes import ProblemCode
from lovecampaign.campaign.source.tree import Keys
from lovecampaign.campaign.words.catalog import find_word_problems
from lovecampaign.core.problems import Problem, Severity

_SHORTEST_LATENESS = timedelta(hours=1)
#: Between early access and the launch, as they are usually run.
_LONGEST_HEAD_START = timedelta(days=3)
#: A path of the dashboard in the place of a campaign's id.
_DESK = "desk"
#: ``all`` means every email in ``send --day all --to``.
RESERVED_KEYS = frozenset({CATCH_UP, WELCOME, CONFIRM, "all"})


def check_rules(draft: CampaignDraft) -> list[Problem]:
    """The problems of all rules."""
    return [problem for rule in _RULES for problem in rule(draft)]


def _day_numbers_are_of_the_month(draft: CampaignDraft) -> Iterator[Problem]:
    groups: tuple[tuple[Keys, Sequence[int]], ...] = (
        (["skip"], draft.file.skip),
        (["catch_up", "must_have"], draft.file.catch_up.must_have if draft.file.catch_up else ()),
    )
    written: list[tuple[Keys, int]] = [(["days", day], day) for day in draft.file.days]
    for group, days in groups:
        written += [([*group, position], day) for position, day in enumerate(days)]
    for path, day in written:
        if day > draft.length and draft.document.is_sound("days"):
            message = f"{day} is not a giving day: these are numbered 1 to {draft.length}"
            hint = (
                f"for a longer month write days: {day}; the launch and what follows it belong "
                "under launch.emails"
            )
            yield draft.document.problem(ProblemCode.DAY_NUMBER, path, message, hint=hint)


def _launch_follows_the_days(draft: CampaignDraft) -> Iterator[Problem]:
    is_sound = draft.document.is_sound("days") and draft.document.is_sound("launch", "day")
    if is_sound and draft.dates.launch_day <= draft.length:
        message = f"the launch is on day {draft.launch.day}, and day {draft.length} still gives"
        hint = f"write day: {draft.length + 1}, or fewer days"
        yield draft.document.problem(ProblemCode.NUMBER, ["launch", "day"], message, hint=hint)


def _skipped_days_have_no_settings(draft: CampaignDraft) -> Iterator[Problem]:
    for day in sorted(set(draft.file.days) & set(draft.file.skip)):
        message = f"day {day} is skipped, but has settings"
        hint = f"delete {day} from skip, or its settings from days"
        yield draft.document.problem(ProblemCode.DAY_SKIPPED, ["days", day], message, hint=hint)


def _early_access_is_early(draft: CampaignDraft) -> Iterator[Problem]:
    email = draft.launch.emails.get("early-access")
    path = ("launch", "emails", "early-access", "at")
    if email is None:
        return
    at, doors = draft.sound_instant(*path, point=email.at), draft.sound_instant(point=None)
    if at and doors and at >= doors:
        message = "early access goes out after the launch has begun"
        hint = f"give it a time before day {draft.dates.launch_day} {draft.launch.at:%H:%M}"
        yield draft.document.problem(ProblemCode.EARLY_ACCESS, path, message, hint=hint)


def _moved_launches_take_their_times_along(draft: CampaignDraft) -> Iterator[Problem]:
    """Warnings about times for insiders that an earlier date of the launch may have left behind."""
    launch = draft.sound_instant(point=None)
    if launch is None or draft.file.launch is None:
        return
    for key, email in draft.launch.emails.items():
        path = ("launch", "emails", key, "at")
        at = draft.sound_instant(*path, point=email.at)
        if RecipientGroup.INSIDERS in email.to and at and launch - at > _LONGEST_HEAD_START:
            message = f"{key} goes to insiders {(launch - at).days} days before the launch"
            hint = "to let it move with the launch, write at: launch -1d 10:00"
            yield draft.document.problem(
                ProblemCode.EARLY_ACCESS, path, message, hint=hint, severity=Severity.WARNING
            )


def _months_without_a_launch_sell_nothing(draft: CampaignDraft) -> Iterator[Problem]:
    if draft.file.launch is not None or not draft.document.is_sound("launch"):
        return
    waits = draft.file.late_joiners is LateJoiners.WAIT
    for key, is_written, what in (
        ("insiders", draft.file.insiders, "insiders hear first of a launch"),
        ("deals", draft.file.deals, "deals open with a launch"),
        ("late_joiners", waits, "late joiners wait for the launch"),
    ):
        if is_written and draft.document.is_sound(key):
            message = f"{what}, and this month has none (launch: none)"
            hint = f"delete {key}, or write the launch"
            yield draft.document.problem(
                ProblemCode.NO_LAUNCH, [key], message, hint=hint, severity=Severity.WARNING
            )


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
    launch = draft.launch
    paths: list[list[str]] = [["launch", "deal"]] if launch.deal else []
    for key, email in launch.emails.items():
        if RecipientGroup.INSIDERS in email.to:
            paths.append(["launch", "emails", key, "to"])
    for path in paths:
        message = "this is for insiders, but the campaign has no list of them"
        hint = "add insiders: with list: and the name of their list"
        yield draft.document.problem(ProblemCode.NO_INSIDERS, path, message, hint=hint)


def _id_is_free(draft: CampaignDraft) -> Iterator[Problem]:
    if draft.file.id == _DESK:
        message = "/dashboard/desk is the reply desk: the dashboard cannot show this campaign"
        hint = "if nothing was sent yet, choose another id"
        severity = Severity.WARNING
        yield draft.document.problem(
            ProblemCode.RESERVED_KEY, ["id"], message, hint=hint, severity=severity
        )


def _email_keys_are_free(draft: CampaignDraft) -> Iterator[Problem]:
    for key in draft.launch.emails:
        if key in RESERVED_KEYS or key.startswith("day-"):
            message = f"{key} already means something else"
            hint = "choose another key, like reminder"
            yield draft.document.problem(
                ProblemCode.RESERVED_KEY, ["launch", "emails", key], message, hint=hint
            )


def _recipients_are_possible(draft: CampaignDraft) -> Iterator[Problem]:
    for key, email in draft.launch.emails.items():
        path = ["launch", "emails", key, "to"]
        both = {RecipientGroup.BOUGHT, RecipientGroup.NOT_BOUGHT} <= set(email.to)
        if (both or not email.to) and draft.document.is_sound(*path):
            message = f"no subscriber can get {key}"
            hint = "all words must hold at once"
            yield draft.document.problem(ProblemCode.RECIPIENTS, path, message, hint=hint)


def _deadlines_lie_ahead(draft: CampaignDraft) -> Iterator[Problem]:
    file = draft.file
    launch = draft.sound_instant(point=None) if file.launch else None
    start = draft.sound_instant(point=Point(day=1, at=file.sending.at))
    written = (
        ("insiders", file.insiders.until if file.insiders else None),
        ("catch_up", file.catch_up.until if file.catch_up else None),
    )
    for group, point in written:
        until = draft.sound_instant(group, "until", point=point)
        if not (point and until and start):
            continue
        if until < start:
            message = "this is before the first day of the campaign"
            hint = f"the campaign starts on {file.start}"
        elif group == "insiders" and launch and until < launch:
            message = "insiders who join between this time and the launch hear with everyone"
            hint = "to let it move with the launch, write until: launch"
        else:
            continue
        yield draft.document.problem(
            ProblemCode.UNTIL, [group, "until"], message, hint=hint, severity=Severity.WARNING
        )


def _launch_emails_wait_for_the_launch(draft: CampaignDraft) -> Iterator[Problem]:
    doors = draft.sound_instant(point=None)
    for key, email in draft.launch.emails.items():
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
    if draft.file.replies.voice:
        named.append((["replies", "voice"], draft.file.replies.voice, FileKind.COPY))
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


def _words_are_whole(draft: CampaignDraft) -> Iterator[Problem]:
    if draft.document.is_sound("language") and draft.document.is_sound("languages"):
        yield from find_word_problems(draft.workspace, draft.languages)


def _default_language_comes_first(draft: CampaignDraft) -> Iterator[Problem]:
    document, language = draft.document, draft.file.language
    is_written = document.tree.has(["language"]) and document.is_sound("language")
    if is_written and document.is_sound("languages") and language != draft.languages[0]:
        message = f"language is {language}, and the first of languages is {draft.languages[0]}"
        hint = "delete language: the first of languages is the default"
        yield document.problem(ProblemCode.SET_TWICE, ["language"], message, hint=hint)


def _lateness_leaves_time_to_send(draft: CampaignDraft) -> Iterator[Problem]:
    for group, late_after, usual in (
        ("sending", draft.file.sending.late_after, "20h"),
        ("launch", draft.launch.late_after, "24h"),
    ):
        path = [group, "late_after"]
        if late_after < _SHORTEST_LATENESS and draft.document.is_sound(*path):
            message = "readers whose turn comes later than this do not get the email"
            hint = f"an hourly cron job and a long list need hours: {usual} is usual"
            yield draft.document.problem(
                ProblemCode.DURATION, path, message, hint=hint, severity=Severity.WARNING
            )


_RULES: tuple[Rule, ...] = (
    *DEAL_RULES,
    *INVITATION_RULES,
    _day_numbers_are_of_the_month,
    _launch_follows_the_days,
    _lateness_leaves_time_to_send,
    _skipped_days_have_no_settings,
    _early_access_is_early,
    _moved_launches_take_their_times_along,
    _months_without_a_launch_sell_nothing,
    _must_have_days_are_sent,
    _catch_up_has_days,
    _insiders_have_a_list,
    _id_is_free,
    _email_keys_are_free,
    _recipients_are_possible,
    _deadlines_lie_ahead,
    _launch_emails_wait_for_the_launch,
    _named_files_exist,
    _default_template_exists,
    _words_are_whole,
    _default_language_comes_first,
)
