"""The brake: pauses a campaign after too many failures, complaints, bounces or unsubscribes."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from lovecampaign.campaign.model.sending import Brake
from lovecampaign.core.message import FaultKind, Outcome, OutcomeKind
from lovecampaign.delivery.base.tally import without_addresses
from lovecampaign.store.ledger.counters import EmailCounts, FailureCounts

MAX_POLICY_REFUSALS = 5
MAX_FAILURES_IN_A_ROW = 10
#: About the recipient, or about our configuration or limit, which stops the pass.
_NO_FAILURES = frozenset(
    {
        FaultKind.RECIPIENT,
        FaultKind.MAILBOX,
        FaultKind.DESTINATION,
        FaultKind.SUBSCRIBER,
        FaultKind.CONFIGURATION,
        FaultKind.QUOTA,
    }
)


@dataclass(slots=True, kw_only=True)
class FailureStreak:
    """Failures that are not about a recipient, counted as outcomes come in.

    One answer to many messages counts once. A failure that ends the run, or comes with a
    Retry-After, does not count.
    """

    policy_refusals: int = 0
    #: Failures since the last accepted message.
    in_a_row: int = 0
    #: Whether a message was accepted, which ends the streak in the ledger.
    row_restarts: bool = False
    #: The last reply that was no acceptance.
    last_words: str = ""

    def note(self, outcome: Outcome) -> None:
        if outcome.kind is OutcomeKind.ACCEPTED:
            self.in_a_row, self.row_restarts = 0, True
            return
        self.last_words = outcome.detail or self.last_words
        if not (outcome.is_repeated or outcome.is_outage):
            self.in_a_row += _is_failure(outcome)
            self.policy_refusals += outcome.fault is FaultKind.POLICY

    def quoting(self, reason: str) -> str:
        """The reason of a pause with the server's last words, without addresses."""
        if not self.last_words:
            return reason
        return f"{reason}; the server's last words: {without_addresses(self.last_words)}"

    @property
    def is_too_much(self) -> bool:
        """Whether these alone pause the campaign."""
        counts = FailureCounts(policy_refusals=self.policy_refusals, in_a_row=self.in_a_row)
        return failure_reason(counts) is not None


def _is_failure(outcome: Outcome) -> bool:
    return outcome.fault not in _NO_FAILURES and outcome.retry_after_seconds is None


def failure_reason(failures: FailureCounts) -> str | None:
    """Why failures pause a campaign, for the operator: the server rejects us; None: no reason."""
    if failures.policy_refusals >= MAX_POLICY_REFUSALS:
        return (
            f"{failures.policy_refusals} messages were refused by policy: "
            "the receivers reject us, not the subscribers"
        )
    if failures.in_a_row >= MAX_FAILURES_IN_A_ROW:
        return f"{failures.in_a_row} deliveries in a row failed, none of them for their recipient"
    return None


def brake_reason(brake: Brake, email_key: str, counts: EmailCounts) -> str | None:
    """Which share is over the brake, for the operator; None: no reason."""
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
