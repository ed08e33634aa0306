"""What a command and its sending processes tell each other over their pipes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.core.clock import Clock
from lovecampaign.delivery.base.sender import BatchHandle
from lovecampaign.delivery.base.tally import Tally
from lovecampaign.render.model.content import Content
from lovecampaign.store.ledger.campaigns import CampaignRecord


class OrderedBatch(NamedTuple):
    """A batch to deliver, of the email with this key."""

    email_key: str
    handle: BatchHandle


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryOrder:
    """To a process: deliver these batches, together with the others."""

    campaign: Campaign
    record: CampaignRecord
    clock: Clock
    #: By email key: the content that was checked, and whether copies of it were sent before.
    contents: Mapping[str, tuple[Content, bool]]
    batches: Sequence[OrderedBatch]
    #: So that each process gets a part of what is due.
    claim_most: int | None


class Request(Enum):
    """To a process, beside orders."""

    STOP = "finish the messages in flight, and report"
    END = "there is no more work"


class ProgressReport(NamedTuple):
    """From a process: so many new outcomes."""

    outcomes: int


class LogLine(NamedTuple):
    """From a process, for the log of the command."""

    level: int
    logger: str
    text: str


class Done(NamedTuple):
    """From a process: the end of an order."""

    tally: Tally
    #: As the ledger knows the process.
    owner_id: int


class Fenced(NamedTuple):
    """From a process: others took over its batch, and it ends."""


class Failed(NamedTuple):
    """From a process: an order ended with an exception; open claims are left for recovery."""

    error: Exception
    traceback: str
