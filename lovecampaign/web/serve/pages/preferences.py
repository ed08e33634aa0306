"""``/p/TOKEN``: the preferences page.

An email may be forwarded, and this link with it: the page shows a first name and a masked address,
no fields and no history. Personal data needs a link sent to the subscriber's own mailbox
(``mailed_links.py``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.engine import Connection
from starlette.responses import Response
from starlette.routing import BaseRoute

from lovecampaign.campaign.words.locale import choose_language, own_name
from lovecampaign.core.tokens import Purpose
from lovecampaign.core.zones import current_name
from lovecampaign.schedule.instants import effective_zone
from lovecampaign.store.ledger.transactional_mail import TransactionalKind
from lovecampaign.store.reports.next_email import find_next_email
from lovecampaign.store.signup.insiders import InsiderStatus, read_insider_status
from lovecampaign.store.signup.mailed_links import request_link
from lovecampaign.store.signup.unsubscribe import is_unsubscribed
from lovecampaign.store.subscribers.preferences import (
    Preferences,
    save_personal_data,
    save_preferences,
)
from lovecampaign.web.serve.content.masking import mask_address
from lovecampaign.web.serve.content.zones import parse_zone, regions_with
from lovecampaign.web.serve.handler.open_link import OpenedLink, UnknownRow, load_link, read_token
from lovecampaign.web.serve.handler.request_context import RequestContext, page
from lovecampaign.web.serve.handler.site import Site
from lovecampaign.web.serve.pages.every_day import (
    EVERY_DAY,
    choose_every_day,
    read_choice,
    show_every_day,
)
from lovecampaign.web.serve.pages.insiders import WANTED, join_insiders_list, show_insiders
from lovecampaign.web.serve.pages.mailed_links import act_on_mailed, show_mailed
from lovecampaign.web.serve.pages.signup.join_form import MAX_NAME_LENGTH, one_line
from lovecampaign.web.serve.pages.unknown_link import show_unknown

#: Values of the field ``do`` that request a link by mail.
MAILED = {
    "download": TransactionalKind.DOWNLOAD,
    "forget": TransactionalKind.FORGET,
    "move": TransactionalKind.MOVE,
}
#: Value of ``do`` that ends a pause.
GO_ON = "go-on"
#: Query parameters with a token: what has just been done.
SAVED, MAIL_SENT = "saved", "sent"
#: Twice the length of a month; for longer, unsubscribing is better.
LONGEST_PAUSE = timedelta(days=60)
#: Value of the field ``often``; the other is ``every-day``.
LAUNCH_ONLY = "launch"


@dataclass(frozen=True, slots=True, kw_only=True)
class PreferencesForm:
    """The form, as it is shown or was filled in."""

    is_launch_only: bool
    paused_until: datetime | None
    first_name: str
    timezone: str
    #: One of the campaign's; None for a campaign with a single one: the known one is kept.
    language: str | None
    #: The length of a new pause, as typed; '' for none, or to keep the current one.
    days: str = ""
    #: The error's text, ``preferences.wrong.KEY``; None for a valid form.
    wrong: str | None = None


def routes(site: Site) -> Sequence[BaseRoute]:
    return [page(site, "/p/{token}", get=show, post=act)]


def show(context: RequestContext) -> Response:
    token = read_token(context, Purpose.LINKS, Purpose.MAILED)
    if token.purpose is Purpose.MAILED:
        return show_mailed(context, token.row)
    try:
        link = load_link(context, token)
    except UnknownRow:
        return show_unknown(context, token)
    if context.query(EVERY_DAY):
        return show_every_day(context, link)
    if context.query(WANTED):
        return show_insiders(context, link)
    if context.was_redirected_with(_token_purpose(link, MAIL_SENT), MAIL_SENT):
        address = mask_address(link.delivery.address)
        return context.say("preferences.mailed", link.campaign, address=address)
    is_saved = context.was_redirected_with(_token_purpose(link, SAVED), SAVED)
    with context.site.database.read() as connection:
        preferences = read_choice(context, connection, link)
        form = PreferencesForm(
            is_launch_only=preferences.is_launch_only,
            paused_until=preferences.paused_until,
            first_name=link.delivery.first_name,
            timezone=current_name(link.delivery.timezone),
            language=_language_of(link),
        )
        return _show(context, connection, link, form, is_saved=is_saved)


def act(context: RequestContext) -> Response:
    token = read_token(context, Purpose.LINKS, Purpose.MAILED)
    if token.purpose is Purpose.MAILED:
        return act_on_mailed(context, token.row)
    try:
        link = load_link(context, token)
    except UnknownRow:
        return show_unknown(context, token)
    return _act(context, link)


def _act(context: RequestContext, link: OpenedLink) -> Response:
    action = context.form.get("do", "")
    if action == WANTED:
        return join_insiders_list(context, link)
    if action == EVERY_DAY:
        return choose_every_day(context, link)
    if action in MAILED:
        return _mail_link(context, link, MAILED[action])
    with context.site.database.write() as connection:
        before = read_choice(context, connection, link)
        if action == GO_ON:
            _save(connection, link, replace(before, paused_until=None))
            return _show_done(context, link, SAVED)
        zone, language = link.delivery.timezone, _language_of(link)
        form = read_preferences_form(context.form, before, zone, language, context.now)
        if form.wrong is not None:
            return _show(context, connection, link, form, status=422)
        wanted = Preferences(is_launch_only=form.is_launch_only, paused_until=form.paused_until)
        _save(connection, link, wanted)
        save_personal_data(
            connection,
            link.delivery.subscriber_id,
            context.now,
            first_name=form.first_name,
            timezone=form.timezone,
            language=_chosen_language(context, link),
        )
    return _show_done(context, link, SAVED)


def _language_of(link: OpenedLink) -> str | None:
    """The language of the subscriber's emails, where there are several."""
    languages = link.campaign.languages
    return choose_language(languages, link.delivery.language) if len(languages) > 1 else None


