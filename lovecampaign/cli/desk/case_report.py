"""Cases as JSON and as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from lovecampaign.cli.desk.open_desk import OpenDesk
from lovecampaign.cli.output.format import count_of
from lovecampaign.cli.output.table import format_table, shorten
from lovecampaign.store.dialogue.desk.answers import WrittenAnswer
from lovecampaign.store.dialogue.desk.cases import Case, CaseStep
from lovecampaign.store.tables import DeliveryState


def owner_of(case: Case) -> str:
    return case.next_step.owner if case.next_step else case.owner


def next_command_of(case: Case) -> str | None:
    step = case.next_step
    if step is None or not case.is_open:
        return None
    if step.step is CaseStep.FOLLOW_THROUGH:
        return f"lovecampaign cases follow-through {case.id}"
    return f"lovecampaign cases step {case.id} {step.step.value}"


def case_json(case: Case, now: datetime) -> Mapping[str, object]:
    return {
        "id": case.id,
        "email": case.email,
        "name": case.name or None,
        "campaign": case.campaign_key,
        "letter": case.mail_id,
        "about": case.about,
        "owner": case.owner,
        "opened_at": case.opened_at,
        "reopened_at": case.reopened_at,
        "closed_at": case.closed_at,
        "overdue": case.is_overdue(now),
        "steps": list(case.steps),
    }


def describe_case(desk: OpenDesk, case: Case, written: Sequence[WrittenAnswer]) -> str:
    """The steps, exceptions and messages of a case."""
    rows = [
        (
            step.step.value.replace("_", " "),
            step.owner,
            desk.local(step.due_at),
            desk.local(step.done_at),
            step.note or None,
        )
        for step in case.steps
    ]
    bent = [
        f"bent: {each.rule}, because {each.because}"
        + (f" ({each.cost} {each.currency})" if each.currency else "")
        for each in case.exceptions
    ]
    said = [
        f"\n{desk.local(each.at)} {each.owner} wrote"
        + (" (it did not arrive)" if each.state == DeliveryState.FAILED else "")
        + f":\n{each.text}"
        for each in written
    ]
    table = format_table(("step", "owner", "by", "done", "note"), rows)
    return "\n".join([f"{case.name} <{case.email}>: {case.about}".strip(), table, *bent, *said])


def format_cases(desk: OpenDesk, found: Sequence[Case]) -> str:
    if not found:
        return "No case is open."
    now = desk.invocation.now
    rows = []
    for case in found:
        step = case.next_step
        due = desk.local(step.due_at) if step and case.is_open else desk.local(case.closed_at)
        late = "  overdue" if case.is_overdue(now) else ""
        what = step.step.value.replace("_", " ") if step and case.is_open else "closed"
        rows.append(
            (case.id, case.email, what, owner_of(case), f"{due}{late}", shorten(case.about))
        )
    table = format_table(("id", "for", "step", "owner", "by", "about"), rows)
    overdue = sum(case.is_overdue(now) for case in found)
    return f"{table}\n{count_of(len(found), 'case')}, {overdue:,} overdue."
