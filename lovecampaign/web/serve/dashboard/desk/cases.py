"""``/dashboard/desk/case/N``: a case, its five steps, exceptions, and its last message."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response
from starlette.routing import BaseRoute

from lovecampaign.campaign.schema.scalar_parsers import parse_money
from lovecampaign.campaign.source.errors import BadValue
from lovecampaign.core.errors import ConfirmationNeeded, UsageError
from lovecampaign.delivery.desk.advocate import bend_rule
from lovecampaign.delivery.desk.write import NotToBeSent, follow_through
from lovecampaign.store.dialogue.desk.answers import list_answers
from lovecampaign.store.dialogue.desk.cases import Case, CaseStep, find_case, finish_step
from lovecampaign.web.serve.dashboard.desk.desk_view import DeskView, desk_page
from lovecampaign.web.serve.dashboard.view import DashboardState
from lovecampaign.web.serve.handler.request_context import FormRejected, NotFound
from lovecampaign.web.serve.handler.site import Site

_QUEUED = ("planned", "claimed")


def routes(site: Site, state: DashboardState) -> Sequence[BaseRoute]:
    return [desk_page(site, state, "/case/{case}", get=show_case, post=act_on_case)]


def show_case(view: DeskView) -> Response:
    return _show(view, _find(view))


def act_on_case(view: DeskView) -> Response:
    """Finish a step, bend a rule, or write the follow-through message."""
    acts = {"step": _finish, "bend": _bend, "follow": _follow}
    act = acts.get(view.request.form.get("do", ""))
    if act is None:
        raise FormRejected("error.unreadable")
    case = _find(view)
    if not case.is_open:
        return _show(view, case, error="case_closed", status=409)
    return act(view, case)


def _finish(view: DeskView, case: Case) -> Response:
    step = case.next_step
    if step is None or view.field("step") != step.step.value:  # it was done meanwhile
        return _show(view, case, error="step_done", status=409)
    if step.step is CaseStep.FOLLOW_THROUGH:
        raise FormRejected("error.unreadable")
    with view.request.site.database.write() as connection:
        finish_step(connection, case.id, step.step, view.field("note"), view.request.now)
    return view.redirect(f"/case/{case.id}", "step")


def _bend(view: DeskView, case: Case) -> Response:
    rule, because = view.field("rule", 200), view.field("because", 500)
    if not rule or not because:
        return _show(view, case, error="no_rule", status=422)
    written = view.field("cost", 40)
    try:
        bend_rule(
            view.request.site.database,
            view.campaigns.of(case.campaign_key),
            case.id,
            rule=rule,
            because=because,
            cost=parse_money(written) if written else None,
            by=view.person(),
            now=view.request.now,
        )
    except (BadValue, UsageError) as refused:
        return _show(view, case, error=refused.message, status=422)
    return view.redirect(f"/case/{case.id}", "bent")


def _follow(view: DeskView, case: Case) -> Response:
    """Queue the message; the case closes when it was sent."""
    writing = view.writing(case.campaign_key, case.subscriber_id, case.owner)
    try:
        with view.request.site.database.write() as connection:
            follow_through(connection, case, writing, view.request.now)
    except NotToBeSent as refused:
        return _show(view, case, error=refused.message, status=422)
    except ConfirmationNeeded as flagged:
        return _show(view, case, phrases=flagged.message, status=422)
    view.request.site.mailer.wake()
    return view.redirect("", "followed")


def _show(
    view: DeskView, case: Case, *, error: str = "", phrases: str = "", status: int = 200
) -> Response:
    with view.request.site.database.read() as connection:
        written = list_answers(connection, case.subscriber_id)
    advocate = view.campaigns.of(case.campaign_key).desk.advocate
    return view.show(
        "case.html",
        status,
        case=case,
        step=case.next_step,
        written=written,
        is_on_its_way=any(
            each.case_id == case.id and each.state in _QUEUED and not each.sent_at
            for each in written
        ),
        advocate=advocate,
        error=error,
        phrases=phrases,
        typed=view.request.form,
    )


def _find(view: DeskView) -> Case:
    with view.request.site.database.read() as connection:
        case = find_case(connection, view.number("case"))
    if case is None:
        raise NotFound
    return case
