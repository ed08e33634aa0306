"""What is a lane? One connection to the other side, and how it works together with others."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Protocol, TypeAlias, TypeVar

from lovecampaign.core.message import Outcome
from lovecampaign.providers.base.outcomes import NoConnection
from lovecampaign.providers.pool.intake import QueueClient

#: What a lane carries at once: a message, or the people of one request.
Item = TypeVar("Item")


class PendingReply(Protocol):
    """An answer that has to come over a connection."""

    #: When it is too late, by the monotonic clock; who waits for it goes on and finds out.
    deadline: float

    @property
    def is_there(self) -> bool:
        """Whether one could go on with it; asked without waiting."""
        ...

    def fileno(self) -> int:
        """The socket that it comes over."""
        ...


_Result = TypeVar("_Result")
#: Work that pauses at each answer that is not there yet, so that others may go on.
Coroutine: TypeAlias = "Generator[PendingReply, None, _Result]"
#: Returns an item that was taken and of which nothing has left, if there is one.
DeliveryCoroutine: TypeAlias = "Coroutine[Item | None]"


def run_blocking(work: Coroutine[_Result]) -> _Result:
    """What it returns, every answer waited for."""
    try:
        while True:
            next(work)
    except StopIteration as end:
        result: _Result = end.value
        return result


class PooledConnection(Protocol[Item]):
    """One connection to the other side, used by one thread at a time."""

    def carry(self, item: Item, intake: QueueClient[Item]) -> DeliveryCoroutine[Item]:
        """Deliver ``item``, and others of the intake while it lasts; answer for each.

        Raises NoConnection where nothing of ``item`` has left.
        """
        ...

    def unasked(self, item: Item, missing: NoConnection) -> Sequence[Outcome]:
        """The outcomes of an item that nobody could be asked to take."""
        ...

    def close(self) -> None: ...
