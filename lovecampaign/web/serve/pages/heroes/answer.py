"""``/a/TOKEN``: a subscriber's answer to the question of a letter.

An email may be forwarded, and this link with it: it takes one answer and shows none. To read,
change or withdraw an answer needs a link sent to its writer's own mailbox; that link opens this
page too, and never expires.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.responses import Response
from starlette.routing import BaseRoute

from lovecampaign.campaign.model.campaign import Campaign, Role
from lovecampaign.campaign.words.locale import choose_language
from lovecampaign.core.tokens import Purpose, RowKey
from lovecampaign.render.markup.actions import find_action
from lovecampaign.render.model.content import Content
from lovecampaign.store.dialogue.stories.stories import (
    Story,
    StoryState,
    change,
    find_answer,
    find_story,
    request_story_link,
    save_answer,
    withdraw,
)
from lovecampaign.store.ledger.frozen_content import find_frozen
from lovecampaign.store.ledger.transactional_mail import STORY_ID, find_transactional
from lovecampaign.web.serve.content.masking import mask_address
from lovecampaign.web.serve.handler.open_link import (
    OpenedLink,
    load_link,
    note_unknown_row,
    read_token,
)
from lovecampaign.web.serve.handler.request_context import NotFound, RequestContext, page
from lovecampaign.web.serve.handler.site import Site
from lovecampaign.web.serve.pages.heroes.answer_form import (
    MAX_NAME,
    MAX_TEXT,
    AnswerForm,
    read_answer_form,
)
from lovecampaign.web.serve.pages.signup.join_form import HONEYPOT, is_from_bot

#: Query parameters with a form token: what has just been done.
SENT, MAIL_SENT, SAVED = "sent", "mailed", "saved"
#: Values of the field ``do``.
LINK, WITHDRAW = "link", "withdraw"


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedQuestion:
    """The question that a letter's link leads to."""

    link: OpenedLink
    #: Key of the day with the question.
    day: str
    text: str
    #: The query that names the day in a letter with several.
    query: dict[str, str]

    @property
    def path(self) -> str:
        return f"/a/{self.link.token}"

    @property
    def purpose(self) -> str:
        """Of the page's form tokens."""
        return f"answer {self.link.token} {self.day}"


def routes(site: Site) -> Sequence[BaseRoute]:
    return [page(site, "/a/{token}", get=show, post=act)]


def show(context: RequestContext) -> Response:
    token = read_token(context, Purpose.ANSWER, Purpose.STORY)
    if token.purpose is Purpose.STORY:
        return _show_story(context, *find_mailed_story(context, token.row), token.text)
    asked = _find_question(context, load_link(context, token))
    with context.site.database.read() as connection:
        written = find_answer(connection, asked.link.delivery, asked.day)
    if written is None:
        return _ask(context, asked, AnswerForm())
    return _show_answered(context, asked, written)


def act(context: RequestContext) -> Response:
    token = read_token(context, Purpose.ANSWER, Purpose.STORY)
    if token.purpose is Purpose.STORY:
        return _change(context, *find_mailed_story(context, token.row), token.text)
    return _answer(context, _find_question(context, load_link(context, token)))


def find_mailed_story(context: RequestContext, row: RowKey) -> tuple[Campaign, Story]:
    """The story of a link that was mailed to its writer; raises UnknownRow and NotFound."""
    with context.site.database.read() as connection:
        mail = find_transactional(connection, row)
        if mail is None:
            raise note_unknown_row(context)
        written = find_story(connection, mail.payload.get(STORY_ID, 0))
    campaign = context.site.campaigns.by_key(written.campaign_key) if written else None
    if written is None or campaign is None:
        raise NotFound
    return campaign, written


def _find_question(context: RequestContext, link: OpenedLink) -> AskedQuestion:
    """The question in the words that were sent; raises NotFound where a letter has none."""
    own = link.delivery.email_key
    wanted = context.query("day") or own
    email = link.campaign.find_email(wanted)
    has_days = link.email is None or link.email.role in (Role.CATCH_UP, Role.WELCOME)
    if wanted != own and (email is None or email.role is not Role.DAY or not has_days):
        raise NotFound
    with context.site.database.read() as connection:
        frozen = find_frozen(connection, link.delivery.email_id)
    copies = [] if email is None else [email.copy.text]
    if frozen is not None:
        content = Content.from_json(frozen.content)
        languages = (content.language, *content.translations)
        language = choose_language(languages, link.delivery.language)
        sent = content.translations.get(language, content)
        copies = [*(one.copy.text for one in sent.authored if one.key == wanted), *copies]
    question = next(filter(None, (find_action(copy, "answer") for copy in copies)), None)
    if question is None:
        raise NotFound
    query = {"day": wanted} if wanted != own else {}
    return AskedQuestion(link=link, day=wanted, text=question, query=query)


