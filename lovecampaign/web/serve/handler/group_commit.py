"""Group commit: concurrent requests of one page share a thread and a transaction.

A thread and a commit for each request costs more than its work: at 500 forms a second, forty
threads waited for one another and for the interpreter. A single request does not wait.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeAlias, TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from lovecampaign.core.errors import Unreachable
from lovecampaign.web.serve.handler.request_context import RequestContext, handle

_T = TypeVar("_T")
_Result = TypeVar("_Result")
#: Bounds how long a request waits for the rest of its group.
MAX_GROUP_SIZE = 64
_Outcome: TypeAlias = Response | Exception


class GroupCommit(Generic[_T]):
    """Groups the requests of one page. All but ``read`` and ``take`` runs in the event loop."""

    def __init__(
        self,
        *,
        read: Callable[[RequestContext], _T | Response],
        take: Callable[[Sequence[_T]], Sequence[Response]],
    ) -> None:
        """``read`` validates one request: a work item, or the response to an invalid one.

        ``take`` executes all items or none. Where it fails, each item is tried alone, except
        that Unreachable counts for the whole group.
        """
        self._read = read
        self._take = take
        self._queue: deque[tuple[RequestContext, asyncio.Future[Response]]] = deque()
        self._worker: asyncio.Task[None] | None = None

    async def answer(self, context: RequestContext) -> Response:
        """Queue the request; returns the response of its group's turn."""
        future: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        self._queue.append((context, future))
        if self._worker is None:
            self._worker = asyncio.create_task(self._work())
        return await future

    async def _work(self) -> None:
        try:
            while self._queue:
                size = min(len(self._queue), MAX_GROUP_SIZE)
                group = [self._queue.popleft() for _ in range(size)]
                contexts = [context for context, _ in group]
                outcomes = await run_in_threadpool(self._answer_group, contexts)
                for (_, future), outcome in zip(group, outcomes, strict=True):
                    if future.done():  # the client has disconnected
                        continue
                    if isinstance(outcome, Exception):
                        future.set_exception(outcome)
                    else:
                        future.set_result(outcome)
        finally:
            self._worker = None

    def _answer_group(self, contexts: Sequence[RequestContext]) -> Sequence[_Outcome]:
        """A response to each request, in order; or an exception for its error page."""
        group = _Group()
        outcomes: dict[int, _Outcome] = {}
        items: dict[int, _T] = {}
        for number, context in enumerate(contexts):
            result = group.call(self._read, context)
            if isinstance(result, Response | Exception):
                outcomes[number] = result
            else:
                items[number] = result
        outcomes |= self._take_all(group, contexts, items)
        return [outcomes[number] for number in range(len(contexts))]

    def _take_all(
        self, group: _Group, contexts: Sequence[RequestContext], items: Mapping[int, _T]
    ) -> Mapping[int, _Outcome]:
        if len(items) > 1 and group.unreachable is None:
            try:
                return dict(zip(items, self._take(list(items.values())), strict=True))
            except Unreachable as error:
                group.unreachable = error
            except Exception:  # noqa: BLE001, S110 - raised again for the item at fault
                pass
        return {
            number: group.call(partial(self._take_one, item), contexts[number])
            for number, item in items.items()
        }

    def _take_one(self, item: _T, _context: RequestContext) -> Response:
        return self._take([item])[0]


@dataclass(slots=True)
class _Group:
    """Remembers Unreachable, so that a group waits for a time-out once, not for each request."""

    unreachable: Unreachable | None = None

    def call(
        self, handler: Callable[[RequestContext], _Result], context: RequestContext
    ) -> _Result | _Outcome:
        def call_once(context: RequestContext) -> _Result:
            if self.unreachable is not None:
                raise self.unreachable
            try:
                return handler(context)
            except Unreachable as error:
                self.unreachable = error
                raise

        try:
            return handle(call_once, context)
        except Exception as error:  # noqa: BLE001 - for the error page of this request alone
            return error
