"""``send --to``: test messages to given addresses, outside the ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from lovecampaign.campaign.model.campaign import Campaign, Email
from lovecampaign.cli.framework.invocation import Invocation
from lovecampaign.cli.framework.options import read_address
from lovecampaign.cli.output.format import count_of
from lovecampaign.cli.output.result import Result
from lovecampaign.cli.output.style import green, red
from lovecampaign.cli.resources.campaigns import EVERY_EMAIL, find_email
from lovecampaign.cli.resources.open import opened_database, opened_provider
from lovecampaign.cli.send.report import confirm_sending
from lovecampaign.core.errors import ExitCode, UsageError
from lovecampaign.core.message import FaultKind, Outcome, OutcomeKind
from lovecampaign.core.problems import Problem
from lovecampaign.delivery.display.test_send import MarkedSend
from lovecampaign.store.eligibility.eligibility import Eligibility
from lovecampaign.store.sending.claimed import Member, read_members
from lovecampaign.store.subscribers.records import read_address_record


@dataclass(frozen=True, slots=True, kw_only=True)
class _TestSend:
    """The emails and addresses of a test."""

    campaign: Campaign
    emails: Sequence[Email]
    addresses: Sequence[str]
    seen_as: str | None
    is_confirmed: bool

    def describe(self, campaign: str) -> str:
        """``2 test messages of spring to me@bloom.example``, for the confirmation."""
        number = count_of(len(self.emails) * len(self.addresses), "test message")
        return f"{number} of {campaign} to {', '.join(self.addresses)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TestSendResult:
    """One test message and its outcome."""

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
    if day is None:
        raise UsageError("which email should be tested?", hint="add --day KEY, or --day all")
    emails = campaign.emails if day == EVERY_EMAIL else [find_email(campaign, day)]
    for address in addresses:
        read_address(address)
    test = _TestSend(
        campaign=campaign,
        emails=emails,
        addresses=addresses,
        seen_as=seen_as,
        is_confirmed=is_confirmed,
    )
    results = list(_try_all(invocation, test))
    return Result(
        data=_as_json(invocation, campaign, results),
        text="\n".join(_line(each) for each in results),
        json_problems=[_as_problem(each) for each in results if not each.is_sent],
        exit_code=_exit_code(results),
        next_command=f"lovecampaign plan {campaign.slug}",
    )


def _try_all(invocation: Invocation, test: _TestSend) -> Iterator[TestSendResult]:
    settings = invocation.settings()
    with opened_provider(invocation, settings) as provider:
        if not test.is_confirmed:
            confirm_sending(invocation, [test.campaign], provider, test.describe)
        provider.check_connection()
        for email in test.emails:
            trial = MarkedSend(
                settings=settings,
                campaign=test.campaign,
                email=email,
                person=_find_person(invocation, test, email),
                now=invocation.now,
            )
            for address, outcome in trial.send(provider, test.addresses):
                yield TestSendResult(key=email.key, address=address, outcome=outcome)


def _find_person(invocation: Invocation, test: _TestSend, email: Email) -> Member | None:
    """The subscriber of ``--as``; None for a made-up one."""
    address = test.seen_as
    if address is None:
        return None
    with opened_database(invocation) as database:
        profile = read_address_record(database, read_address(address)).profile
        if profile is None:
            raise UsageError(
                f"{address} is not a subscriber here",
                hint="leave --as out to use a made-up subscriber",
            )
        standing = Eligibility(
            campaign=test.campaign, email=email, campaign_id=0, now=invocation.now
        )
        with database.read() as connection:
            return read_members(connection, standing, [profile.id])[profile.id]


def _exit_code(results: Sequence[TestSendResult]) -> ExitCode:
    """As for a real send."""
    if any(
        each.outcome.fault is FaultKind.CONFIGURATION or each.outcome.is_outage for each in results
    ):
        return ExitCode.UNREACHABLE
    kinds = {each.outcome.kind for each in results}
    if kinds & {OutcomeKind.UNKNOWN, OutcomeKind.TRANSIENT}:
        return ExitCode.RUN_AGAIN
    return ExitCode.PROBLEMS if OutcomeKind.PERMANENT in kinds else ExitCode.DONE


def _as_json(
    invocation: Invocation, campaign: Campaign, results: Sequence[TestSendResult]
) -> Mapping[str, object]:
    """The shape of ``send``, and each message."""
    kinds = Counter(each.outcome.kind for each in results)
    return {
        "campaign": campaign.slug,
        "now": invocation.now,
        "due": len(results),
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
                "outcome": each.outcome.kind,
                "detail": each.outcome.detail,
            }
            for each in results
        ],
    }


def _as_problem(results: TestSendResult) -> Problem:
    why = f": {results.outcome.detail}" if results.outcome.detail else ""
    if results.outcome.kind is OutcomeKind.UNKNOWN:
        return Problem(
            code="in_doubt",
            message=f"{results.key} may have reached {results.address}{why}",
            hint="check that mailbox before you send it again",
        )
    return Problem(
        code="not_sent",
        message=f"{results.key} was not sent to {results.address}{why}",
        hint="fix that, then run the same command again",
    )


def _line(results: TestSendResult) -> str:
    if results.is_sent:
        return f"{results.key} → {results.address}: {green('sent')}"
    is_doubtful = results.outcome.kind is OutcomeKind.UNKNOWN
    what = red("it may have arrived" if is_doubtful else "not sent")
    return f"{results.key} → {results.address}: {what}, {results.outcome.detail}"
