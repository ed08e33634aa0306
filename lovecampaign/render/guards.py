"""Which variant of an email is for this person? Ask the guards, one after the other."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, Generic, TypeVar

from lovecampaign.render.deferred import Untraceable
from lovecampaign.render.expressions import Expression
from lovecampaign.render.reads import Reads, reads_of
from lovecampaign.render.recipient import Recipient
from lovecampaign.render.tracing import Guard

Variant = TypeVar("Variant")

#: Answers that are remembered for each guard; then it begins anew.
_KEPT_ANSWERS = 4096
_NEVER_ASKED = object()


class DecisionTree(Generic[Variant]):
    """Forks are guards, leaves are variants. Finding takes no lock, growing needs one."""

    def __init__(self) -> None:
        #: One tree for each list of days inside a digest; nearly always there is only one.
        self._roots: dict[Hashable, _Fork[Variant] | Variant] = {}
        self.size = 0

    def find(self, recipient: Recipient) -> Variant | None:
        """The variant for this person; None where nobody like them has come yet."""
        place = self._roots.get(recipient.digest)
        while isinstance(place, _Fork):
            place = place.branches.get(place.answer(recipient))
        return place

    def add(self, recipient: Recipient, guards: Sequence[Guard], variant: Variant) -> None:
        """A variant for everybody whose answers are these.

        Raises :class:`Untraceable` where the same way asked something else before.
        """
        branches: dict[Any, Any] = self._roots
        answer: Hashable = recipient.digest
        for guard in guards:
            fork = branches.setdefault(answer, _Fork(guard.question))
            if not isinstance(fork, _Fork) or fork.question != guard.question:
                raise Untraceable("the same values lead two ways")
            branches, answer = fork.branches, guard.answer
        if branches.setdefault(answer, variant) is not variant:
            raise Untraceable("the same values lead two ways")
        self.size += 1


class _Fork(Generic[Variant]):
    """One guard, and where its answers lead."""

    __slots__ = ("_known", "_reads", "branches", "question")

    def __init__(self, question: Expression) -> None:
        self.question = question
        self.branches: dict[Any, _Fork[Variant] | Variant] = {}
        self._reads: Reads = reads_of(question)
        self._known: dict[Hashable, Any] = {}

    def answer(self, recipient: Recipient) -> Any:
        key = self._reads.key(recipient)
        answer = self._known.get(key, _NEVER_ASKED)
        if answer is _NEVER_ASKED:
            answer = self.question.value(recipient)
            if self._reads.is_shared:
                if len(self._known) >= _KEPT_ANSWERS:
                    self._known.clear()
                self._known[key] = answer
        return answer
