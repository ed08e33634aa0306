"""The protocol of a pooled connection, and of the generator-based coroutines it runs."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Protocol, TypeAlias, TypeVar

from lovecampaign.core.message import Outcome
from lovecampaign.providers.base.outcomes import NoConnection
from lovecampaign.providers.pool.work_queue import QueueClient

#: What a connection delivers at once: a message, or the recipients of one request.
Item = TypeVar("Item")


class PendingReply(Protocol):
    """An answer that has to come over a connection."""

    #: By the monotonic clock; the coroutine is resumed then, and finds out that it is late.
    deadline: float

    @property
    def is_ready(self) -> bool:
        """Whether the coroutine can be resumed; checked without waiting."""
        ...

    @property
    def is_buffered(self) -> bool:
        """Whether it may have come already, so that a poll of the socket would not find it."""
        ...

    def fileno(self) -> int:
        """The socket to poll."""
        ...


_Result = TypeVar("_Result")
#: A coroutine that yields at each answer that is not there yet.
Coroutine: TypeAlias = "Generator[PendingReply, None, _Result]"
#: Returns items that were taken and that the server does not have, if there are any.
DeliveryCoroutine: TypeAlias = "Coroutine[Sequence[Item] | None]"


def run_blocking(coroutine: Coroutine[_Result]) -> _Result:
    """Run a coroutine to its end, waiting for each answer; returns its result."""
    try:
        while True:
            next(coroutine)
    except StopIteration as end:
        result: _Result = end.value
        return result


class PooledConnection(Protocol[Item]):
    """One connection to the server, used by one thread at a time."""

    def deliver(self, item: Item, client: QueueClient[Item]) -> DeliveryCoroutine[Item]:
        """Deliver ``item``, and others of the queue while it lasts; report each outcome.

        Raises NoConnection where no byte of ``item`` has left.
        """
        ...

    def undelivered(self, item: Item, failure: NoConnection) -> Sequence[Outcome]:
        """The outcomes of an item for which there was no connection."""
        ...

    def close(self) -> None: ...
