"""Validation of the sign-up form, against typos and bots."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from weakref import WeakKeyDictionary

from lovecampaign.audience.address import reachable_key, suggest_address
from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.campaign.words.locale import base_language
from lovecampaign.store.database.engine import Database
from lovecampaign.store.ledger.campaigns import find_campaign, record_campaign
from lovecampaign.store.signup.request import SignupForm, SignupRequest, request_signup
from lovecampaign.web.serve.content.zones import parse_zone
from lovecampaign.web.serve.handler.consent import consent_text
from lovecampaign.web.serve.handler.request_context import NotFound, RequestContext

#: Faster forms come from bots.
MIN_FILL_TIME = timedelta(seconds=2)
#: A hidden field, which only bots fill in.
HONEYPOT = "topic"
MAX_NAME_LENGTH = 80
MAX_ADDRESS_LENGTH = 320
#: Cached campaign ids, by database.
_CAMPAIGN_IDS: WeakKeyDictionary[Database, dict[str, int]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinForm:
    """A form as it was filled in, and its first error."""

    email: str = ""
    first_name: str = ""
    timezone: str = ""
    #: The URL of the form's page.
    source: str = ""
    #: The normalised address; None for an invalid one.
    key: str | None = None
    #: The address that was probably meant; None without a typo.
    meant: str | None = None
    #: The error's text, ``join.wrong.KEY``; None for a valid form.
    wrong: str | None = None

    @property
    def is_about_address(self) -> bool:
        return self.wrong in ("address", "typo")


def token_purpose(list_name: str, *, is_shown_again: bool = False) -> str:
    """Of the form tokens of a list."""
    return f"join {list_name} {'once more' if is_shown_again else ''}".rstrip()


def campaign_of(context: RequestContext) -> Campaign:
    """The campaign of the path's ``list``; raises NotFound."""
    campaign = context.site.campaigns.for_list(context.part("list"), context.now)
    if campaign is None:
        raise NotFound
    return campaign


def read_form(context: RequestContext, campaign: Campaign) -> JoinForm:
    """Validates the fields in order."""
    form = context.form
    email = one_line(form.get("email", ""), MAX_ADDRESS_LENGTH)
    key = reachable_key(email)
    meant = suggest_address(key) if key else None
    return JoinForm(
        email=email,
        first_name=one_line(form.get("first_name", ""), MAX_NAME_LENGTH),
        timezone=parse_zone(form.get("timezone", "")),
        source=_source(context),
        key=key,
        meant=meant,
        wrong=_find_wrong(context, campaign, key, meant),
    )


def is_from_bot(form: Mapping[str, str]) -> bool:
    """Whether the hidden field is filled in."""
    return bool(form.get(HONEYPOT))


def applicant_of(context: RequestContext, campaign: Campaign, form: JoinForm) -> SignupRequest:
    """The application of a valid form. Its result is only sent by mail."""
    if form.key is None:
        raise ValueError("the form has no valid address")
    translation = context.translation(campaign)
    consent = consent_text(translation, campaign, context.part("list"))
    application = SignupForm(
        list=context.part("list"),
        first_name=form.first_name,
        timezone=form.timezone,
        locale=_language_of_letters(context, campaign) or translation.language,
        consent_text=consent.text,
        consent_version=consent.version,
        form_url=form.source,
        ip=str(context.address),
        user_agent=user_agent(context),
    )
    return SignupRequest(
        address=form.email,
        key=form.key,
        form=application,
        campaign_id=campaign_id_of(context.site.database, campaign),
    )


def _language_of_letters(context: RequestContext, campaign: Campaign) -> str | None:
    """The first of the campaign's languages that the visitor accepts, where it has several.

    The page may be in one that they like better, and that the campaign does not write in.
    """
    written = {base_language(one): one for one in reversed(campaign.languages)}
    accepted = (written.get(base_language(one)) for one in context.accepted_languages)
    return next(filter(None, accepted), None) if len(campaign.languages) > 1 else None


def submit_application(
    context: RequestContext, campaign: Campaign, email: str, key: str, application: SignupForm
) -> None:
    """Queue the confirmation, and wake the mailer."""
    database = context.site.database
    campaign_id = campaign_id_of(database, campaign)
    request_signup(database, email, key, application, campaign_id, context.now)
    context.site.mailer.wake()


def campaign_id_of(database: Database, campaign: Campaign) -> int:
    """The id of the campaign's row, which is created where it is missing; cached."""
    ids = _CAMPAIGN_IDS.setdefault(database, {})
    if campaign.id not in ids:
        record = find_campaign(database, campaign) or record_campaign(database, campaign)
        ids[campaign.id] = record.id
    return ids[campaign.id]


def user_agent(context: RequestContext) -> str:
    return one_line(context.request.headers.get("user-agent", ""), 300)


def one_line(text: str, most: int) -> str:
    """Input of a text field: without line breaks, no longer than ``most``."""
    printable = text[: most * 4]
    if not printable.isprintable():
        printable = "".join(
            character if character.isprintable() else " " for character in printable
        )
    return " ".join(printable.split())[:most]


def _find_wrong(
    context: RequestContext, campaign: Campaign, key: str | None, meant: str | None
) -> str | None:
    if key is None:
        return "address"
    if meant is not None and context.form.get("sure") != key:
        return "typo"
    list_name = context.part("list")
    token_error = _check_token(context, list_name)
    if token_error is not None:
        return token_error
    consent = consent_text(context.translation(campaign), campaign, list_name)
    return None if context.form.get("version") == consent.version else "changed"


def _check_token(context: RequestContext, list_name: str) -> str | None:
    """A form that is shown again has no minimum time."""
    if context.age_of_form(token_purpose(list_name, is_shown_again=True)) is not None:
        return None
    open_for = context.age_of_form(token_purpose(list_name))
    if open_for is None:
        return "once_more"
    return "quick" if open_for < MIN_FILL_TIME else None


def _source(context: RequestContext) -> str:
    """The form's page, as proof of consent: its own field, else the Referer."""
    url = context.form.get("source") or context.request.headers.get("referer", "")
    return one_line(url, 500) if url.startswith(("https://", "http://")) else ""
