"""What is personal about an email, and which of its ways did one person's values take?

An email is rendered once with everything personal deferred: what it prints are holes, and what
decides its way are guards, answered for the person who happens to be first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
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

#: What stands behind a token: a text for everybody, or how to find each person's.
TracedValue = str | Expression


@dataclass(frozen=True, slots=True)
class TraceGuard:
    """A question that decides an email's way, and the answer for who was traced."""

    question: Expression
    answer: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedEmail:
    """One way through an email, for everybody whose guards are answered alike."""

    composed: ComposedEmail[Any]
    #: What stands behind each token.
    said: tuple[TracedValue, ...]
    subject: TracedValue
    guards: tuple[TraceGuard, ...]


def trace_email(composer: Composer, recipient: Recipient) -> TracedEmail:
    """Follow an email for one person.

    Raises :class:`Untraceable`, and whatever rendering for this person raises.
    """
    trace = Trace(composer.tokens, composer.leaves, recipient)
    composed = composer.compose_with(trace, trace.ask, recipient.digest)
    return TracedEmail(
        composed=composed,
        said=tuple(map(_said, trace.values)),
        subject=_said(composed.subject),
        guards=tuple(TraceGuard(*each) for each in trace.answers.items()),
    )


class Trace:
    """Takes note of what one rendering prints and asks."""

    def __init__(
        self, tokens: TokenFormat, leaves: Mapping[str, Leaf], recipient: Recipient
    ) -> None:
        self._tokens = tokens
        self._leaves = leaves
        self._recipient = recipient
        self.values: list[str | Deferred] = []
        #: Answers so far, in the order in which they were asked for.
        self.answers: dict[Expression, Any] = {}

    def ask(self, name: str) -> Deferred:
        """A leaf's value, by the leaf's name."""
        return Deferred(self, self._leaves[name])

    def decide(self, question: Expression) -> Any:
        """The answer for this person; from now on it is a guard."""
        if question not in self.answers:
            self.answers[question] = question.value(self._recipient)
        return self.answers[question]

    def token(self, text: str | Deferred) -> str:
        """A token for a text; whether there is one at all decides the way."""
        if isinstance(text, Deferred):
            text = Deferred(self, printed(text.__expression__()))
            if not self._is_there(text.__expression__()):
                return ""
        elif not (text := clean(text)):
            return ""
        self.values.append(text)
        return self._tokens.token(len(self.values) - 1)

    def resolve(self, source: str) -> str | Deferred:
        """What a source says; deferred as soon as anything in it is."""
        pieces = [*self._pieces(source)]
        if all(isinstance(one, str) for one in pieces):
            return "".join(map(str, pieces))
        return Deferred(self, joined([_expression(one) for one in pieces if one != ""]), source)

    def resolve_line(self, source: str) -> str | Deferred:
        """The same on one line; what it prints are no longer the pieces of the source."""
        text = self.resolve(source)
        if isinstance(text, str):
            return one_line(text)
        return Deferred(self, Applied(one_line, (text.__expression__(),)))

    def _is_there(self, text: Expression) -> bool:
        if is_never_empty(text):
            if not text.value(self._recipient):
                raise Untraceable("a value is empty that never is")
            return True
        return bool(self.decide(Applied(bool, (text,))))

    def _pieces(self, source: str) -> list[str | Expression]:
        pieces: list[str | Expression] = []
        for number, piece in enumerate(self._tokens.pattern.split(source)):
            pieces.append(_said(self.values[int(piece)]) if number % 2 else piece)
        return pieces


def _said(value: str | Deferred) -> TracedValue:
    return value.__expression__() if isinstance(value, Deferred) else str(value)


def _expression(piece: str | Expression) -> Expression:
    if not isinstance(piece, str):
        return piece
    found = constant(piece)
    assert found is not None, "a text never changes"  # noqa: S101
    return found
