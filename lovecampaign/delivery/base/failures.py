"""Why did deliveries fail for good? Counted by reason while they are settled, told as problems."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.core.message import Fault
from lovecampaign.core.problems import Problem, Severity
from lovecampaign.delivery.base.retry import GAVE_UP
from lovecampaign.store.sending.settle import Settlement
from lovecampaign.store.tables import DeliveryState

FAILED = "LC904"
#: More kinds of failures than this are summed up: a screen shows no more.
_MOST = 8

_MEANINGS = {
    Fault.RECIPIENT: "the address does not exist",
    Fault.MAILBOX: "the mailbox is full or resting",
    Fault.POLICY: "the receivers refuse us",
    Fault.PROVIDER: "the provider was in trouble",
    Fault.CONFIGURATION: "the provider refuses our settings",
    GAVE_UP: "every try failed until it was too late",
}
#: Answers of servers repeat whom they are about.
_ADDRESS = re.compile(r"[^\s<>@:;,]+@[^\s<>@:;,]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureReason:
    """What failed deliveries of one email have in common."""

    key: str
    #: For people; names nobody.
    why: str


def count_failures(key: str, settlements: Iterable[Settlement]) -> Counter[FailureReason]:
    """How many of an email's deliveries failed for good, by what was the matter."""
    failed = (each for each in settlements if each.state is DeliveryState.FAILED)
    return Counter(FailureReason(key=key, why=_why(each)) for each in failed)


def failure_problems(campaign: Campaign, failures: Counter[FailureReason]) -> Iterator[Problem]:
    """A warning for each kind of failure, the most frequent first."""
    for failure, count in failures.most_common(_MOST):
        yield Problem(
            code=FAILED,
            severity=Severity.WARNING,
            message=f"{failure.key}: {count:,} failed: {failure.why}",
            hint=f"once that is mended, type: lovecampaign retry {failure.key} --state failed",
        )
    rest = failures.total() - sum(count for _, count in failures.most_common(_MOST))
    if rest:
        yield Problem(
            code=FAILED,
            severity=Severity.WARNING,
            message=f"{rest:,} more failed, for other reasons",
            hint=f"type: lovecampaign status {campaign.slug}",
        )


def _why(settlement: Settlement) -> str:
    """What was said of a letter that could not be made; else what kind of refusal it was."""
    if settlement.reason == Fault.MESSAGE and settlement.detail:
        return _ADDRESS.sub("(address)", settlement.detail)
    return _MEANINGS.get(settlement.reason or "", settlement.reason or "for no reason given")
