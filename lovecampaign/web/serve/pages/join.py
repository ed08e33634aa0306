"""``/join/LIST``: how does somebody ask for the letters?

The answer is the same whether or not we know the address, and so is the time that it takes.
Forms that come while others are written down wait for them, and are written down together. A
form that stands on another site may be sent here too: as JSON by its script, or as plain HTML.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.schedule.instants import effective_zone
from lovecampaign.store.signup.request import SignupRequest, request_signups
from lovecampaign.web.serve.content.zones import regions
from lovecampaign.web.serve.handler.batching import Crowd
from lovecampaign.web.serve.handler.consent import consent_text
from lovecampaign.web.serve.handler.handler import FOR_BACK, Visit, page
from lovecampaign.web.serve.handler.site import Site
from lovecampaign.web.serve.http.request_body import BodyKind
from lovecampaign.web.serve.pages.join_form import (
    TRAP,
    JoinForm,
    applicant_of,
    campaign_of,
    is_of_a_program,
    purpose_of,
    read_form,
)

#: Any site may read what an embedded form is answered; no cookie of ours is there to be used.
FROM_ANYWHERE = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A form that can be taken."""

    visit: Visit
    campaign: Campaign
    applicant: SignupRequest


def routes(site: Site) -> Sequence[BaseRoute]:
    join = Crowd(read=read, take=take).answer
    return [
        page(site, "/join/{list}", get=show_form, together=join, takes=BodyKind.OPEN_FORM),
        page(site, "/join/{list}/sent", get=show_sent),
    ]


def show_form(visit: Visit) -> Response:
    return _form_page(visit, campaign_of(visit), JoinForm())


def show_sent(visit: Visit) -> Response:
    """What everybody reads who asked, whatever came of it."""
    return visit.plain_page("join_sent.html", campaign_of(visit))


def read(visit: Visit) -> Wish | Response:
    """The form, or the same form again with what is to be done."""
    campaign = campaign_of(visit)
    if is_of_a_program(visit.form):
        return _look_into_mailbox(visit, campaign)  # it learns nothing
    if not visit.is_within_limits("join"):
        return _too_often(visit, campaign)
    form = read_form(visit, campaign)
    if form.wrong is not None:
        return _again(visit, campaign, form)
    applicant = applicant_of(visit, campaign, form)
    return Wish(visit=visit, campaign=campaign, applicant=applicant)


def take(wishes: Sequence[Wish]) -> Sequence[Response]:
    """Queue what each gets, in one commit, and wake who sends it."""
    newest = wishes[-1].visit
    request_signups(newest.site.database, [wish.applicant for wish in wishes], newest.now)
    newest.site.post.wake()
    return [_look_into_mailbox(wish.visit, wish.campaign) for wish in wishes]


def _form_page(visit: Visit, campaign: Campaign, form: JoinForm, status: int = 200) -> Response:
    name = visit.part("list")
    wording = visit.wording(campaign)
    answer = visit.page(
        "join.html",
        campaign,
        status,
        form=form,
        is_for_insiders=name != campaign.audience.list,
        consent=consent_text(wording, campaign, name),
        seal=visit.seal(purpose_of(name, is_shown_again=form.wrong is not None)),
        slip=form.is_about_address,
        trap=TRAP,
        regions=regions(),
        default_zone=effective_zone(None, campaign),
    )
    if form.wrong is not None:
        answer.headers["Cache-Control"] = FOR_BACK
    return answer


def _again(visit: Visit, campaign: Campaign, form: JoinForm) -> Response:
    """The same form, with what was typed and a word about what is missing."""
    if not _wants_json(visit):
        return _form_page(visit, campaign, form, 422 if form.is_about_address else 200)
    wording = visit.wording(campaign)
    consent = consent_text(wording, campaign, visit.part("list"))
    said = {
        "ok": False,
        "words": wording(f"join.wrong.{form.wrong}", meant=form.meant or ""),
        "is_about_address": form.is_about_address,
        "sure": form.key if form.wrong == "slip" else "",
        "seal": visit.seal(purpose_of(visit.part("list"), is_shown_again=True)),
        "version": consent.version,
        "consent": consent.text,
    }
    return _json(said, 422 if form.is_about_address else 200)


def _look_into_mailbox(visit: Visit, campaign: Campaign) -> Response:
    """The one answer to whoever asks: known or not, on the list or not."""
    if _wants_json(visit):
        wording = visit.wording(campaign)
        words = wording("join.sent.words", sender=campaign.sender.email)
        after = wording("join.sent.next", reply_to=campaign.sender.reply_to)
        said = {"ok": True, "title": wording("join.sent.title"), "words": words, "next": after}
        return _json(said)
    return visit.show_next(f"/join/{quote(visit.part('list'), safe='')}/sent")


def _too_often(visit: Visit, campaign: Campaign) -> Response:
    if _wants_json(visit):
        words = visit.wording(campaign)("trouble.too_often.words")
        return _json({"ok": False, "words": words}, 429)
    return visit.say("trouble.too_often", campaign, 429)


def _wants_json(visit: Visit) -> bool:
    return "application/json" in visit.request.headers.get("accept", "")


def _json(said: Mapping[str, object], status: int = 200) -> Response:
    return JSONResponse(said, status_code=status, headers=FROM_ANYWHERE)
