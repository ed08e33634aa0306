"""``send --dry-run``: counts due deliveries, with what would block them."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from lovecampaign.campaign.model.campaign import Campaign, Email
from lovecampaign.cli.framework.invocation import Invocation
from lovecampaign.cli.output.format import count_of
from lovecampaign.cli.output.result import Result
from lovecampaign.cli.output.style import red
from lovecampaign.cli.resources.campaigns import UsableCampaign
from lovecampaign.cli.resources.facts import email_checker, warn_of_empty_audience
from lovecampaign.cli.resources.open import opened_database
from lovecampaign.cli.send.report import (
    find_pause,
    format_report,
    pause_problem,
    report_json,
    tell_left_out,
)
from lovecampaign.core.errors import ExitCode
from lovecampaign.core.problems import Problem, has_errors
from lovecampaign.delivery.loop.send import SendReport
from lovecampaign.delivery.prepare.readiness import EditPolicy, find_edits
from lovecampaign.providers.factory import open_provider
from lovecampaign.store.reports.dry_run import DryRun, dry_run_send


def count_due(
    invocation: Invocation, usable: UsableCampaign, emails: Sequence[Email], *, accepts_edit: bool
) -> Result:
    """Count due deliveries, with mistakes and edits that would block them. Changes nothing."""
    campaign = usable.campaign
    with opened_database(invocation) as database:
        foresight = dry_run_send(database, campaign, emails, invocation.now)
        pause_reason = find_pause(database, campaign)
        due = [email for email in emails if email.key in foresight.recipients]
        edits = [] if accepts_edit else find_edits(database, campaign, due, EditPolicy())
        warnings = warn_of_empty_audience(database, campaign, invocation.now)
    problems = [*edits, *_check(invocation, usable, due), *warnings]
    report = _as_report(campaign, invocation, foresight)
    lines = [f"{key}: {count_of(number, 'person')}" for key, number in foresight.recipients.items()]
    tell_left_out(invocation, campaign, foresight.late)
    lines += [format_report(report, campaign.timezone), "Nothing was sent."]
    paused = []
    if pause_reason:
        paused = [pause_problem(campaign, pause_reason, blocks=False)]
        lines.append(f"{red(f'Paused: {pause_reason}')}: nothing is sent before resume.")
    return Result(
        data=report_json(report),
        text="\n".join(lines),
        problems=problems,
        json_problems=paused,
        exit_code=ExitCode.PROBLEMS if has_errors(problems) else ExitCode.DONE,
        next_command=f"lovecampaign send {campaign.slug}",
    )


def _check(
    invocation: Invocation, usable: UsableCampaign, emails: Sequence[Email]
) -> Sequence[Problem]:
    settings = invocation.settings()
    with contextlib.closing(open_provider(settings)) as provider:
        check = email_checker(usable, invocation, settings, provider)
        return list(dict.fromkeys(problem for email in emails for problem in check(email)))


def _as_report(campaign: Campaign, invocation: Invocation, foresight: DryRun) -> SendReport:
    return SendReport(
        campaign=campaign.slug,
        now=invocation.now,
        sent=0,
        failed=0,
        skipped=foresight.skipped,
        in_doubt=0,
        retry_later=foresight.retry_later,
        remaining=foresight.remaining,
        next_due=foresight.next_due,
    )
