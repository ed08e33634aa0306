"""The verb ``suppressions``: addresses that get no mail, and lifting what bounces suppressed."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

import click

from lovecampaign.audience.subscriber import SuppressionReason
from lovecampaign.cli.framework.invocation import Invocation, verb, verb_group
from lovecampaign.cli.framework.options import read_address, read_instant, read_name
from lovecampaign.cli.output.format import count_of, local_time
from lovecampaign.cli.output.result import Result
from lovecampaign.cli.output.table import format_table, shorten
from lovecampaign.cli.resources.open import opened_database
from lovecampaign.core.errors import UsageError
from lovecampaign.store.subscribers.suppression_list import (
    LIFTABLE_REASONS,
    LiftFilter,
    LiftPlan,
    ListedSuppression,
    lift,
    list_suppressions,
    plan_lift,
)

#: Rows of the table for people; ``--json`` has all.
_MAX_ROWS = 100
_REASONS = [reason.value for reason in SuppressionReason]


@verb_group("suppressions", fallback="list")
def suppressions() -> None:
    """List the addresses that get no mail; lift those of bounces."""


@verb("list", suppressions)
@click.option("--reason", type=click.Choice(_REASONS), help="Only those of this reason.")
def list_all(invocation: Invocation, reason: str | None) -> Result:
    """List them with date and words, newest first (the same as suppressions alone)."""
    wanted = SuppressionReason(reason) if reason else None
    with opened_database(invocation) as database, database.read() as connection:
        listed = list_suppressions(connection, wanted)
    return Result(
        data={"suppressions": [_json(one) for one in listed]},
        text=_table(listed) if listed else "No address is suppressed.",
        next_command="lovecampaign suppressions lift --help" if listed else "lovecampaign status",
    )


@verb("lift", suppressions)
@click.argument("emails", nargs=-1, metavar="[EMAIL]...")
@click.option(
    "--reason",
    type=click.Choice([reason.value for reason in LIFTABLE_REASONS]),
    help="All of this reason, without EMAIL.",
)
@click.option("--since", type=read_instant, metavar="INSTANT", help="Suppressed then or later.")
@click.option("--words", type=read_name, metavar="TEXT", help="The words contain TEXT.")
@click.option("--apply", is_flag=True, help="Do it; without this it is a dry run.")
def lift_some(
    invocation: Invocation,
    emails: tuple[str, ...],
    *,
    reason: str | None,
    since: datetime | None,
    words: str | None,
    apply: bool,
) -> Result:
    """Let addresses get mail again; a dry run until --apply.

    Complaints and unsubscribes are never lifted: only the subscriber comes back by themselves.
    """
    if not emails and (reason is None or (since is None and words is None)):
        raise UsageError(
            "which suppressions? Name addresses, or a reason with a time or words",
            hint="such as: --reason hard_bounce --since 2027-02-01T09:00Z --words authentication",
        )
    wanted = LiftFilter(
        keys=[read_address(email) for email in emails],
        reason=SuppressionReason(reason) if reason else None,
        since=since,
        words=words or "",
    )
    with opened_database(invocation) as database, database.write() as connection:
        plan = plan_lift(connection, wanted)
        if apply:
            lift(connection, plan, invocation.now)
    return Result(
        data={
            "lifted": len({one.address_key for one in plan.lifted}),
            "kept": len(plan.kept),
            "applied": apply,
        },
        text=_format_plan(plan, is_applied=apply),
        next_command=_next_command(plan, emails, reason, since, words, is_applied=apply),
    )


def _json(one: ListedSuppression) -> Mapping[str, object]:
    return {
        "email": one.email,
        "reason": one.reason,
        "list": one.list or None,
        "campaign": one.only_campaign or None,
        "at": one.at,
        "words": one.words,
    }


def _table(listed: Sequence[ListedSuppression]) -> str:
    rows = [
        (one.email, one.reason.value, local_time(one.at, "UTC"), shorten(one.words))
        for one in listed[:_MAX_ROWS]
    ]
    table = format_table(("email", "reason", "when (UTC)", "words"), rows)
    rest = len(listed) - len(rows)
    return f"{table}\n{rest:,} more: --json lists all." if rest else table


def _format_plan(plan: LiftPlan, *, is_applied: bool) -> str:
    addresses = len({one.address_key for one in plan.lifted})
    verb_words = "lifted" if is_applied else "would be lifted; this was a dry run"
    lines = [_table(plan.lifted)] if plan.lifted and not is_applied else []
    lines.append(f"{count_of(addresses, 'address')} {verb_words}.")
    for reason, count in sorted(Counter(plan.kept.values()).items()):
        name = reason.value.replace("_", " ")
        lines.append(f"{count_of(count, 'address')} still suppressed: {name}.")
    return "\n".join(lines)


def _next_command(
    plan: LiftPlan,
    emails: Sequence[str],
    reason: str | None,
    since: datetime | None,
    words: str | None,
    *,
    is_applied: bool,
) -> str:
    if is_applied or not plan.lifted:
        return "lovecampaign status"
    parts = ["lovecampaign", "suppressions", "lift", *emails]
    given = (("--reason", reason), ("--since", since and since.isoformat()), ("--words", words))
    for name, value in given:
        parts += [name, value] if value else []
    return shlex.join([*parts, "--apply"])
