"""``/h/TOKEN``: a request for help, which opens a case; opened by ``[[help: …]]`` of an email.

An email may be forwarded: before its button the page says the same to all, and the answer goes to
the subscriber's own mailbox.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute

from lovecampaign.campaign.words.locale import choose_language
from lovecampaign.core.control_characters import drop_control_characters
from lovecampaign.core.tokens import Purpose
from lovecampaign.delivery.desk.help_request import request_help
from lovecampaign.delivery.desk.promise import promised_at
from lovecampaign.delivery.desk.team import case_owner
from lovecampaign.render.markup.actions import find_action
from lovecampaign.schedule.instants import effective_zone
from lovecampaign.store.dialogue.desk.cases import find_open_case
from lovecampaign.web.serve.content.masking import mask_address
from lovecampaign.web.serve.handler.open_link import OpenedLink, open_link
from lovecampaign.web.serve.handler.request_context import RequestContext, page
from lovecampaign.web.serve.handler.site import Site
from lovecampaign.web.serve.pages.signup.join_form import HONEYPOT, is_from_bot

#: Of each of the two fields.
MAX_TEXT = 2000
#: Names of the fields, and of their questions: the texts ``help.NAME``.
QUESTIONS = ("what", "wish")
#: Query parameter with a form token: a case is open.
SENT = "sent"


def routes(site: Site) -> Sequence[BaseRoute]:
    return [page(site, "/h/{token}", get=show, post=act)]


def show(context: RequestContext) -> Response:
    link = open_link(context, Purpose.HELP)
    age = context.site.form_tokens.age(_sent(link), context.query(SENT), context.now)
    if age is None:
        return _ask(context, link, dict.fromkeys(QUESTIONS, ""))
    with context.site.database.read() as connection:
        opened = find_open_case(connection, link.delivery.subscriber_id)
    owner = opened.owner if opened else case_owner(link.campaign)
    return context.page(
        "heroes/helped.html", link.campaign, **_promise(link, owner, context.now - age)
    )


def act(context: RequestContext) -> Response:
    """Open a case; words that are too long, or typed long ago, are shown again."""
    link = open_link(context, Purpose.HELP)
    if is_from_bot(context.form):
        return _show_sent(context, link)  # a bot learns nothing
    if not context.is_within_limits("help"):
        return context.say("error.too_often", link.campaign, 429)
    typed = {name: _words(context.form.get(name, "")) for name in QUESTIONS}
    if any(len(text) > MAX_TEXT for text in typed.values()):
        return _ask(context, link, typed, wrong="long")
    if context.age_of_form(_purpose(link)) is None:
        return _ask(context, link, typed, wrong="expired")
    t = context.translation(link.campaign)
    filled = [f"{t(f'help.{name}')}\n{text}" for name, text in typed.items() if text]
    with context.site.database.write() as connection:
        request_help(
            connection,
            link.campaign,
            link.delivery,
            _words_of_button(context, link) or t("help.title"),
            "\n\n".join(filled),
            context.now,
        )
    return _show_sent(context, link)


def _ask(
    context: RequestContext, link: OpenedLink, typed: dict[str, str], wrong: str | None = None
) -> Response:
    return context.page(
        "heroes/help.html",
        link.campaign,
        422 if wrong else 200,
        questions=QUESTIONS,
        typed=typed,
        wrong=wrong,
        has_error=wrong is not None,
        form_token=context.form_token(_purpose(link)),
        trap=HONEYPOT,
        longest_text=MAX_TEXT,
        **_promise(link, case_owner(link.campaign), context.now),
    )


def _promise(link: OpenedLink, owner: str, start: datetime) -> dict[str, Any]:
    """Who answers, where to, and by when."""
    return {
        "owner": owner,
        "address": mask_address(link.delivery.address),
        "by": promised_at(link.campaign, start),
        "zone": effective_zone(link.delivery.timezone, link.campaign),
    }


def _show_sent(context: RequestContext, link: OpenedLink) -> Response:
    return context.show_next(f"/h/{link.token}", **{SENT: context.form_token(_sent(link))})


def _words_of_button(context: RequestContext, link: OpenedLink) -> str | None:
    """As the files have them now, in the subscriber's language."""
    languages = link.campaign.languages or (link.campaign.language,)
    campaign = link.campaign.in_language(choose_language(languages, link.delivery.language))
    email = campaign.find_email(context.query("day") or link.delivery.email_key)
    return find_action(email.copy.text, "help") if email else None


def _words(typed: str) -> str:
    return drop_control_characters(typed.replace("\r\n", "\n")).strip()


def _purpose(link: OpenedLink) -> str:
    """Of the page's form token."""
    return f"help {link.token}"


def _sent(link: OpenedLink) -> str:
    return f"{SENT} {_purpose(link)}"
