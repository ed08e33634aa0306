"""The verb ``doctor``: health checks, each with what to type or change."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import click

from lovecampaign.campaign.files.cached_load import load_campaign_cached
from lovecampaign.campaign.model.campaign import Campaign, Sender
from lovecampaign.campaign.workspace.find import list_campaigns
from lovecampaign.cli.framework.invocation import Invocation, verb
from lovecampaign.cli.health.cards_check import check_card_fonts
from lovecampaign.cli.health.database_check import check_database
from lovecampaign.cli.health.envelope_check import check_bounce_address, check_envelope
from lovecampaign.cli.health.file_permissions import check_permissions
from lovecampaign.cli.health.first_mail import FirstMail, FirstMailStep, StepState
from lovecampaign.cli.health.health_finding import (
    HealthFinding,
    HealthState,
    doubtful,
    good,
    unreachable,
    wrong,
)
from lovecampaign.cli.health.inbox_check import check_bounce_by_mail, make_test_mail, open_inbox
from lovecampaign.cli.health.processes_check import check_processes
from lovecampaign.cli.health.sender_dns import DnsResolver, check_sender, open_dns
from lovecampaign.cli.health.settings_check import check_secrets, check_settings
from lovecampaign.cli.health.signature_check import check_file
from lovecampaign.cli.health.web_check import (
    check_public_url,
    check_web_addresses,
    check_webhook,
    find_picture_fault,
)
from lovecampaign.cli.output import style
from lovecampaign.cli.output.format import count_of
from lovecampaign.cli.output.result import Result
from lovecampaign.cli.resources.campaigns import campaign_option, load_usable
from lovecampaign.cli.resources.file_arguments import read_path
from lovecampaign.cli.resources.open import opened_database
from lovecampaign.core.errors import ExitCode, LovecampaignError, Unreachable
from lovecampaign.core.settings import Settings
from lovecampaign.core.zones import TZ_DATABASE, UPGRADE_COMMAND, TzDatabase
from lovecampaign.providers.base.provider import Provider
from lovecampaign.providers.factory import open_provider
from lovecampaign.providers.smtp.provider import SmtpProvider
from lovecampaign.store.sending.server_notes import forget_notes

_STEP_MARKS = {
    StepState.DONE: style.green("done"),
    StepState.TO_DO: style.red("to do"),
    StepState.UNKNOWN: style.dim("unknown"),
}
_YEAR = timedelta(days=365)
_MARKS = {
    HealthState.GOOD: style.green("good"),
    HealthState.DOUBTFUL: "check",
    HealthState.WRONG: style.red("wrong"),
    HealthState.UNKNOWN: style.dim("unknown"),
}


@verb("doctor")
@click.option("--mail", type=read_path, metavar="FILE", help="A test mail that arrived, saved.")
@click.option(
    "--first-mail",
    "shows_steps",
    is_flag=True,
    help="Show the ten steps from a domain to the first real mail instead.",
)
@click.option(
    "--forget-servers",
    "forgets",
    is_flag=True,
    help="Try again what is no longer done with SMTP servers that failed at it.",
)
@campaign_option
def doctor(
    invocation: Invocation,
    mail: Path | None,
    campaign_name: str | None,
    *,
    shows_steps: bool,
    forgets: bool,
) -> Result:
    """Check settings, database, provider, clock and DNS.

    Everything that is wrong is listed with what to type or change. Over SMTP it names sender and
    reply_to to the server, and takes that back. It sends nothing but, where sender.bounce_to and
    LOVECAMPAIGN_INBOX are set, one mail to itself: to see a bounce arrive. With --mail it reads
    instead whether the DKIM signature of a test mail covers the one-click unsubscribe.
    """
    if shows_steps:
        return _show_steps(invocation, campaign_name)
    if forgets:
        return _forget_servers(invocation)
    findings = list(check_file(mail) if mail else check_everything(invocation))
    return Result(
        data={"findings": findings},
        text="\n".join([*map(_line, findings), _summary(findings)]),
        json_problems=[finding.as_problem() for finding in findings if finding.is_problem],
        exit_code=_exit_code(findings),
        next_command="lovecampaign check",
    )


def _forget_servers(invocation: Invocation) -> Result:
    with opened_database(invocation) as database:
        number = forget_notes(database)
    text = f"{count_of(number, 'server')} forgotten."
    return Result(data={"forgotten": number}, text=text, next_command="lovecampaign doctor")


def _show_steps(invocation: Invocation, campaign_name: str | None) -> Result:
    settings = invocation.settings()
    campaign = load_usable(invocation, campaign_name).campaign
    found, leaves_machine = check_provider_of(settings)
    mail = FirstMail(
        settings=settings,
        campaign=campaign,
        records=open_dns(),
        provider=found if leaves_machine else None,
        public_url=check_public_url(settings, leaves_machine=True),
        picture_fault=find_picture_fault(settings, campaign),
        machine=socket.getfqdn().lower(),
    )
    steps = list(mail.steps)
    done = sum(step.state is StepState.DONE for step in steps)
    lines = (line for number, step in enumerate(steps, 1) for line in _step_lines(number, step))
    return Result(
        data={"campaign": campaign.slug, "sender": campaign.sender.email, "steps": steps},
        text="\n".join([*lines, f"{done} of {len(steps)} steps are done."]),
        next_command="lovecampaign doctor --first-mail",
    )


def _step_lines(number: int, step: FirstMailStep) -> Iterator[str]:
    mark = _STEP_MARKS[step.state]
    yield f"{number:2} {mark}{' ' * (8 - len(style.plain(mark)))}{step.name}: {step.message}"
    if step.where:
        yield f"           {step.where}:"
        yield from (f"             {line}" for line in step.lines)
    if step.look_at:
        yield "           then look at it:"
        yield from (f"           - {each}" for each in step.look_at)


def check_provider_of(settings: Settings) -> tuple[HealthFinding, bool]:
    """What connecting to the provider finds, and whether mail leaves this machine through it."""
    try:
        provider = open_provider(settings)
    except LovecampaignError as error:
        return wrong("provider", error.message, error.hint or ""), True
    with contextlib.closing(provider):
        leaves = provider.leaves_machine or isinstance(provider, SmtpProvider)
        return check_provider(provider), leaves


def _line(finding: HealthFinding) -> str:
    mark = _MARKS[finding.state]
    gap = " " * (8 - len(style.plain(mark)))
    line = f"{mark}{gap}{finding.name}: {finding.message}"
    return f"{line}\n        help: {finding.hint}" if finding.hint else line


def _summary(findings: Sequence[HealthFinding]) -> str:
    number = sum(finding.state is HealthState.WRONG for finding in findings)
    return f"{count_of(number, 'thing')} wrong." if number else "Nothing is wrong."


def _exit_code(findings: Sequence[HealthFinding]) -> ExitCode:
    if any(finding.is_unreachable for finding in findings):
        return ExitCode.UNREACHABLE
    if any(finding.state is HealthState.WRONG for finding in findings):
        return ExitCode.PROBLEMS
    return ExitCode.DONE


def check_everything(invocation: Invocation) -> Iterator[HealthFinding]:
    """Settings, database, clock, time zones, provider, public address and each sender."""
    settings = invocation.settings()
    yield from check_settings(settings)
    yield from check_secrets(settings)
    yield from check_permissions(settings)
    yield from check_database(settings, invocation.now)
    yield from check_time_zones(invocation.now, TZ_DATABASE)
    yield from check_webhook(settings)
    yield from check_card_fonts(_load_campaigns(settings))
    faults = list(check_web_addresses(settings))
    yield from faults
    senders = _list_senders(settings)
    yield from _check_sending(settings, senders, invocation.now, has_faults=bool(faults))
    records = DnsResolver()
    for sender, reply_to in senders:
        yield from check_sender(sender, reply_to, records)


def _check_sending(
    settings: Settings, senders: Sequence[tuple[str, str]], now: datetime, *, has_faults: bool
) -> Iterator[HealthFinding]:
    """The inbox, the provider, what it says to the addresses, and the public address."""
    mailbox, end, inbox = open_inbox(settings)
    if inbox is not None:
        yield inbox
    try:
        provider = open_provider(settings)
    except LovecampaignError as error:
        yield wrong("provider", error.message, error.hint or "")
        return
    with contextlib.closing(provider), contextlib.closing(mailbox or contextlib.ExitStack()):
        found = check_provider(provider)
        yield found
        connections = provider.connections if isinstance(provider, SmtpProvider) else None
        yield check_processes(_load_campaigns(settings), connections)
        if isinstance(provider, SmtpProvider) and not found.is_problem:
            for sender, reply_to in senders:
                yield check_envelope(provider, sender, reply_to)
            for bounce_to, email in _list_bounce_addresses(settings).items():
                if mailbox is None or end is None:
                    yield check_bounce_address(provider, bounce_to)
                else:
                    mail = make_test_mail(bounce_to, email, now)
                    yield check_bounce_by_mail(provider, mailbox, end, mail)
        if not has_faults:
            yield check_public_url(settings, leaves_machine=provider.leaves_machine)


def check_provider(provider: Provider) -> HealthFinding:
    """Whether the provider accepts the login; nothing is sent."""
    try:
        provider.check_connection()
    except Unreachable as error:
        return unreachable("provider", error.message, error.hint)
    except LovecampaignError as error:
        return wrong("provider", error.message, error.hint or "")
    return good("provider", provider.name)


def check_time_zones(now: datetime, in_use: TzDatabase) -> Iterator[HealthFinding]:
    """A tz database older than a year: governments change clocks a few times a year."""
    if now.date() - in_use.released > _YEAR:
        message = f"{in_use.description}; it is older than a year, so letters may be an hour off"
        yield doubtful("tz database", message, f"type: {UPGRADE_COMMAND}")


def _list_senders(settings: Settings) -> Sequence[tuple[str, str]]:
    """Each pair of sender and ``reply_to`` once."""
    senders = _load_senders(settings)
    return list(dict.fromkeys((sender.email, sender.reply_to) for sender in senders))


def _list_bounce_addresses(settings: Settings) -> Mapping[str, str]:
    """Each address for bounces with a sender that uses it."""
    return {one.bounce_to: one.email for one in _load_senders(settings) if one.bounce_to}


def _load_senders(settings: Settings) -> Sequence[Sender]:
    return [campaign.sender for campaign in _load_campaigns(settings)]


def _load_campaigns(settings: Settings) -> Sequence[Campaign]:
    folders = list_campaigns(settings.workspace)
    loaded = [load_campaign_cached(folder, settings.workspace).campaign for folder in folders]
    return [campaign for campaign in loaded if campaign]