def _answer(context: RequestContext, asked: AskedQuestion) -> Response:
    link, now = asked.link, context.now
    if is_from_bot(context.form):
        return _show_next(context, asked, SENT)  # a bot learns nothing
    if not context.is_within_limits("answer"):
        return context.say("error.too_often", link.campaign, 429)
    with context.site.database.write() as connection:
        written = find_answer(connection, link.delivery, asked.day)
        if written is not None and context.form.get("do") == LINK:
            request_story_link(connection, written, now)
        elif written is None:
            is_expired = context.age_of_form(asked.purpose) is None
            form = read_answer_form(context.form, is_expired=is_expired)
            if form.wrong is not None:
                return _ask(context, asked, form)
            save_answer(connection, link.delivery, asked.day, asked.text, form.draft, now)
    if written is None or context.form.get("do") != LINK:
        return _show_next(context, asked, SENT)
    context.site.mailer.wake()
    return _show_next(context, asked, MAIL_SENT)


def _show_next(context: RequestContext, asked: AskedQuestion, done: str) -> Response:
    token = context.form_token(f"{done} {asked.purpose}")
    return context.show_next(asked.path, **asked.query, **{done: token})


def _ask(context: RequestContext, asked: AskedQuestion, form: AnswerForm) -> Response:
    return context.page(
        "heroes/answer.html",
        asked.link.campaign,
        422 if form.wrong else 200,
        question=asked.text,
        form=form,
        story=None,
        is_saved=False,
        **_form_names(context, asked.purpose, form),
    )


def _show_answered(context: RequestContext, asked: AskedQuestion, written: Story) -> Response:
    """Says that there is an answer, and never what it is."""
    done = {name: f"{name} {asked.purpose}" for name in (SENT, MAIL_SENT)}
    return context.page(
        "heroes/answered.html",
        asked.link.campaign,
        question=asked.text,
        is_new=context.was_redirected_with(done[SENT], SENT),
        is_mailed=context.was_redirected_with(done[MAIL_SENT], MAIL_SENT),
        is_public=written.draft.is_public,
        address=mask_address(asked.link.delivery.address),
        answers_to=asked.path,
    )


def _change(context: RequestContext, campaign: Campaign, written: Story, token: str) -> Response:
    """The writer's own change, with a link from their mailbox."""
    if not context.is_within_limits("answer"):
        return context.say("error.too_often", campaign, 429)
    purpose = _story_purpose(token)
    if context.form.get("do") == WITHDRAW:
        context.require_form_token(purpose)
        with context.site.database.write() as connection:
            withdraw(connection, written.id, context.now, by_writer=True)
        return context.show_next(f"/a/{token}")
    form = read_answer_form(context.form, is_expired=context.age_of_form(purpose) is None)
    if form.wrong is not None:
        return _show_story(context, campaign, written, token, form)
    with context.site.database.write() as connection:
        change(connection, written, form.draft, context.now)
    return context.show_next(f"/a/{token}", **{SAVED: context.form_token(f"{SAVED} {token}")})


def _show_story(
    context: RequestContext,
    campaign: Campaign,
    written: Story,
    token: str,
    form: AnswerForm | None = None,
) -> Response:
    if written.state is StoryState.WITHDRAWN and not written.draft.text:
        return context.say("answer.withdrawn", campaign)
    form = form or AnswerForm(draft=written.draft)
    return context.page(
        "heroes/answer.html",
        campaign,
        422 if form.wrong else 200,
        question=written.question,
        form=form,
        story=written,
        is_saved=context.was_redirected_with(f"{SAVED} {token}", SAVED),
        **_form_names(context, _story_purpose(token), form),
    )


def _story_purpose(token: str) -> str:
    return f"story {token}"


def _form_names(context: RequestContext, purpose: str, form: AnswerForm) -> dict[str, object]:
    return {
        "form_token": context.form_token(purpose),
        "has_error": form.wrong is not None,
        "trap": HONEYPOT,
        "longest_text": MAX_TEXT,
        "longest_name": MAX_NAME,
    }
