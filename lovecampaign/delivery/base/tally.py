"""The counts of a pass that ``send`` reports, and the reasons of its failures."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from typing import Any

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.core.errors import Unreachable
from lovecampaign.core.message import FaultKind
from lovecampaign.core.problems import Problem, Severity
from lovecampaign.delivery.base.settlements import GAVE_UP
from lovecampaign.store.ledger.campaigns import CampaignRecord
from lovecampaign.store.sending.settle import Settlement
from lovecampaign.store.tables import DeliveryState

FAILED = "LC904"
QUOTA = "quota"
RATE_LIMIT = "rate_limit"
#: More kinds of failures are summed up.
_MAX_KINDS = 8

_MEANINGS = {
    FaultKind.RECIPIENT: "the address does not exist",
    FaultKind.MAILBOX: "the mailbox is full or inactive",
    FaultKind.DESTINATION: "no server takes mail for the domain",
    FaultKind.UNCLEAR: "the server rejected it, and its reason is not clear",
    FaultKind.POLICY: "the receivers reject us",
    FaultKind.SUBSCRIBER: "a value of the subscriber cannot be printed",
    FaultKind.PROVIDER: "the provider had a problem",
    FaultKind.CONFIGURATION: "the provider rejects our settings",
    GAVE_UP: "every try failed until it was too late",
}
#: Servers repeat the recipient's address.
_ADDRESS = re.compile(r"[^\s<>@:;,]+@[^\s<>@:;,]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureReason:
    """Why deliveries of one email failed."""

    key: str
    #: A sentence without addresses.
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many deliveries of a pass ended in each state."""

    sent: int = 0
    failed: int = 0
    skipped: int = 0
    in_doubt: int = 0
    #: Claims made, whatever their outcome; ``--limit`` counts these.
    tried: int = 0
    failures: Counter[FailureReason] = field(default_factory=Counter)
    #: Why no more can be sent now: the provider rejects us, or cannot be reached.
    closed: Unreachable | None = None
    #: The server's words about our own sending limit; '' where it is not reached.
    quota: str = ""
    #: The server's words that asked us to send more slowly.
    rate_limit: str = ""

    def __add__(self, other: Tally) -> Tally:
        sums: dict[str, Any] = {
            each.name: getattr(self, each.name) + getattr(other, each.name)
            for each in fields(self)
            if each.name not in ("closed", "quota", "rate_limit", "failures")
        }
        # Unlike a sum of counters, it keeps what was taken back.
        sums["failures"] = Counter(self.failures)
        sums["failures"].update(other.failures)
        return Tally(
            **sums,
            closed=self.closed or other.closed,
            quota=other.quota or self.quota,
            rate_limit=other.rate_limit or self.rate_limit,
        )


def without_addresses(words: str) -> str:
    """A server's words, as they may be shown and logged."""
    return _ADDRESS.sub("(address)", words)


def count_failures(key: str, settlements: Iterable[Settlement]) -> Counter[FailureReason]:
    """How many of an email's deliveries failed for good, by reason."""
    failed = (each for each in settlements if each.state is DeliveryState.FAILED)
    return Counter(FailureReason(key=key, why=_why(each)) for each in failed)


def taken_back(counts: Counter[tuple[int, str]], record: CampaignRecord) -> Tally:
    """What is subtracted for failures that were put back, by email id and reason."""
    keys = {id_: key for key, id_ in record.email_ids.items()}
    failures: Counter[FailureReason] = Counter()
    for (email_id, reason), count in counts.items():
        failures[FailureReason(key=keys[email_id], why=_MEANINGS.get(reason, reason))] -= count
    return Tally(failed=-counts.total(), failures=failures)


def failure_problems(campaign: Campaign, failures: Counter[FailureReason]) -> Iterator[Problem]:
    """A warning for each reason, the most frequent first."""
    failures = +failures  # without those that were taken back
    shown = failures.most_common(_MAX_KINDS)
    for failure, count in shown:
        yield Problem(
            code=FAILED,
            severity=Severity.WARNING,
            message=f"{failure.key}: {count:,} failed: {failure.why}",
            hint=f"once that is fixed, type: lovecampaign retry {failure.key} --state failed",
        )
    rest = failures.total() - sum(count for _, count in shown)
    if rest:
        yield Problem(
            code=FAILED,
            severity=Severity.WARNING,
            message=f"{rest:,} more failed, for other reasons",
            hint=f"type: lovecampaign status {campaign.slug}",
        )


def limit_problems(tally: Tally) -> Iterator[Problem]:
    """Warnings where the provider takes no more from us, or asked us to send more slowly."""
    if tally.rate_limit:
        yield Problem(
            code=RATE_LIMIT,
            severity=Severity.WARNING,
            message=f"the provider asked us to send more slowly: {tally.rate_limit}",
            hint="nothing is lost: send and run wait and go on; max_per_second sets a pace",
        )
    if tally.quota:
        yield Problem(
            code=QUOTA,
            severity=Severity.WARNING,
            message=f"the provider's sending limit is reached: {tally.quota}",
            hint="nothing is lost: send again later; run waits by itself",
        )


def _why(settlement: Settlement) -> str:
    """The error of a message that could not be rendered, else the kind of rejection."""
    if settlement.reason == FaultKind.MESSAGE and settlement.detail:
        return without_addresses(settlement.detail)
    return _MEANINGS.get(settlement.reason or "", settlement.reason or "for no reason given")
