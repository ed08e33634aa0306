"""Decision tree from a subscriber's guard answers to the variant of an email.

Nodes are guards, leaves are variants. In front of the tree is an index from all answers together
to the variant, in which questions about the same inputs are answered together: an email of 34
holes asks twenty questions of six inputs, and one look-up per input takes half as long as one per
question.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from lovecampaign.render.fast.result_cache import BoundedCache
from lovecampaign.render.fast.trace import TraceGuard
from lovecampaign.render.model.recipient import Recipient
from lovecampaign.render.values.deferred import Untraceable
from lovecampaign.render.values.expressions import Dependencies, Expression, dependencies_of

Variant = TypeVar("Variant")

_NO_ANSWER = object()


class DecisionTree(Generic[Variant]):
    """Finds variants without a lock; ``add`` needs one."""

    def __init__(self) -> None:
        self._questions: dict[Expression, None] = {}
        #: One tree per list of days in a digest; nearly always there is only one.
        self._roots: dict[Hashable, _DecisionNode[Variant] | Variant] = {}
        self._index: _AnswerIndex[Variant] = _AnswerIndex(())
        self.size = 0

    def find(self, recipient: Recipient) -> Variant | None:
        """The variant for this subscriber; None before one with the same answers was added."""
        index = self._index
        answers = index.answers(recipient)
        variant = index.variants.get(answers)
        if variant is None:
            variant = self._walk(recipient)
            # Another thread may have replaced the index: it asks more than was answered.
            if variant is not None and index is self._index:
                index.variants.keep(answers, variant)
        return variant

    def _walk(self, recipient: Recipient) -> Variant | None:
        """Walks the tree, which only a new combination of answers needs."""
        node = self._roots.get(recipient.digest)
        while isinstance(node, _DecisionNode):
            node = node.branches.get(node.question.value(recipient))
        return node

    def add(self, recipient: Recipient, guards: Sequence[TraceGuard], variant: Variant) -> None:
        """Add a variant for all subscribers with these answers.

        Raises :class:`Untraceable` where the same path asked something else before.
        """
        # The index first: it must ask every question of what can be found.
        self._questions |= dict.fromkeys(question for question, _ in guards)
        self._index = _AnswerIndex(self._questions)
        branches: dict[Any, Any] = self._roots
        answer: Hashable = recipient.digest
        for question, next_answer in guards:
            node = branches.setdefault(answer, _DecisionNode(question))
            if not isinstance(node, _DecisionNode) or node.question != question:
                raise Untraceable("the same values lead two ways")
            branches, answer = node.branches, next_answer
        if branches.setdefault(answer, variant) is not variant:
            raise Untraceable("the same values lead two ways")
        self.size += 1


@dataclass(frozen=True, slots=True)
class _DecisionNode(Generic[Variant]):
    """A guard's question, with a branch per answer."""

    question: Expression
    branches: dict[Any, _DecisionNode[Variant] | Variant] = field(default_factory=dict)


class _AnswerIndex(Generic[Variant]):
    """Variants by the answers to all questions of the tree."""

    def __init__(self, questions: Iterable[Expression]) -> None:
        grouped: dict[Dependencies, list[Expression]] = {}
        for question in questions:
            grouped.setdefault(dependencies_of(question), []).append(question)
        groups = [_QuestionGroup(*each) for each in grouped.items()]
        #: Spread out: to call each group for each message takes longer.
        self._look_ups = [(group.key, group.known.get, group.ask) for group in groups]
        self.variants: BoundedCache[Variant] = BoundedCache()

    def answers(self, recipient: Recipient) -> Hashable:
        known = [get(key(recipient)) or ask(recipient) for key, get, ask in self._look_ups]
        return (recipient.digest, *known)


class _QuestionGroup:
    """Questions with the same dependencies."""

    __slots__ = ("_questions", "key", "known")

    def __init__(self, dependencies: Dependencies, questions: Sequence[Expression]) -> None:
        self.key = dependencies.key
        self._questions = questions
        #: Answers by key; never empty, and so never false.
        self.known: BoundedCache[tuple[Hashable, ...]] = BoundedCache()

    def ask(self, recipient: Recipient) -> tuple[Hashable, ...]:
        """The answers, which are known from now on."""
        answers = tuple([_answer(question, recipient) for question in self._questions])
        self.known.keep(self.key(recipient), answers)
        return answers


def _answer(question: Expression, recipient: Recipient) -> Hashable:
    """A failure counts as an answer: it matters only to a path that asks this."""
    try:
        answer: Hashable = question.value(recipient)
        hash(answer)
    except Exception:  # noqa: BLE001 - a template's function may raise anything
        return _NO_ANSWER
    return answer
