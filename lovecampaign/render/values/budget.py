"""The budget of rendering one email: what its templates may print and compute.

Loops, macros, includes, printed values, filters, operators and methods all draw on it, so that no
template can take the machine's time or memory, however it is written. A unit is about one
character that is printed or looked at. A letter of 64 KB with 27 days in it takes 400,000.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from jinja2.exceptions import SecurityError

UNITS = 4_000_000
#: Of one text, list or other value, in units.
MAX_SIZE = 1_000_000
#: Of a loop turn, a macro call or an include, besides what it prints.
TURN = 50
#: Of a printed value: its token and its escaping.
PRINT = 20
_ITEM = 4


class TemplateBudgetExceeded(SecurityError):
    """A template prints or computes more than any letter needs."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} for any letter")


class RenderBudget:
    """What is left of the budget of one rendering."""

    __slots__ = ("left",)

    def __init__(self, units: int = UNITS) -> None:
        self.left = units

    def spend(self, units: int) -> None:
        """Raises TemplateBudgetExceeded where not enough is left."""
        self.left -= units
        if self.left < 0:
            raise TemplateBudgetExceeded(
                "the loops, macros and filters up to here print or compute too much"
            )


_BUDGET: ContextVar[RenderBudget | None] = ContextVar("budget", default=None)


@contextmanager
def new_budget() -> Iterator[None]:
    """Within this context, one rendering draws on a budget of its own."""
    token = _BUDGET.set(RenderBudget())
    try:
        yield
    finally:
        _BUDGET.reset(token)


def spend(units: int) -> None:
    """Draw on the budget of the current rendering; nothing without one."""
    budget = _BUDGET.get()
    if budget is not None:
        budget.spend(units)


def require_size(units: int) -> None:
    """Raises TemplateBudgetExceeded for a value that is too large."""
    if units > MAX_SIZE:
        raise TemplateBudgetExceeded("this makes a text, list or number that is too long")


def size_of(value: Any) -> int:
    """About how long a value is when it is printed, items of items included.

    Raises TemplateBudgetExceeded as soon as it is too large: a list may hold the same long text a
    million times.
    """
    if isinstance(value, str | bytes):
        require_size(len(value))
        return len(value)
    if not isinstance(value, list | tuple | dict | set | frozenset | range):
        return _ITEM
    units, waiting = 0, [value]
    while waiting:
        one = waiting.pop()
        units += len(one) * _ITEM
        require_size(units)
        if isinstance(one, range):
            continue
        for item in (*one.keys(), *one.values()) if isinstance(one, dict) else one:
            if isinstance(item, str | bytes):
                units += len(item)
                require_size(units)
            elif isinstance(item, list | tuple | dict | set | frozenset | range):
                waiting.append(item)
    return units
