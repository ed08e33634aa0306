"""How does an email look in a real mailbox? ``send --to``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from lovecampaign.campaign.model.campaign import Campaign, Email
from lovecampaign.cli.framework.invocation import Invocation
from lovecampaign.cli.output.result import Result
from lovecampaign.cli.output.style import good, trouble
from lovecampaign.cli.output.words import count_of
from lovecampaign.cli.resources.campaigns import EVERY_EMAIL, find_email
from lovecampaign.cli.resources.open import opened_database, opened_provider
from lovecampaign.cli.resources.timeline import read_address
from lovecampaign.cli.send.report import confirm_sending
from lovecampaign.core.clock import format_instant
from lovecampaign.core.errors import ExitCode, UsageError
from lovecampaign.core.message import Fault, Outcome, OutcomeKind
from lovecampaign.core.problems import Problem
from lovecampaign.delivery.display.test_send import MarkedSend
from lovecampaign.store.database.engine import Database
from lovecampaign.store.eligibility.eligibility import Standing
from lovecampaign.store.sending.claimed import Person, read_people
from lovecampaign.store.subscribers.records import show_subscriber


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """What goes where."""

    campaign: Campaign
    emails: Sequence[Email]
    addresses: Sequence[str]
    seen_as: str | None
    is_confirmed: bool

    def say_what(self, campaign: str) -> str:
        """``2 test messages of spring to me@bloom.example``, as the question before says it."""
        number = count_of(len(self.emails) * len(self.addresses), "test message")
        return f"{number} of {campaign} to {', '.join(self.addresses)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One test message and what became of it."""

    key: str
    address: str
    outcome: Outcome

    @property
    def is_sent(self) -> bool:
        return self.outcome.kind is OutcomeKind.ACCEPTED


def send_tests(
    invocation: Invocation,
    campaign: Campaign,
    day: str | None,
    addresses: Sequence[str],
    seen_as: str | None,
    *,
    is_confirmed: bool,
) -> Result:
    """Send one email, or all of them, to these addresses at once."""
    emails = _choose(campaign, day)
    for address in addresses:
        read_address(address)
    wanted = _Wanted(
        campaign=campaign,
        emails=emails,
        addresses=addresses,
        seen_as=seen_as,
        is_confirmed=is_confirmed,
    )
    tried = list(_try_all(invocation, wanted))
    return Result(
        data=_as_json(invocation, campaign, tried),
        text="\n".join(_line(each) for each in tried),
        told=[_as_problem(each) for each in tried if not each.is_sent],
        exit_code=_exit_code(tried),
        next_command=f"lovecampaign plan {campaign.slug}",
    )


def _choose(campaign: Campaign, day: str | None) -> Sequence[Email]:
    if day is None:
        raise UsageError("a test needs to know which email", hint="add --day KEY, or --day all")
    return campaign.emails if day == EVERY_EMAIL else [find_email(campaign, day)]


def _try_all(invocation: Invocation, wanted: _Wanted) -> Iterator[Tried]:
    settings = invocation.settings()
    with opened_provider(invocation, settings) as provider:
        if not wanted.is_confirmed:
            confirm_sending(invocation, [wanted.campaign], provider, wanted.say_what)
        provider.check_connection()
        for email in wanted.emails:
            trial = MarkedSend(
                settings=settings,
                campaign=wanted.campaign,
                email=email,
                person=_find_person(invocation, wanted, email),
                now=invocation.now,
            )
            for address, outcome in trial.send(provider, wanted.addresses):
                yield Tried(key=email.key, address=address, outcome=outcome)


def _find_person(invocation: Invocation, wanted: _Wanted, email: Email) -> Person | None:
    """With whose eyes the test is seen; None: a made-up reader's."""
    address = wanted.seen_as
    if address is None:
        return None
    key = read_address(address)
    with opened_database(invocation) as database:
        profile = show_subscriber(database, key).profile
        if profile is None:
            raise UsageError(
                f"{address} is no subscriber here",
                hint="leave --as out to see it as a made-up reader",
            )
        return _read_person(database, wanted.campaign, email, profile.id, invocation)


def _read_person(
    database: Database, campaign: Campaign, email: Email, number: int, invocation: Invocation
) -> Person:
    standing = Standing(campaign=campaign, email=email, campaign_id=0, now=invocation.now)
    with database.read() as connection:
        return read_people(connection, standing, [number])[number]


def _exit_code(tried: Sequence[Tried]) -> ExitCode:
    """As for a real send; a test that may have arrived is for its sender to look for."""
    if any(each.outcome.fault is Fault.CONFIGURATION or each.outcome.is_outage for each in tried):
        return ExitCode.UNREACHABLE
    kinds = {each.outcome.kind for each in tried}
    if kinds & {OutcomeKind.UNKNOWN, OutcomeKind.TRANSIENT}:
        return ExitCode.RUN_AGAIN
    return ExitCode.PROBLEMS if OutcomeKind.PERMANENT in kinds else ExitCode.DONE


def _as_json(
    invocation: Invocation, campaign: Campaign, tried: Sequence[Tried]
) -> Mapping[str, object]:
    """The shape of ``send``, and each message."""
    kinds = Counter(each.outcome.kind for each in tried)
    return {
        "campaign": campaign.slug,
        "now": format_instant(invocation.now),
        "due": len(tried),
        "sent": kinds[OutcomeKind.ACCEPTED],
        "failed": kinds[OutcomeKind.PERMANENT],
        "skipped": 0,
        "in_doubt": kinds[OutcomeKind.UNKNOWN],
        "retry_later": kinds[OutcomeKind.TRANSIENT],
        "remaining": 0,
        "next_due": None,
        "test": True,
        "messages": [
            {
                "key": each.key,
                "to": each.address,
                "outcome": each.outcome.kind.value,
                "detail": each.outcome.detail,
            }
            for each in tried
        ],
    }


def _as_problem(tried: Tried) -> Problem:
    why = f": {tried.outcome.detail}" if tried.outcome.detail else ""
    if tried.outcome.kind is OutcomeKind.UNKNOWN:
        return Problem(
            code="in_doubt",
            message=f"{tried.key} may have reached {tried.address}{why}",
            hint="look into that mailbox before you send it again",
        )
    return Problem(
        code="not_sent",
        message=f"{tried.key} was not sent to {tried.address}{why}",
        hint="once that is mended, run the same command again",
    )


def _line(tried: Tried) -> str:
    if tried.is_sent:
        return f"{tried.key} → {tried.address}: {good('sent')}"
    is_doubtful = tried.outcome.kind is OutcomeKind.UNKNOWN
    what = trouble("it may have arrived" if is_doubtful else "not sent")
    return f"{tried.key} → {tried.address}: {what}, {tried.outcome.detail}"
