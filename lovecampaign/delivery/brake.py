"""When does a campaign pause by itself?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from lovecampaign.campaign.model import Brake
from lovecampaign.message import Fault, Outcome, OutcomeKind
from lovecampaign.store.counters import EmailCounts, FailureCounts

MOST_POLICY_REFUSALS = 5
MOST_FAILURES_IN_A_ROW = 10
#: About the recipient, or about us: the run stops then.
_NO_FAILURES = frozenset({Fault.RECIPIENT, Fault.MAILBOX, Fault.CONFIGURATION})


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureRun:
    """Failures not about a recipient among outcomes, in the order in which they came."""

    policy_refusals: int
    #: Failures since the last success, or since the first outcome where there was none.
    in_a_row: int
    #: Whether anything was accepted, so that an older row of failures ended.
    row_restarts: bool

    @property
    def is_too_much(self) -> bool:
        """Whether these alone pause the campaign."""
        return (
            self.policy_refusals >= MOST_POLICY_REFUSALS or self.in_a_row >= MOST_FAILURES_IN_A_ROW
        )


def count_failures(outcomes: Iterable[Outcome]) -> FailureRun:
    """One answer to many counts once, and what stops the run is no reason to pause, too.

    Where the provider said how long to wait, it is a rate limit and no failure.
    """
    policy_refusals, in_a_row, row_restarts = 0, 0, False
    for outcome in outcomes:
        if outcome.kind is OutcomeKind.ACCEPTED:
            in_a_row, row_restarts = 0, True
        elif not outcome.is_repeated:
            in_a_row += _is_failure(outcome)
            policy_refusals += outcome.fault is Fault.POLICY
    return FailureRun(policy_refusals=policy_refusals, in_a_row=in_a_row, row_restarts=row_restarts)


def _is_failure(outcome: Outcome) -> bool:
    return outcome.fault not in _NO_FAILURES and outcome.retry_after_seconds is None


def reason_to_pause(
    brake: Brake, email_key: str, email: EmailCounts, failures: FailureCounts
) -> str | None:
    """A sentence for the operator, or None while all is well."""
    if failures.policy_refusals >= MOST_POLICY_REFUSALS:
        return (
            f"{failures.policy_refusals} messages were refused by policy: "
            "receivers refuse us, not their readers"
        )
    if failures.in_a_row >= MOST_FAILURES_IN_A_ROW:
        return f"{failures.in_a_row} deliveries in a row failed, none of them for their recipient"
    return _brake_reason(brake, email_key, email)


def _brake_reason(brake: Brake, email_key: str, counts: EmailCounts) -> str | None:
    deliveries = counts.deliveries
    if deliveries < brake.from_deliveries:
        return None
    for name, count, limit in (
        ("complaints", counts.complaints, brake.complaints),
        ("hard bounces", counts.hard_bounces, brake.hard_bounces),
        ("unsubscribes", counts.unsubscribes, brake.unsubscribes),
    ):
        if Fraction(count, deliveries) > limit:
            return (
                f"{email_key} has {count} {name} in {deliveries} deliveries, "
                f"over the brake of {float(limit):.2%}"
            )
    return None
