"""Captured pieces of a template: text with tokens, used as a value.

``set`` blocks, macro results, ``caller`` and ``{% filter %}`` hold text with tokens in it. It is
printed as it is, tokens included; everything else (filters, tests, slices, ``~``, comparisons,
methods) needs the real text. So a captured piece *is* its real text, a ``str``, and keeps the
source that it came from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Self

from jinja2.environment import TemplateModule
from jinja2.runtime import BlockReference, Context, Macro, Undefined
from markupsafe import Markup

from lovecampaign.render.values.budget import PRINT, new_budget, spend
from lovecampaign.render.values.deferred import Deferred
from lovecampaign.render.values.expressions import printed_text
from lovecampaign.render.values.tokens import ValueRecorder

_PRINTED: ContextVar[ValueRecorder[Any]] = ContextVar("printed")


class Captured(str):
    """The real text of a captured piece; ``_source`` is the piece with its tokens.

    It has no ``__html__``: Jinja must not take it for markup, or operations would see tokens.
    """

    __slots__ = ("_source",)
    _source: str | None

    def __new__(cls, text: str = "") -> Self:
        captured = super().__new__(cls, text)
        captured._source = None
        return captured

    @classmethod
    def from_source(cls, source: str) -> Self | Deferred:
        text = _PRINTED.get().resolve(source)
        if isinstance(text, Deferred):
            return text
        captured = cls(text)
        captured._source = source
        return captured

    def __source__(self) -> str | None:
        """None for a text made from a captured one, which is a value like any other."""
        return self._source


class SafeLiteral(str):
    """Our own value that is safe in every context, such as a colour; printed as it is."""

    __slots__ = ()


@contextmanager
def printing_to(printed: ValueRecorder[Any]) -> Iterator[None]:
    """Within this context, ``printed`` records what templates print, with a budget of their own."""
    before = _PRINTED.set(printed)
    try:
        with new_budget():
            yield
    finally:
        _PRINTED.reset(before)


def print_value(value: object) -> Markup:
    """The output for a printed value: a token, or captured source as it is."""
    if isinstance(value, Captured | Deferred) and (source := value.__source__()) is not None:
        spend(len(source))
        return _as_source(source)
    if isinstance(value, Deferred):
        spend(PRINT)
        return _as_source(_PRINTED.get().token(value))
    if isinstance(value, TemplateModule):
        return value.__html__()
    if isinstance(value, SafeLiteral):
        return _as_source(value)
    text = printed_text(value)
    spend(PRINT + len(text))
    return _as_source(_PRINTED.get().token(text))


def is_printed_as_source(value: object) -> bool:
    """Whether printing the value gives more than a token."""
    if isinstance(value, Captured | Deferred):
        return value.__source__() is not None
    return isinstance(value, SafeLiteral)


class CapturedMacro(Macro):
    """A macro (or ``caller``) with a captured result."""

    def _invoke(self, arguments: list[object], _autoescape: object) -> Any:
        return Captured.from_source(self._func(*arguments))


class CapturedBlock(BlockReference):
    """``super()`` and ``self.name()``: a block with captured text."""

    @property
    def super(self) -> BlockReference | Undefined:
        parent = super().super
        if isinstance(parent, BlockReference):
            return CapturedBlock(self.name, self._context, self._stack, self._depth + 1)
        return parent

    def __call__(self) -> Any:
        return Captured.from_source("".join(self._stack[self._depth](self._context)))


class CapturedBlocks:
    """``self`` in a template."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def __getitem__(self, name: str) -> BlockReference:
        return CapturedBlock(name, self._context, self._context.blocks[name], 0)


class CapturingContext(Context):
    """A template context that captures ``super()``."""

    def super(
        self, name: str, current: Callable[[Context], Iterator[str]]
    ) -> BlockReference | Undefined:
        block = super().super(name, current)
        if isinstance(block, BlockReference):
            stack = self.blocks[name]
            return CapturedBlock(name, self, stack, stack.index(current) + 1)
        return block


def _as_source(text: str) -> Markup:
    return Markup(text)  # noqa: S704 - template text; its values are tokens already
