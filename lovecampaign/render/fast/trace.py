"""Traces an email: records what one rendering prints and which way it takes.

The email is rendered once with every personal value deferred. What it prints become holes; what
decides its way become guards, answered for the first subscriber.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from lovecampaign.render.model.recipient import Recipient
from lovecampaign.render.plain.compose import ComposedEmail, Composer
from lovecampaign.render.values.deferred import Deferred, Untraceable
from lovecampaign.render.values.expressions import (
    Applied,
    Expression,
    constant,
    is_never_empty,
    joined,
    printed,
)
from lovecampaign.render.values.inputs import Leaf
from lovecampaign.render.values.tokens import TokenFormat, clean, one_line

#: The value of a token: a text that all subscribers share, or how to compute each one's.
TracedValue = str | Expression
#: A question that decides an email's way, and the traced subscriber's answer.
TraceGuard = tuple[Expression, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedEmail:
    """One way through an email, for all subscribers with the same answers."""

    composed: ComposedEmail[Any]
    #: The value of token number ``n`` is ``values[n]``.
    values: tuple[TracedValue, ...]
    subject: TracedValue
    guards: tuple[TraceGuard, ...]


def trace_email(composer: Composer, recipient: Recipient) -> TracedEmail:
    """Trace an email for one subscriber.

    Raises :class:`Untraceable`, and whatever rendering for this subscriber raises.
    """
    trace = Trace(composer.tokens, composer.leaves, recipient)
    composed = composer.compose_with(trace, trace.read, recipient.digest)
    return TracedEmail(
        composed=composed,
        values=tuple(map(_traced, trace.values)),
        subject=_traced(composed.subject),
        guards=tuple(trace.answers.items()),
    )


class Trace:
    """Records what one rendering prints and asks."""

    def __init__(
        self, tokens: TokenFormat, leaves: Mapping[str, Leaf], recipient: Recipient
    ) -> None:
        self._tokens = tokens
        self._leaves = leaves
        self._recipient = recipient
        self.values: list[str | Deferred] = []
        #: In the order in which they were first asked for.
        self.answers: dict[Expression, Any] = {}

    def read(self, name: str) -> Any:
        """A leaf's deferred value, by the leaf's name; the value itself where it is a guard."""
        leaf = self._leaves[name]
        if not leaf.is_guard:
            return Deferred(self, leaf)
        self.decide(replace(leaf, name=f"the key of {name}", value=leaf.key))
        return leaf.value(self._recipient)

    def decide(self, question: Expression) -> Any:
        """The answer for this subscriber, which becomes a guard."""
        if question not in self.answers:
            self.answers[question] = question.value(self._recipient)
        return self.answers[question]

    def token(self, text: str | Deferred) -> str:
        """A token for a text; whether the text is empty becomes a guard."""
        if isinstance(text, Deferred):
            text = Deferred(self, printed(text.__expression__()))
            if self._is_empty(text.__expression__()):
                return ""
        elif not (text := clean(text)):
            return ""
        self.values.append(text)
        return self._tokens.token(len(self.values) - 1)

    def resolve(self, source: str) -> str | Deferred:
        """The source with values in place of tokens; deferred as soon as any value is."""
        pieces: list[TracedValue] = []
        for number, piece in enumerate(self._tokens.pattern.split(source)):
            pieces.append(_traced(self.values[int(piece)]) if number % 2 else piece)
        if all(isinstance(one, str) for one in pieces):
            return "".join(map(str, pieces))
        return Deferred(self, joined([_expression(one) for one in pieces if one != ""]), source)

    def resolve_line(self, source: str) -> str | Deferred:
        """The same on one line; printed, it is a value and no longer a captured source."""
        text = self.resolve(source)
        if isinstance(text, str):
            return one_line(text)
        return Deferred(self, Applied(one_line, (text.__expression__(),)))

    def _is_empty(self, text: Expression) -> bool:
        if not is_never_empty(text):
            return not self.decide(Applied(bool, (text,)))
        if not text.value(self._recipient):
            raise Untraceable("a value is empty that never is")
        return False


def _traced(value: str | Deferred) -> TracedValue:
    return value.__expression__() if isinstance(value, Deferred) else str(value)


def _expression(piece: TracedValue) -> Expression:
    if not isinstance(piece, str):
        return piece
    text = constant(piece)
    assert text is not None, "a text never changes"  # noqa: S101
    return text
