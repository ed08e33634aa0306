"""How are many visitors of one page answered at once? One thread takes all who wait, together.

A thread and a commit for each costs more than what it does: at 500 forms a second, forty threads
spent their time waiting for one another and for the interpreter. Who comes alone waits for nobody.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Generic, TypeAlias, TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from lovecampaign.errors import Busy
from lovecampaign.web.serve.pages import Visit, handle

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

        ``take`` does what all of them want, or nothing. Where it fails, each is taken alone.
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
        answers: dict[int, _Answer] = {}
        wishes: dict[int, _T] = {}
        for number, visit in enumerate(visits):
            read = _try(self._read, visit)
            if isinstance(read, Response | Exception):
                answers[number] = read
            else:
                wishes[number] = read
        answers |= self._take_all(visits, wishes)
        return [answers[number] for number in range(len(visits))]

    def _take_all(self, visits: Sequence[Visit], wishes: Mapping[int, _T]) -> Mapping[int, _Answer]:
        if len(wishes) > 1:
            try:
                return dict(zip(wishes, self._take(list(wishes.values())), strict=True))
            except Busy as error:  # each alone would wait as long, one after the other
                return {number: _try(_raise(error), visits[number]) for number in wishes}
            except Exception:  # noqa: BLE001, S110 - each alone meets it again, or does not
                pass
        return {number: self._take_one(visits[number], wish) for number, wish in wishes.items()}

    def _take_one(self, visit: Visit, wish: _T) -> _Answer:
        return _try(lambda _: self._take([wish])[0], visit)


def _try(handler: Callable[[Visit], _Result], visit: Visit) -> _Result | _Answer:
    try:
        return handle(handler, visit)
    except Exception as error:  # noqa: BLE001 - for the page of this visit alone
        return error


def _raise(error: Busy) -> Callable[[Visit], Response]:
    def meet(_visit: Visit) -> Response:
        raise error

    return meet


def _tell(future: asyncio.Future[Response], answer: _Answer) -> None:
    if future.done():  # the visitor went away
        return
    if isinstance(answer, Exception):
        future.set_exception(answer)
    else:
        future.set_result(answer)
