"""Limits of operators, filters and methods that can make more than they are given.

Each is estimated before it runs, since a single ``"x" * 10**10`` takes all memory. What it is
given and what it makes draws on the budget of the rendering.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any

from jinja2.utils import _PassArg

from lovecampaign.render.values.budget import MAX_SIZE, require_size, size_of, spend

Function = Callable[..., Any]
#: A width, a precision or a number of items.
MAX_NUMBER = 10_000
MAX_BITS = 10_000
#: A width or precision inside a format: ``%099999d``, ``{:>99999}``, ``%99999Y``.
_LONG_WIDTH = re.compile(r"%[^a-zA-Z%]*?\d{5}|\{[^{}]*:[^{}]*?\d{5}")
#: A width or precision from an argument: ``%*d``, ``{:{}}``.
_GIVEN_WIDTH = re.compile(r"%[^a-zA-Z%]*\*")
_NESTED_WIDTH = re.compile(r"\{[^{}]*:[^{}]*\{")
_SIZED = (str, bytes, list, tuple)


def limited(name: str, function: Function) -> Function:
    """The filter, with an estimate before it runs if it can make more than it is given."""
    estimate = _FILTER_ESTIMATES.get(name)
    if estimate is None:
        return function

    first = 0 if _PassArg.from_obj(function) is None else 1

    @wraps(function)  # takes Jinja's marks for a context or environment along
    def apply(*args: Any, **kwargs: Any) -> Any:
        estimate(args[first:], kwargs)
        return function(*args, **kwargs)

    return apply


def spend_on_call(arguments: Sequence[Any], result: Any) -> None:
    """Draw what a filter or method was given and made from the budget."""
    spend(sum(map(size_of, arguments)) + size_of(result))


def limit_method(owner: Any, name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
    """Raises TemplateBudgetExceeded for a method call that would make too much."""
    if isinstance(owner, str | bytes):
        estimate = _TEXT_METHODS.get(name)
        if estimate is not None:
            estimate([owner, *args], kwargs)
            return
    elif name in ("extend", "update") and isinstance(owner, list | dict | set):
        require_size(size_of(owner) + sum(map(size_of, args)))
    for one in (*args, *kwargs.values()):
        _require_width(one)
        if isinstance(one, str) and not isinstance(owner, str | bytes):
            _require_format(one, ())  # strftime


def add(left: Any, right: Any) -> Any:
    """``+``."""
    if isinstance(left, _SIZED) and isinstance(right, _SIZED):
        require_size(size_of(left) + size_of(right))
    return operator.add(left, right)


def multiply(left: Any, right: Any) -> Any:
    """``*``."""
    for times, of in ((left, right), (right, left)):
        if isinstance(times, int) and isinstance(of, _SIZED):
            require_size(max(times, 0) * (size_of(of) + 1))
            return operator.mul(left, right)
    _require_bits(_bits(left) + _bits(right))
    return operator.mul(left, right)


def power(left: Any, right: Any) -> Any:
    """``**``."""
    if isinstance(left, int) and isinstance(right, int):
        _require_bits(max(_bits(left), 1) * abs(right) if abs(left) > 1 else 0)
    return operator.pow(left, right)


def format_or_modulo(left: Any, right: Any) -> Any:
    """``%``."""
    if isinstance(left, str | bytes):
        _estimate_format([left, *(right if isinstance(right, tuple) else (right,))], {})
    return operator.mod(left, right)


#: Jinja evaluates these by our environment.
LIMITED_OPERATORS: Mapping[str, Function] = {
    "+": add,
    "*": multiply,
    "**": power,
    "%": format_or_modulo,
}


def _bits(value: Any) -> int:
    return value.bit_length() if isinstance(value, int) else 0


def _require_bits(bits: int) -> None:
    require_size(bits if bits <= MAX_BITS else MAX_SIZE + 1)


def _require_width(value: Any) -> None:
    if isinstance(value, int) and abs(value) > MAX_NUMBER:
        require_size(MAX_SIZE + 1)


def _require_format(text: str | bytes, values: Sequence[Any]) -> None:
    words = text.decode("latin-1") if isinstance(text, bytes) else text
    if _LONG_WIDTH.search(words) or _NESTED_WIDTH.search(words):
        require_size(MAX_SIZE + 1)
    if _GIVEN_WIDTH.search(words):
        for value in values:
            _require_width(value)


def _estimate_format(given: Sequence[Any], named: Mapping[str, Any]) -> None:
    text = given[0] if isinstance(given[0], str | bytes) else str(given[0])
    values = (*given[1:], *named.values())
    inside = [one for value in values if isinstance(value, dict) for one in value.values()]
    _require_format(text, [*values, *inside])
    words = text.decode("latin-1") if isinstance(text, bytes) else text
    marks = words.count("%") + words.count("{")
    longest = max(map(size_of, values), default=0)
    require_size(len(text) + marks * (longest + MAX_NUMBER // 100))


def _estimate_width(given: Sequence[Any], named: Mapping[str, Any]) -> None:
    for value in (*given[1:], *named.values()):
        _require_width(value)


def _estimate_replace(given: Sequence[Any], named: Mapping[str, Any]) -> None:
    text = str(given[0])
    old = str(given[1] if len(given) > 1 else named.get("old", ""))
    new = str(given[2] if len(given) > 2 else named.get("new", ""))
    times = text.count(old) if old else len(text) + 1
    require_size(len(text) + times * len(new))


def _estimate_join(given: Sequence[Any], named: Mapping[str, Any]) -> None:
    items = given[0]
    between = str(given[1] if len(given) > 1 else named.get("d", ""))
    count = len(items) if hasattr(items, "__len__") else 0
    require_size(size_of(items) + count * len(between))


def _estimate_method_join(given: Sequence[Any], named: Mapping[str, Any]) -> None:
    if len(given) > 1:
        _estimate_join([given[1], given[0]], named)


def _estimate_indent(given: Sequence[Any], named: Mapping[str, Any]) -> None:
    width = given[1] if len(given) > 1 else named.get("width", 4)
    _require_width(width)
    each = len(width) if isinstance(width, str) else max(width, 0) if isinstance(width, int) else 0
    text = str(given[0])
    require_size(len(text) + (text.count("\n") + 1) * each)


def _estimate_wordwrap(given: Sequence[Any], named: Mapping[str, Any]) -> None:
    text = str(given[0])
    width = given[1] if len(given) > 1 else named.get("width", 79)
    between = str(given[3] if len(given) > 3 else named.get("wrapstring") or "\n")
    at_least = max(width, 1) if isinstance(width, int) else 1
    lines = len(text) // at_least + len(text.split()) + text.count("\n") + 1
    require_size(len(text) + lines * len(between))


def _estimate_sum(given: Sequence[Any], named: Mapping[str, Any]) -> None:
    start = given[2] if len(given) > 2 else named.get("start", 0)
    if isinstance(start, list | tuple):  # takes the square of the time
        require_size(MAX_SIZE + 1)


def _estimate_printed(given: Sequence[Any], _: Mapping[str, Any]) -> None:
    size_of(given[0])


def _estimate_tabs(given: Sequence[Any], named: Mapping[str, Any]) -> None:
    _estimate_width(given, named)
    width = given[1] if len(given) > 1 else named.get("tabsize", 8)
    tabs = given[0].count("\t" if isinstance(given[0], str) else b"\t")
    require_size(len(given[0]) + tabs * (width if isinstance(width, int) else 0))


def _estimate_translate(given: Sequence[Any], _: Mapping[str, Any]) -> None:
    table = given[1] if len(given) > 1 and isinstance(given[1], dict) else {}
    require_size(len(given[0]) * max([1, *(size_of(one) for one in table.values())]))


_Estimate = Callable[[Sequence[Any], Mapping[str, Any]], None]
_FILTER_ESTIMATES: Mapping[str, _Estimate] = {
    "batch": _estimate_width,
    "center": _estimate_width,
    "format": _estimate_format,
    "indent": _estimate_indent,
    "join": _estimate_join,
    "pprint": _estimate_printed,
    "replace": _estimate_replace,
    "round": _estimate_width,
    "slice": _estimate_width,
    "string": _estimate_printed,
    "sum": _estimate_sum,
    "truncate": _estimate_printed,
    "wordwrap": _estimate_wordwrap,
}
_TEXT_METHODS: Mapping[str, _Estimate] = {
    "expandtabs": _estimate_tabs,
    "format": _estimate_format,
    "format_map": _estimate_format,
    "join": _estimate_method_join,
    "replace": _estimate_replace,
    "translate": _estimate_translate,
}
