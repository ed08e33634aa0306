"""How do many small writes at once cost one commit? They share a transaction.

A durable commit waits for the disk. Whoever's turn it is does the work of all who wait, so that
the more there are, the less each of them costs; a write that comes alone waits for nobody.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from sqlalchemy.engine import Connection

_T = TypeVar("_T")
#: So that nobody waits long for the others' work.
MOST_AT_ONCE = 64


@dataclass(slots=True)
class _Wish(Generic[_T]):
    """A write that somebody waits for."""

    work: Callable[[Connection], _T]
    results: list[_T] = field(default_factory=list)
    error: BaseException | None = None

    @property
    def is_done(self) -> bool:
        return bool(self.results) or self.error is not None


class SharedWrites:
    """Safe between threads. ``write`` opens a transaction that commits durably at its end."""

    def __init__(self, write: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._write = write
        self._turn = threading.Lock()
        self._waiting: deque[_Wish[Any]] = deque()

    def run(self, work: Callable[[Connection], _T]) -> _T:
        """Do ``work`` in a transaction, and return what it returned once that is durable.

        It may be done twice: where one of those who share it fails, all is rolled back, and each
        is done alone.
        """
        wish = _Wish(work)
        self._waiting.append(wish)
        while not wish.is_done:
            with self._turn:
                if not wish.is_done:
                    self._do(self._take_group())
        if wish.error is not None:
            raise wish.error
        return wish.results[0]

    def _take_group(self) -> Sequence[_Wish[Any]]:
        """Only whoever has the turn takes."""
        return [self._waiting.popleft() for _ in range(min(len(self._waiting), MOST_AT_ONCE))]

    def _do(self, group: Sequence[_Wish[Any]]) -> None:
        if len(group) > 1 and self._do_together(group):
            return
        for wish in group:
            try:
                with self._write() as connection:
                    result = wish.work(connection)
                wish.results.append(result)
            except BaseException as error:  # noqa: BLE001 - told to whoever waits for it
                wish.error = error

    def _do_together(self, group: Sequence[_Wish[Any]]) -> bool:
        try:
            with self._write() as connection:
                results = [wish.work(connection) for wish in group]
        except Exception:  # noqa: BLE001 - each alone meets it again, or does not
            return False
        for wish, result in zip(group, results, strict=True):
            wish.results.append(result)
        return True
