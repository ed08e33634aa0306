"""What does a form say that asks to join, and can it be taken?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from weakref import WeakKeyDictionary

from lovecampaign.audience.address import reachable_key, suggest_address
from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.store.database.engine import Database
from lovecampaign.store.ledger.campaigns import find_campaign, record_campaign
from lovecampaign.store.signup.request import SignupForm, SignupRequest, request_signup
from lovecampaign.web.serve.content.zones import chosen_zone
from lovecampaign.web.serve.handler.consent import consent_text
from lovecampaign.web.serve.handler.handler import NotFound, Visit

#: People read before they press; programs don't.
LEAST_SECONDS = timedelta(seconds=2)
#: A field that nobody sees. Whoever fills it in is a program.
TRAP = "topic"
MOST_LETTERS_OF_A_NAME = 80
MOST_LETTERS_OF_AN_ADDRESS = 320
#: The rows of the campaigns that were asked for, while their database is open.
_ROWS: WeakKeyDictionary[Database, dict[str, int]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinForm:
    """A form as it was filled in, and what keeps it from being taken."""

    email: str = ""
    first_name: str = ""
    timezone: str = ""
    #: Where the form stood.
    source: str = ""
    #: The normalised address; None where it is none.
    key: str | None = None
    #: What the visitor probably meant; None where nothing looks like a slip.
    meant: str | None = None
    #: Which text says what is to be done: ``join.wrong.KEY``; None: it can be taken.
    wrong: str | None = None

    @property
    def is_about_address(self) -> bool:
        return self.wrong in ("address", "slip")


def purpose_of(list_name: str, *, is_shown_again: bool = False) -> str:
    """What the seal of a list's forms is for."""
    return f"join {list_name} {'once more' if is_shown_again else ''}".rstrip()


def campaign_of(visit: Visit) -> Campaign:
    """The campaign of the path's ``list``; raises NotFound."""
    campaign = visit.site.campaigns.for_list(visit.part("list"), visit.now)
    if campaign is None:
        raise NotFound
    return campaign


def read_form(visit: Visit, campaign: Campaign) -> JoinForm:
    """What was sent, judged from the first field to the last."""
    form = visit.form
    email = one_line(form.get("email", ""), MOST_LETTERS_OF_AN_ADDRESS)
    key = reachable_key(email)
    meant = suggest_address(key) if key else None
    return JoinForm(
        email=email,
        first_name=one_line(form.get("first_name", ""), MOST_LETTERS_OF_A_NAME),
        timezone=chosen_zone(form.get("timezone", "")),
        source=_source(visit),
        key=key,
        meant=meant,
        wrong=_find_wrong(visit, campaign, key, meant),
    )


def is_of_a_program(form: Mapping[str, str]) -> bool:
    """Whether the field is filled in that nobody sees."""
    return bool(form.get(TRAP))


def applicant_of(visit: Visit, campaign: Campaign, form: JoinForm) -> SignupRequest:
    """Who hands in a form that can be taken. What comes of it, only the mail tells."""
    if form.key is None:
        raise ValueError("a form without an address cannot be taken")
    wording = visit.wording(campaign)
    consent = consent_text(wording, campaign, visit.part("list"))
    application = SignupForm(
        list=visit.part("list"),
        first_name=form.first_name,
        timezone=form.timezone,
        locale=wording.language,
        consent_text=consent.text,
        consent_version=consent.version,
        form_url=form.source,
        ip=str(visit.address),
        user_agent=user_agent(visit),
    )
    return SignupRequest(
        address=form.email,
        key=form.key,
        form=application,
        campaign_id=campaign_id_of(visit.site.database, campaign),
    )


def hand_in(
    visit: Visit, campaign: Campaign, email: str, key: str, application: SignupForm
) -> None:
    """Queue the answer, and wake who sends it."""
    database = visit.site.database
    campaign_id = campaign_id_of(database, campaign)
    request_signup(database, email, key, application, campaign_id, visit.now)
    visit.site.post.wake()


def campaign_id_of(database: Database, campaign: Campaign) -> int:
    """The campaign's row, made where the ledger has not met it. Asked once: it never changes."""
    known = _ROWS.setdefault(database, {})
    if campaign.id not in known:
        record = find_campaign(database, campaign) or record_campaign(database, campaign)
        known[campaign.id] = record.id
    return known[campaign.id]


def user_agent(visit: Visit) -> str:
    return one_line(visit.request.headers.get("user-agent", ""), 300)


def one_line(text: str, most: int) -> str:
    """What was typed into a line: without line breaks, and no longer than ``most``."""
    printable = text[: most * 4]
    if not printable.isprintable():
        printable = "".join(letter if letter.isprintable() else " " for letter in printable)
    return " ".join(printable.split())[:most]


def _find_wrong(visit: Visit, campaign: Campaign, key: str | None, meant: str | None) -> str | None:
    if key is None:
        return "address"
    if meant is not None and visit.form.get("sure") != key:
        return "slip"
    list_name = visit.part("list")
    slowness = _judge_seal(visit, list_name)
    if slowness is not None:
        return slowness
    consent = consent_text(visit.wording(campaign), campaign, list_name)
    return None if visit.form.get("version") == consent.version else "changed"


def _judge_seal(visit: Visit, list_name: str) -> str | None:
    """Whether the form is ours, and was read. Who was shown it once more has been slow enough."""
    if visit.age_of_form(purpose_of(list_name, is_shown_again=True)) is not None:
        return None
    open_for = visit.age_of_form(purpose_of(list_name))
    if open_for is None:
        return "once_more"
    return "quick" if open_for < LEAST_SECONDS else None


def _source(visit: Visit) -> str:
    """Where the form stood, as proof of the consent: as it says itself, else the Referer."""
    said = visit.form.get("source") or visit.request.headers.get("referer", "")
    is_address = said.startswith(("https://", "http://"))
    return one_line(said, 500) if is_address else ""
