"""``/dashboard/desk``: letters and cases that wait, and a letter beside the email it answers."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from starlette.responses import Response
from starlette.routing import BaseRoute

from lovecampaign.core.errors import ConfirmationNeeded
from lovecampaign.delivery.desk.history import HistoryEntry, read_history
from lovecampaign.delivery.desk.overview import promise, read_overview
from lovecampaign.delivery.desk.promise import step_dates
from lovecampaign.delivery.desk.write import NotToBeSent, answer_letter
from lovecampaign.store.dialogue.desk.cases import NewCase, open_case
from lovecampaign.store.dialogue.desk.letters import (
    DeskLetter,
    LetterState,
    close_letter,
    hand_over,
    list_attachments,
    list_letters,
    take_letter,
)
from lovecampaign.store.tables import subscriber
from lovecampaign.web.serve.dashboard.desk.desk_view import DeskView, desk_page, find_letter_of
from lovecampaign.web.serve.dashboard.view import DashboardState
from lovecampaign.web.serve.handler.request_context import FormRejected
from lovecampaign.web.serve.handler.site import Site

#: Closed and answered letters on the page; ``replies --all`` has all of them.
_MAX_DONE = 20


def routes(site: Site, state: DashboardState) -> Sequence[BaseRoute]:
    return [
        desk_page(site, state, "", get=show_desk),
        desk_page(site, state, "/{letter}", get=show_letter, post=act_on_letter),
    ]


def show_desk(view: DeskView) -> Response:
    """What is overdue, what waits, the open cases, and what was done last."""
    with view.request.site.database.read() as connection:
        overview = read_overview(connection, view.campaigns.of, view.request.now)
        done = list_letters(connection, is_done=True)
    letters = sorted(overview.letters, key=lambda one: one.due_at)
    return view.show(
        "desk.html",
        letters=letters,
        cases=sorted(overview.cases, key=lambda case: not case.is_overdue(view.request.now)),
        overdue=overview.overdue_count,
        done=sorted(done, key=lambda one: one.done_at or one.at, reverse=True)[:_MAX_DONE],
    )


def show_letter(view: DeskView) -> Response:
    """The letter beside the email that it answers, and the person's whole history."""
    return _show_letter(view)


def _show_letter(
    view: DeskView, *, error: str = "", phrases: str = "", status: int = 200
) -> Response:
    database, letter = view.request.site.database, find_letter_of(view)
    with database.read() as connection:
        files = list_attachments(connection, letter.id)
    return view.show(
        "letter.html",
        status,
        one=promise(letter, view.campaigns.of),
        letter=letter,
        files=files,
        history=_history(view, letter),
        voice=view.campaigns.of(letter.campaign_key).desk.voice,
        error=error,
        phrases=phrases,
        typed=view.request.form,
        is_open=letter.done_at is None and letter.state is not LetterState.SENDING,
    )


def act_on_letter(view: DeskView) -> Response:
    """Take, answer or close a letter, or open a case for it."""
    acts = {"take": _take, "answer": _answer, "close": _close, "case": _open_case}
    act = acts.get(view.request.form.get("do", ""))
    if act is None:
        raise FormRejected("error.unreadable")
    letter = find_letter_of(view)
    if letter.done_at is not None and act is not _open_case:
        return _show_letter(view, error="done", status=409)
    return act(view, letter)


def _take(view: DeskView, letter: DeskLetter) -> Response:
    me, now = view.person(), view.request.now
    with view.request.site.database.write() as connection:
        if view.request.form.get("over"):
            hand_over(connection, letter.id, me, now)
        elif not take_letter(connection, letter.id, me, now):
            return _show_letter(view, error="anothers", status=409)
    return view.redirect(f"/{letter.id}", "taken")


def _answer(view: DeskView, letter: DeskLetter) -> Response:
    """Queue the answer; a text that is not sent stays in the form."""
    owner = letter.owner or view.person()
    writing = view.writing(letter.campaign_key, letter.subscriber_id, owner)
    try:
        with view.request.site.database.write() as connection:
            answer_letter(connection, letter, writing, view.request.now)
    except NotToBeSent as refused:
        return _show_letter(view, error=refused.message, status=422)
    except ConfirmationNeeded as flagged:
        return _show_letter(view, phrases=flagged.message, status=422)
    view.request.site.mailer.wake()
    return view.redirect("", "answered")


def _close(view: DeskView, letter: DeskLetter) -> Response:
    why = view.field("why", 500)
    if not why:
        return _show_letter(view, error="no_reason", status=422)
    with view.request.site.database.write() as connection:
        close_letter(connection, letter.id, why, view.request.now)
    return view.redirect("", "closed")


def _open_case(view: DeskView, letter: DeskLetter) -> Response:
    about = view.field("about", 200) or letter.subject[:200]
    if letter.subscriber_id is None:
        return _show_letter(view, error="no_subscriber", status=409)
    if letter.case_id is not None:
        return view.redirect(f"/case/{letter.case_id}", "case")
    database, now = view.request.site.database, view.request.now
    key, person = letter.campaign_key, letter.subscriber_id
    campaign, campaign_id = view.campaigns.recorded_sender(database, key, person)
    new = NewCase(
        subscriber_id=person,
        campaign_id=campaign_id,
        mail_id=letter.id,
        about=about,
        owner=letter.owner or view.person(),
        due=step_dates(campaign, now),
    )
    with database.write() as connection:
        case_id = open_case(connection, new, now)
    return view.redirect(f"/case/{case_id}", "case")


def _history(view: DeskView, letter: DeskLetter) -> Sequence[HistoryEntry]:
    if letter.subscriber_id is None:
        return ()
    database = view.request.site.database
    with database.read() as connection:
        key = connection.scalar(
            sa.select(subscriber.c.address_key).where(subscriber.c.id == letter.subscriber_id)
        )
    return read_history(database, letter.subscriber_id, key or "")
