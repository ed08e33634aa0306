"""Deferred values: placeholders for personal values while a template is traced.

Any operation on a deferred value gives another one. A question that decides the template's way
(is it true, how long is it) is answered for the traced subscriber and recorded as a guard. What
cannot be recorded raises :class:`Untraceable`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any, NoReturn, Protocol

from lovecampaign.render.values.expressions import (
    Applied,
    Constant,
    Expression,
    constant,
    element,
    make_dict,
    make_list,
    make_tuple,
    rounds,
)
from lovecampaign.render.values.inputs import Leaf


class Untraceable(Exception):
    """A template uses a personal value in a way that only the plain path supports."""


class GuardRecorder(Protocol):
    """Answers questions for the traced subscriber, and records them as guards."""

    def decide(self, question: Expression) -> Any:
        """The traced subscriber's answer."""


class Deferred:
    """A value that differs per subscriber; templates reach none of its own attributes."""

    __slots__ = ("_expression", "_source", "_trace")

    def __init__(
        self, trace: GuardRecorder, expression: Expression, source: str | None = None
    ) -> None:
        self._trace = trace
        self._expression = expression
        self._source = source

    def __expression__(self) -> Expression:
        return self._expression

    def __source__(self) -> str | None:
        """The source of a captured piece: its text with tokens. None for any other value."""
        return self._source

    def __apply__(
        self, function: Callable[..., Any], *operands: object, **keywords: object
    ) -> Deferred:
        """The deferred result of a function of deferred and other values."""
        return defer(self._trace, function, operands, keywords)

    def __is_leaf__(self, name: str) -> bool:
        return isinstance(self._expression, Leaf) and self._expression.name == name

    def __leaf__(self, leaf: Leaf) -> Deferred:
        """Another leaf of the same trace."""
        return Deferred(self._trace, leaf)

    def __decide__(self, function: Callable[..., Any], *operands: object) -> Any:
        """The function's result for the traced subscriber, recorded as a guard."""
        values = (self, *operands)
        return self._trace.decide(Applied(function, tuple(map(expression_of, values))))

    def __getitem__(self, index: object) -> Deferred:
        """Slices, which Jinja evaluates without asking the environment."""
        return self.__apply__(operator.getitem, self, index)

    def __bool__(self) -> bool:
        return bool(self.__decide__(bool))

    def __len__(self) -> int:
        return int(self.__decide__(rounds))

    def __iter__(self) -> Iterator[Deferred]:
        return iter([self.__apply__(element, self, index) for index in range(len(self))])

    def __contains__(self, item: object) -> bool:
        return bool(self.__decide__(operator.contains, item))


def defer(
    trace: GuardRecorder,
    function: Callable[..., Any],
    operands: tuple[object, ...],
    keywords: dict[str, object] | None = None,
) -> Deferred:
    """The deferred result of a function; raises :class:`Untraceable`."""
    named = tuple((name, expression_of(one)) for name, one in (keywords or {}).items())
    return Deferred(trace, Applied(function, tuple(map(expression_of, operands)), named))


def find_deferred(values: object) -> Deferred | None:
    """The first deferred value among these, also inside lists, tuples and dicts."""
    if isinstance(values, Deferred):
        return values
    inside = (*values, *values.values()) if isinstance(values, dict) else values
    if isinstance(inside, slice):
        inside = (inside.start, inside.stop, inside.step)
    if not isinstance(inside, list | tuple):
        return None
    return next((found for one in inside if (found := find_deferred(one)) is not None), None)


def expression_of(value: object) -> Expression:
    """How to compute the value for another subscriber; raises :class:`Untraceable`."""
    if isinstance(value, Deferred):
        return value.__expression__()
    if type(value) in _CONTAINERS:
        return Applied(*_take_apart(value))
    found: Constant | None = constant(value)
    if found is None:
        raise Untraceable(f"a personal value meets a {type(value).__name__}")
    return found


def _take_apart(value: Any) -> tuple[Callable[..., Any], tuple[Expression, ...]]:
    """The constructor and elements of a container; a copy, since templates may change theirs."""
    if isinstance(value, dict):
        inside = [one for pair in value.items() for one in pair]
    elif isinstance(value, slice):
        inside = [value.start, value.stop, value.step]
    else:
        inside = list(value)
    return _CONTAINERS[type(value)], tuple(map(expression_of, inside))


_CONTAINERS: dict[type, Callable[..., Any]] = {
    dict: make_dict,
    list: make_list,
    slice: slice,
    tuple: make_tuple,
}
#: Operators of templates; each gives another deferred value.
_OPERATORS = ("eq", "ne", "lt", "le", "gt", "ge", "neg", "pos")
_REFLECTED_OPERATORS = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow")
#: Conversions that need the value itself.
_UNFOLLOWED = ("hash", "repr", "str", "format", "index", "int", "float", "round")


def _operator(function: Callable[..., Any]) -> Callable[..., Deferred]:
    return lambda value, *others: value.__apply__(function, value, *others)


def _reflected(function: Callable[..., Any]) -> Callable[..., Deferred]:
    return lambda value, other: value.__apply__(function, other, value)


def _refusal(name: str) -> Callable[..., NoReturn]:
    def refuse(*_: object, **__: object) -> NoReturn:
        raise Untraceable(f"a personal value is used in a way that needs it at once ({name})")

    return refuse


for _name in (*_OPERATORS, *_REFLECTED_OPERATORS):
    setattr(Deferred, f"__{_name}__", _operator(getattr(operator, _name)))
for _name in _REFLECTED_OPERATORS:
    setattr(Deferred, f"__r{_name}__", _reflected(getattr(operator, _name)))
for _name in _UNFOLLOWED:
    setattr(Deferred, f"__{_name}__", _refusal(_name))
