"""How are many visitors of one page answered at once? One thread takes all who wait, together.

A thread and a commit for each costs more than what it does: at 500 forms a second, forty threads
spent their time waiting for one another and for the interpreter. Who comes alone waits for nobody.
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
from lovecampaign.web.serve.handler.handler import Visit, handle

_T = TypeVar("_T")
_Result = TypeVar("_Result")
#: So that nobody waits long for the others.
MOST_AT_ONCE = 64
_Answer: TypeAlias = Response | Exception


class Crowd(Generic[_T]):
    """The visits of one page. All but ``read`` and ``take`` happens in the loop's thread."""

    def __init__(
        self,
        *,
        read: Callable[[Visit], _T | Response],
        take: Callable[[Sequence[_T]], Sequence[Response]],
    ) -> None:
        """``read`` looks at one visit: what it wants, or an answer to what cannot be taken.

        ``take`` does what all of them want, or nothing. Where it fails, each is taken alone; but
        what is unreachable for one is unreachable for all.
        """
        self._read = read
        self._take = take
        self._waiting: deque[tuple[Visit, asyncio.Future[Response]]] = deque()
        self._work: asyncio.Task[None] | None = None

    async def answer(self, visit: Visit) -> Response:
        """As soon as those are answered who were there before."""
        future: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        self._waiting.append((visit, future))
        if self._work is None:
            self._work = asyncio.create_task(self._answer_all())
        return await future

    async def _answer_all(self) -> None:
        try:
            while self._waiting:
                size = min(len(self._waiting), MOST_AT_ONCE)
                group = [self._waiting.popleft() for _ in range(size)]
                visits = [visit for visit, _ in group]
                answers = await run_in_threadpool(self._answer_group, visits)
                for (_, future), answer in zip(group, answers, strict=True):
                    _tell(future, answer)
        finally:
            self._work = None

    def _answer_group(self, visits: Sequence[Visit]) -> Sequence[_Answer]:
        """An answer to each visit, in their order; or a mistake of ours, for its page."""
        group = _Group()
        answers: dict[int, _Answer] = {}
        wishes: dict[int, _T] = {}
        for number, visit in enumerate(visits):
            read = group.ask(self._read, visit)
            if isinstance(read, Response | Exception):
                answers[number] = read
            else:
                wishes[number] = read
        answers |= self._take_all(group, visits, wishes)
        return [answers[number] for number in range(len(visits))]

    def _take_all(
        self, group: _Group, visits: Sequence[Visit], wishes: Mapping[int, _T]
    ) -> Mapping[int, _Answer]:
        if len(wishes) > 1 and group.trouble is None:
            try:
                return dict(zip(wishes, self._take(list(wishes.values())), strict=True))
            except Unreachable as error:
                group.trouble = error
            except Exception:  # noqa: BLE001, S110 - each alone meets it again, or does not
                pass
        return {
            number: group.ask(partial(self._take_one, wish), visits[number])
            for number, wish in wishes.items()
        }

    def _take_one(self, wish: _T, _visit: Visit) -> Response:
        return self._take([wish])[0]


@dataclass(slots=True)
class _Group:
    """Those who are answered at once: what does not answer one of them is not asked again.

    Each would wait as long, one after the other.
    """

    trouble: Unreachable | None = None

    def ask(self, handler: Callable[[Visit], _Result], visit: Visit) -> _Result | _Answer:
        def ask_once(visit: Visit) -> _Result:
            if self.trouble is not None:
                raise self.trouble
            try:
                return handler(visit)
            except Unreachable as error:
                self.trouble = error
                raise

        try:
            return handle(ask_once, visit)
        except Exception as error:  # noqa: BLE001 - for the page of this visit alone
            return error


def _tell(future: asyncio.Future[Response], answer: _Answer) -> None:
    if future.done():  # the visitor went away
        return
    if isinstance(answer, Exception):
        future.set_exception(answer)
    else:
        future.set_result(answer)