def _chosen_language(context: RequestContext, link: OpenedLink) -> str | None:
    """One of the campaign's languages, else the known one."""
    chosen = context.form.get("language")
    return chosen if chosen in link.campaign.languages else link.delivery.language


def read_preferences_form(
    form: Mapping[str, str],
    before: Preferences,
    zone: str,
    language: str | None,
    now: datetime,
) -> PreferencesForm:
    """Validates a form; without a new pause, zone or language, the current one is kept.

    A pause of N days leaves out N daily emails, at whatever time of day it begins.
    """
    days = one_line(form.get("days", ""), 10)
    length = _read_days(days)
    return PreferencesForm(
        is_launch_only=form.get("often") == LAUNCH_ONLY,
        paused_until=now + length if length else before.paused_until,
        first_name=one_line(form.get("first_name", ""), MAX_NAME_LENGTH),
        timezone=parse_zone(form.get("timezone", zone), zone),
        language=form.get("language", language) if language else None,
        days=days if length is None else "",
        wrong="days" if length is None else None,
    )


def _read_days(typed: str) -> timedelta | None:
    """None for an invalid number of days; an empty field is no pause."""
    if not typed:
        return timedelta(0)
    if not (typed.isascii() and typed.isdecimal() and len(typed) < 4):
        return None
    days = timedelta(days=int(typed))
    return days if timedelta(0) < days <= LONGEST_PAUSE else None


def _save(connection: Connection, link: OpenedLink, wanted: Preferences) -> None:
    save_preferences(connection, link.delivery.campaign_id, link.delivery.subscriber_id, wanted)


def _show_done(context: RequestContext, link: OpenedLink, done: str) -> Response:
    is_done = context.form_token(_token_purpose(link, done))
    return context.show_next(f"/p/{link.token}", **{done: is_done})


def _token_purpose(link: OpenedLink, done: str) -> str:
    return f"{done} {link.token}"


def _mail_link(context: RequestContext, link: OpenedLink, kind: TransactionalKind) -> Response:
    """The response is the same where no further link is sent, after several requests."""
    delivery, campaign = link.delivery, link.campaign
    if not context.is_within_limits("link by mail"):
        return context.say("error.too_often", campaign, 429)
    with context.site.database.write() as connection:
        request_link(connection, kind, delivery.subscriber_id, delivery.campaign_id, context.now)
    context.site.mailer.wake()
    return _show_done(context, link, MAIL_SENT)


def _show(
    context: RequestContext,
    connection: Connection,
    link: OpenedLink,
    form: PreferencesForm,
    *,
    is_saved: bool = False,
    status: int = 200,
) -> Response:
    campaign, delivery, now = link.campaign, link.delivery, context.now
    standing = read_insider_status(connection, campaign, delivery, now)
    letter = None
    if is_saved:
        letter = find_next_email(connection, campaign, delivery.subscriber_id, now)
    return context.page(
        "preferences/form.html",
        campaign,
        status,
        form=form,
        is_saved=is_saved,
        letter=letter,
        name=form.first_name if is_saved else delivery.first_name,
        has_error=form.wrong is not None,
        is_unsubscribed=is_unsubscribed(connection, delivery, campaign.lists),
        may_join_insiders=standing is InsiderStatus.OPEN,
        address=mask_address(delivery.address),
        token=link.token,
        regions=regions_with(form.timezone, context.translation(campaign).language),
        languages={each: own_name(each) for each in campaign.languages},
        default_zone=effective_zone(None, campaign),
        zone=effective_zone(form.timezone or None, campaign),
        longest_pause=LONGEST_PAUSE.days,
    )
