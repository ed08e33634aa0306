"""The verb ``cases``: open one, do its steps, make exceptions, follow through."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from lovecampaign.campaign.model.deal import Money
from lovecampaign.campaign.schema.scalar_parsers import parse_money
from lovecampaign.campaign.source.errors import BadValue
from lovecampaign.cli.desk.case_report import (
    case_json,
    describe_case,
    format_cases,
    next_command_of,
    owner_of,
)
from lovecampaign.cli.desk.editor import file_option, yes_option
from lovecampaign.cli.desk.last_message import find_known_case, find_open_case, write_last
from lovecampaign.cli.desk.open_desk import OpenDesk, as_option, opened_desk
from lovecampaign.cli.framework.invocation import Invocation, verb, verb_group
from lovecampaign.cli.framework.options import read_address, read_instant, read_name
from lovecampaign.cli.output.result import Result
from lovecampaign.core.errors import UsageError
from lovecampaign.delivery.desk.advocate import bend_rule
from lovecampaign.delivery.desk.promise import step_dates
from lovecampaign.store.dialogue.desk.answers import list_answers
from lovecampaign.store.dialogue.desk.cases import (
    CaseStep,
    NewCase,
    change_step,
    finish_step,
    list_cases,
    open_case,
)
from lovecampaign.store.dialogue.desk.letters import find_letter
from lovecampaign.store.dialogue.desk.waiting import close_unreachable
from lovecampaign.store.subscribers.records import read_address_record

_STEPS = [step.value.replace("_", "-") for step in CaseStep]
_case_argument = click.argument("case_id", type=click.IntRange(min=1), metavar="ID")


@verb_group("cases", fallback="list")
def cases() -> None:
    """Lead a complaint through five steps, with owner and dates.

    Greet, listen, say the next step and when, thank, follow through. A case closes when its
    follow-through message was sent; while it is open its reader gets no launch email.
    """


@verb("list", cases)
@click.option("--open", "which", flag_value="open", default=True, help="The default.")
@click.option("--mine", "which", flag_value="mine", help="Open, and the next step is yours.")
@click.option("--overdue", "which", flag_value="overdue", help="Open, and a promise was missed.")
@click.option("--all", "which", flag_value="all", help="Also closed ones.")
@as_option
def list_all(invocation: Invocation, which: str, named: str | None) -> Result:
    """List the open cases (the same as cases alone), oldest first."""
    now = invocation.now
    with opened_desk(invocation) as desk, desk.database.read() as connection:
        found = list_cases(connection, is_open=None if which == "all" else True)
        if which == "mine":
            me = desk.me(named)
            found = [case for case in found if me == owner_of(case)]
        elif which == "overdue":
            found = [case for case in found if case.is_overdue(now)]
        return Result(
            data={"cases": [case_json(case, now) for case in found]},
            text=format_cases(desk, found),
            next_command=f"lovecampaign cases show {found[0].id}" if found else None,
        )


@verb("show", cases)
@_case_argument
def show(invocation: Invocation, case_id: int) -> Result:
    """Show a case: its steps, exceptions, and what was written."""
    with opened_desk(invocation) as desk, desk.database.read() as connection:
        case = find_known_case(connection, case_id)
        written = list_answers(connection, case.subscriber_id)
        return Result(
            data={**case_json(case, invocation.now), "exceptions": list(case.exceptions)},
            text=describe_case(desk, case, written),
            next_command=next_command_of(case),
        )


@verb("open", cases)
@click.argument("who", metavar="EMAIL|LETTER-ID")
@click.option("--about", required=True, type=read_name, metavar="TEXT", help="In a line.")
@as_option
def open_(invocation: Invocation, who: str, about: str, named: str | None) -> Result:
    """Open a case for a person, or from a letter by its number.

    Each step has you as owner and a date by replies.within; cases step changes both.
    """
    with opened_desk(invocation) as desk:
        me, now = desk.me(named), invocation.now
        subscriber_id, mail_id, key = _person(desk, who)
        campaign, campaign_id = desk.campaigns.recorded_sender(desk.database, key, subscriber_id)
        new = NewCase(
            subscriber_id=subscriber_id,
            campaign_id=campaign_id,
            mail_id=mail_id,
            about=about,
            owner=me,
            due=step_dates(campaign, now),
        )
        with desk.database.write() as connection:
            case_id = open_case(connection, new, now)
            case = find_known_case(connection, case_id)
        first = desk.local(case.steps[0].due_at)
    return Result(
        data=case_json(case, now),
        text=f"Case {case_id} is open. Greet {case.email} by {first}.",
        next_command=f"lovecampaign cases step {case_id} greet",
    )


@verb("step", cases)
@_case_argument
@click.argument("step", type=click.Choice(_STEPS[:-1]), metavar="STEP")
@click.option("--note", default="", metavar="TEXT", help="What was said or done.")
@click.option("--owner", type=read_name, metavar="NAME", help="Give the step to another person.")
@click.option("--by", type=read_instant, metavar="INSTANT", help="Promise another time.")
def step_(
    invocation: Invocation,
    case_id: int,
    step: str,
    note: str,
    owner: str | None,
    by: datetime | None,
) -> Result:
    """Mark a step as done: greet, listen, next or thank.

    With --owner or --by it changes who does it, or when, and is not done by that.
    """
    chosen = CaseStep(step.replace("-", "_"))
    with opened_desk(invocation) as desk, desk.database.write() as connection:
        case = find_open_case(connection, case_id)
        values: dict[str, Any] = {"owner": owner} if owner else {}
        values |= {"due_at": by} if by else {}
        if values:
            change_step(connection, case_id, chosen, values)
            said = "changed"
        else:
            is_new = finish_step(connection, case_id, chosen, note, invocation.now)
            said = "done" if is_new else "done before"
        case = find_known_case(connection, case_id)
    return Result(
        data=case_json(case, invocation.now),
        text=f"Case {case_id}, {step}: {said}.",
        next_command=next_command_of(case),
    )


@verb("follow-through", cases)
@_case_argument
@file_option
@as_option
@yes_option
def follow_through_(
    invocation: Invocation, case_id: int, file: Path | None, named: str | None, *, yes: bool
) -> Result:
    """Write the last message of a case, which closes it.

    Its button, "not solved", opens the case again.
    """
    with opened_desk(invocation) as desk:
        return write_last(desk, case_id, file, named, accepts_phrases=yes)


@verb("close", cases)
@_case_argument
@click.option("--why", required=True, type=read_name, metavar="TEXT", help="How it was solved.")
@file_option
@as_option
@yes_option
def close(
    invocation: Invocation, case_id: int, why: str, file: Path | None, named: str | None,
    *, yes: bool,
) -> Result:  # fmt: skip
    """Close a case that was solved another way, by telephone: its last message goes out.

    The steps that are left are done, with TEXT as their note. No case closes without that message;
    where it came back, and another one would, too, the case closes at once.
    """
    with opened_desk(invocation) as desk:
        with desk.database.write() as connection:
            case = find_open_case(connection, case_id)
            is_unreachable = close_unreachable(connection, case_id, why, invocation.now)
        if not is_unreachable:
            return write_last(desk, case_id, file, named, accepts_phrases=yes, solved_by=why)
    return Result(
        data={"id": case_id, "email": case.email, "state": "unreachable"},
        text=f"Case {case_id} is closed: its last message to {case.email} came back.",
        next_command="lovecampaign cases",
    )


@verb("bend", cases)
@_case_argument
@click.option("--rule", required=True, type=read_name, metavar="TEXT", help="The house's rule.")
@click.option("--because", required=True, type=read_name, metavar="TEXT", help="Why it hurts.")
@click.option("--cost", metavar="MONEY", help="What it costs: 20 EUR.")
@as_option
def bend(
    invocation: Invocation, case_id: int, rule: str, because: str, cost: str | None,
    named: str | None,
) -> Result:  # fmt: skip
    """Record an exception to a rule of the house; nobody needs to approve it.

    Within advocate.budget of campaign.yaml. A rule that is bent often is a rule to change.
    """
    money = _read_money(cost) if cost else None
    with opened_desk(invocation) as desk:
        me = desk.me(named)
        with desk.database.read() as connection:
            case = find_known_case(connection, case_id)
            campaign = desk.campaigns.sender_for(connection, case.campaign_key, case.subscriber_id)
        left = bend_rule(
            desk.database,
            campaign,
            case_id,
            rule=rule,
            because=because,
            cost=money,
            by=me,
            now=invocation.now,
        )
    rest = f" {left} of the budget is left." if left else ""
    return Result(
        data={"id": case_id, "rule": rule, "because": because, "cost": cost, "left": left},
        text=f"Recorded for case {case_id}: {rule}.{rest}",
        next_command="lovecampaign advocate report",
    )


def _read_money(text: str) -> Money:
    try:
        return parse_money(text)
    except BadValue as bad:
        raise UsageError(f"--cost: {bad.message}", hint=bad.hint) from bad


def _person(desk: OpenDesk, who: str) -> tuple[int, int | None, str | None]:
    """The subscriber, the letter and the campaign of what ``cases open`` names."""
    if re.fullmatch(r"\d{1,12}", who):
        with desk.database.read() as connection:
            letter = find_letter(connection, int(who))
        if letter is None:
            raise UsageError(f"there is no letter {who}", hint="type: lovecampaign replies --all")
        if letter.subscriber_id is None:
            raise UsageError(
                f"{letter.email} is not a subscriber here",
                hint=f"answer first: lovecampaign replies answer {who}",
            )
        return letter.subscriber_id, letter.id, letter.campaign_key
    profile = read_address_record(desk.database, read_address(who)).profile
    if profile is None:
        raise UsageError(
            f"{who} is not a subscriber here", hint=f"type: lovecampaign subscribers show {who}"
        )
    return profile.id, None, None
