"""How is a personal value worked out, written down so that it can be done for anybody?

An expression is a leaf (``subscriber.first_name``), a constant, or a function applied to other
expressions. Expressions are compared by their structure, so what two templates ask in the same
words is asked once.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, is_dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from lovecampaign.render.model.errors import RenderError
from lovecampaign.render.model.recipient import Recipient
from lovecampaign.render.values.inputs import Leaf
from lovecampaign.render.values.tokens import clean, one_line

#: Values that nothing can change after they were seen.
_UNCHANGING = (str, int, float, bool, type(None), date, Decimal, range)


@dataclass(frozen=True, slots=True)
class Constant:
    """The same for everybody."""

    content: Any
    #: 1, True and 1.0 are equal, and print differently; so do 0.0 and -0.0.
    identity: Hashable

    def value(self, _: Recipient) -> Any:
        return self.content


@dataclass(frozen=True, slots=True)
class Applied:
    """What a function makes of other expressions' values."""

    function: Callable[..., Any]
    operands: tuple[Expression, ...]
    keywords: tuple[tuple[str, Expression], ...] = ()

    def value(self, recipient: Recipient) -> Any:
        if len(self.operands) == 1 and not self.keywords:  # nearly all: what is printed
            return self.function(self.operands[0].value(recipient))
        values = [one.value(recipient) for one in self.operands]
        if not self.keywords:
            return self.function(*values)
        named = {name: one.value(recipient) for name, one in self.keywords}
        return self.function(*values, **named)


Expression = Leaf | Constant | Applied


def constant(content: object) -> Constant | None:
    """None for what may change later: that would be another value for the next person."""
    if not isinstance(content, _UNCHANGING) and not _is_frozen(content):
        return None
    if isinstance(content, str):
        content = str(content)
    identity = repr(content) if isinstance(content, float) else content
    return Constant(content, (type(content), identity))


def leaves_in(expression: Expression) -> Iterator[Leaf]:
    """Every leaf of an expression, as often as it is read."""
    if isinstance(expression, Leaf):
        yield expression
    elif isinstance(expression, Applied):
        for operand in (*expression.operands, *(one for _, one in expression.keywords)):
            yield from leaves_in(operand)


def printed(expression: Expression) -> Expression:
    """The text that a value is printed as."""
    if isinstance(expression, Applied) and expression.function in (printed_text, join_texts):
        return expression
    return Applied(printed_text, (expression,))


def joined(pieces: list[Expression]) -> Expression:
    """Texts, one after the other."""
    return pieces[0] if len(pieces) == 1 else Applied(join_texts, tuple(pieces))


def is_never_empty(expression: Expression) -> bool:
    """Whether the text of an expression is certain not to be empty."""
    match expression:
        case Leaf():
            return expression.is_never_empty
        case Constant(content=str(words)):
            return bool(words.strip()) and words.isprintable()
        case Applied(function=function, operands=operands) if function in _KEEP_WORDS:
            return any(is_never_empty(one) for one in operands)
    return False


def printed_text(value: object) -> str:
    """What a reader sees of a value; raises RenderError for None."""
    if value is None:
        raise RenderError("a value is printed that is not there for this person (it is none)")
    return clean(str(value))


def join_texts(*texts: str) -> str:
    return "".join(texts)


def join_values(*values: object) -> str:
    """``~``."""
    return "".join(map(str, values))


def element(values: Any, index: int) -> Any:
    """What a loop meets in its round number ``index``, from 0."""
    return list(values)[index]


def rounds(values: Any) -> int:
    """How often a loop goes round."""
    return len(list(values))


def make_list(*values: object) -> list[Any]:
    return list(values)


def make_tuple(*values: object) -> tuple[Any, ...]:
    return values


def make_dict(*pairs: object) -> Mapping[Any, Any]:
    """From keys and values in turn."""
    return dict(zip(pairs[::2], pairs[1::2], strict=True))


_KEEP_WORDS = (printed_text, join_texts, join_values, one_line)


def _is_frozen(content: object) -> bool:
    parameters = getattr(content, "__dataclass_params__", None)
    return is_dataclass(content) and bool(getattr(parameters, "frozen", False))
