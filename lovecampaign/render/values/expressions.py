"""Expression trees: a computation on personal values, recorded to be repeated per subscriber.

An expression is a leaf (``subscriber.first_name``), a constant, or a function applied to other
expressions. Expressions are compared by structure, so equal questions of two templates are one.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field, is_dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from lovecampaign.render.model.errors import RenderError
from lovecampaign.render.model.recipient import Recipient
from lovecampaign.render.values.budget import require_size, size_of
from lovecampaign.render.values.inputs import Leaf
from lovecampaign.render.values.tokens import clean, one_line

#: Immutable types.
_UNCHANGING = (str, int, float, bool, type(None), date, Decimal, range)


@dataclass(frozen=True, slots=True)
class Constant:
    """A value that all subscribers share."""

    content: Any
    #: 1, True and 1.0 are equal, but print differently; so do 0.0 and -0.0.
    identity: Hashable

    def value(self, _: Recipient) -> Any:
        return self.content


@dataclass(frozen=True, slots=True)
class Applied:
    """A function applied to the values of other expressions."""

    function: Callable[..., Any]
    operands: tuple[Expression, ...]
    keywords: tuple[tuple[str, Expression], ...] = ()

    def value(self, recipient: Recipient) -> Any:
        if len(self.operands) == 1 and not self.keywords:  # nearly all: printed values
            return self.function(self.operands[0].value(recipient))
        values = [one.value(recipient) for one in self.operands]
        if not self.keywords:
            return self.function(*values)
        named = {name: one.value(recipient) for name, one in self.keywords}
        return self.function(*values, **named)


Expression = Leaf | Constant | Applied


def constant(content: object) -> Constant | None:
    """None for what may change later: the next subscriber would get another value."""
    if not isinstance(content, _UNCHANGING) and not _is_frozen(content):
        return None
    if isinstance(content, str):
        content = str(content)
    identity = repr(content) if isinstance(content, float) else content
    return Constant(content, (type(content), identity))


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependencies:
    """The leaves that an expression reads; equal for expressions that read the same."""

    leaves: tuple[Leaf, ...]
    #: For two recipients with equal keys the expression has equal values.
    key: Callable[[Recipient], Hashable] = field(compare=False)
    #: Whether equal keys are common enough to cache results by them.
    is_shared: bool = field(compare=False)


def dependencies_of(expression: Expression) -> Dependencies:
    """The leaves that an expression reads, sorted by name."""
    leaves = tuple(sorted(set(_leaves_in(expression)), key=lambda leaf: leaf.name))
    return Dependencies(
        leaves=leaves,
        key=_key(tuple(leaf.key for leaf in leaves)),
        is_shared=all(leaf.is_shared for leaf in leaves),
    )


def _leaves_in(expression: Expression) -> Iterator[Leaf]:
    if isinstance(expression, Leaf):
        yield expression
    elif isinstance(expression, Applied):
        for operand in (*expression.operands, *(one for _, one in expression.keywords)):
            yield from _leaves_in(operand)


def _key(keys: tuple[Callable[[Recipient], Hashable], ...]) -> Callable[[Recipient], Hashable]:
    if len(keys) == 1:
        return keys[0]
    return lambda recipient: tuple([key(recipient) for key in keys])


def printed(expression: Expression) -> Expression:
    """An expression for the text that a value is printed as."""
    if isinstance(expression, Applied) and expression.function in (printed_text, join_texts):
        return expression
    return Applied(printed_text, (expression,))


def joined(pieces: list[Expression]) -> Expression:
    """An expression for concatenated texts."""
    return pieces[0] if len(pieces) == 1 else Applied(join_texts, tuple(pieces))


def is_never_empty(expression: Expression) -> bool:
    """Whether the text of an expression is certain not to be empty."""
    match expression:
        case Leaf():
            return expression.is_never_empty
        case Constant(content=str(words)):
            return bool(words.strip()) and words.isprintable()
        case Applied(function=function, operands=operands) if function in _KEEP_TEXT:
            return any(is_never_empty(one) for one in operands)
    return False


def printed_text(value: object) -> str:
    """The text that a value is printed as; raises RenderError for None."""
    if type(value) is str:  # nearly all; this costs less than calling str()
        return clean(value)
    if value is None:
        raise RenderError("a printed value is missing for this person (it is none)")
    size_of(value)  # a list may hold the same long text a million times
    return clean(str(value))


def join_texts(*texts: str) -> str:
    return "".join(texts)


def join_values(*values: object) -> str:
    """``~``."""
    require_size(sum(map(size_of, values)))
    return "".join(map(str, values))


def element(values: Any, index: int) -> Any:
    """The element of a loop's round number ``index``, from 0."""
    return list(values)[index]


def rounds(values: Any) -> int:
    """The number of rounds of a loop."""
    return len(list(values))


def make_list(*values: object) -> list[Any]:
    return list(values)


def make_tuple(*values: object) -> tuple[Any, ...]:
    return values


def make_dict(*pairs: object) -> Mapping[Any, Any]:
    """From alternating keys and values."""
    return dict(zip(pairs[::2], pairs[1::2], strict=True))


_KEEP_TEXT = (printed_text, join_texts, join_values, one_line)


def _is_frozen(content: object) -> bool:
    parameters = getattr(content, "__dataclass_params__", None)
    return is_dataclass(content) and bool(getattr(parameters, "frozen", False))
