"""Which variant of an email is for this person? Ask the guards, one after the other."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, Generic, TypeVar

from lovecampaign.render.deferred import Untraceable
from lovecampaign.render.expressions import Expression
from lovecampaign.render.memory import Memory, Remembered
from lovecampaign.render.reads import reads_of
from lovecampaign.render.recipient import Recipient
from lovecampaign.render.tracing import Guard

Variant = TypeVar("Variant")

_NEVER_ASKED = object()


class DecisionTree(Generic[Variant]):
    """Forks are guards, leaves are variants. Finding takes no lock, growing needs one."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        #: Answers that are known, by the question: it may be asked in many places.
        self._known: dict[Expression, Remembered[Any]] = {}
        #: One tree for each list of days inside a digest; nearly always there is only one.
        self._roots: dict[Hashable, _Fork[Variant] | Variant] = {}
        self.size = 0

    def find(self, recipient: Recipient) -> Variant | None:
        """The variant for this person; None where nobody like them has come yet."""
        place = self._roots.get(recipient.digest)
        while isinstance(place, _Fork):
            answer = place.known.get(place.key(recipient), _NEVER_ASKED)
            if answer is _NEVER_ASKED:
                answer = place.ask(recipient)
            place = place.branches.get(answer)
        return place

    def add(self, recipient: Recipient, guards: Sequence[Guard], variant: Variant) -> None:
        """A variant for everybody whose answers are these.

        Raises :class:`Untraceable` where the same way asked something else before.
        """
        branches: dict[Any, Any] = self._roots
        answer: Hashable = recipient.digest
        for guard in guards:
            if answer not in branches:
                branches[answer] = self._fork(guard.question)
            fork = branches[answer]
            if not isinstance(fork, _Fork) or fork.question != guard.question:
                raise Untraceable("the same values lead two ways")
            branches, answer = fork.branches, guard.answer
        if branches.setdefault(answer, variant) is not variant:
            raise Untraceable("the same values lead two ways")
        self.size += 1

    def _fork(self, question: Expression) -> _Fork[Variant]:
        if question not in self._known:
            self._known[question] = self._memory.add()
        return _Fork(question, self._known[question])


class _Fork(Generic[Variant]):
    """One guard, and where its answers lead."""

    __slots__ = ("branches", "key", "known", "question")

    def __init__(self, question: Expression, known: Remembered[Any]) -> None:
        self.question = question
        self.branches: dict[Any, _Fork[Variant] | Variant] = {}
        #: Answers by what they depend on.
        self.key = reads_of(question).key
        self.known = known

    def ask(self, recipient: Recipient) -> Any:
        """The answer for this person, which others may share."""
        answer = self.question.value(recipient)
        self.known.keep(self.key(recipient), answer)
        return answer
