"""``/join/LIST``: the sign-up form.

The response and its timing are the same whether or not we know the address. Concurrent forms share
one transaction. Forms embedded in other sites are posted here too: by the script, which gets JSON,
or as plain HTML.
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
from lovecampaign.web.serve.content.zones import regions_with
from lovecampaign.web.serve.handler.consent import consent_text
from lovecampaign.web.serve.handler.group_commit import GroupCommit
from lovecampaign.web.serve.handler.request_context import REVALIDATE, RequestContext, page
from lovecampaign.web.serve.handler.site import Site
from lovecampaign.web.serve.http.request_body import BodyKind
from lovecampaign.web.serve.pages.signup.join_form import (
    HONEYPOT,
    JoinForm,
    applicant_of,
    campaign_of,
    is_from_bot,
    read_form,
    token_purpose,
)

#: Any site may read the response to an embedded form; there is no cookie to misuse.
FROM_ANYWHERE = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinRequest:
    """A valid form."""

    context: RequestContext
    campaign: Campaign
    applicant: SignupRequest


def routes(site: Site) -> Sequence[BaseRoute]:
    join = GroupCommit(read=read, take=take).answer
    return [
        page(site, "/join/{list}", get=show_form, post_async=join, body=BodyKind.OPEN_FORM),
        page(site, "/join/{list}/sent", get=show_sent),
    ]


def show_form(context: RequestContext) -> Response:
    return _form_page(context, campaign_of(context), JoinForm())


def show_sent(context: RequestContext) -> Response:
    """The same for every address."""
    campaign = campaign_of(context)
    name = "waiting" if _mail_waits(context, campaign) else "sent"
    return context.plain_page(f"join/{name}.html", campaign)


def read(context: RequestContext) -> JoinRequest | Response:
    """A valid form, or the response to an invalid one."""
    campaign = campaign_of(context)
    if is_from_bot(context.form):
        return _check_mailbox(context, campaign)  # a bot learns nothing
    if not context.is_within_limits("join"):
        return _too_often(context, campaign)
    form = read_form(context, campaign)
    if form.wrong is not None:
        return _again(context, campaign, form)
    return JoinRequest(
        context=context, campaign=campaign, applicant=applicant_of(context, campaign, form)
    )


def take(requests: Sequence[JoinRequest]) -> Sequence[Response]:
    """Queue the confirmations in one commit, and wake the mailer."""
    newest = requests[-1].context
    request_signups(newest.site.database, [request.applicant for request in requests], newest.now)
    newest.site.mailer.wake()
    return [_check_mailbox(request.context, request.campaign) for request in requests]


def _form_page(
    context: RequestContext, campaign: Campaign, form: JoinForm, status: int = 200
) -> Response:
    name = context.part("list")
    translation = context.translation(campaign)
    answer = context.page(
        "join/form.html",
        campaign,
        status,
        form=form,
        mail_waits=_mail_waits(context, campaign),
        is_for_insiders=name != campaign.audience.list,
        consent=consent_text(translation, campaign, name),
        form_token=context.form_token(token_purpose(name, is_shown_again=form.wrong is not None)),
        has_error=form.is_about_address,
        trap=HONEYPOT,
        regions=regions_with(form.timezone, translation.language),
        default_zone=effective_zone(None, campaign),
    )
    if form.wrong is not None:
        answer.headers["Cache-Control"] = REVALIDATE
    return answer


def _mail_waits(context: RequestContext, campaign: Campaign) -> bool:
    return context.site.mailer.why_waiting(campaign.id) is not None


def _again(context: RequestContext, campaign: Campaign, form: JoinForm) -> Response:
    """The form with its input and what to correct."""
    if not _wants_json(context):
        return _form_page(context, campaign, form, 422 if form.is_about_address else 200)
    translation = context.translation(campaign)
    consent = consent_text(translation, campaign, context.part("list"))
    body = {
        "ok": False,
        "words": translation(f"join.wrong.{form.wrong}", meant=form.meant or ""),
        "is_about_address": form.is_about_address,
        "sure": form.key if form.wrong == "typo" else "",
        "seal": context.form_token(token_purpose(context.part("list"), is_shown_again=True)),
        "version": consent.version,
        "consent": consent.text,
    }
    return _json(body, 422 if form.is_about_address else 200)


def _check_mailbox(context: RequestContext, campaign: Campaign) -> Response:
    """The one response to a valid form, also for known addresses and members."""
    if _wants_json(context):
        translation = context.translation(campaign)
        name = "waits" if _mail_waits(context, campaign) else "words"
        words = translation(f"join.sent.{name}", sender=campaign.sender.email)
        after = translation("join.sent.next", reply_to=campaign.sender.reply_to)
        body = {"ok": True, "title": translation("join.sent.title"), "words": words, "next": after}
        return _json(body)
    return context.show_next(f"/join/{quote(context.part('list'), safe='')}/sent")


def _too_often(context: RequestContext, campaign: Campaign) -> Response:
    if _wants_json(context):
        words = context.translation(campaign)("error.too_often.words")
        return _json({"ok": False, "words": words}, 429)
    return context.say("error.too_often", campaign, 429)


def _wants_json(context: RequestContext) -> bool:
    return "application/json" in context.request.headers.get("accept", "")


def _json(body: Mapping[str, object], status: int = 200) -> Response:
    return JSONResponse(body, status_code=status, headers=FROM_ANYWHERE)
