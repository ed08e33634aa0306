"""Which variant of an email is for this person? Ask the guards, one after the other.

Once somebody has gone that way, nobody who answers alike has to: what is asked of the same leaves
is answered together, and all answers together name the variant. An email of 34 holes asks twenty
questions of six leaves; one look for each leaf took half as long as one for each question.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import Any, Generic, TypeVar

from lovecampaign.render.fast.result_cache import MAX_RESULTS, CacheBudget, ResultCache
from lovecampaign.render.fast.trace import TraceGuard
from lovecampaign.render.model.recipient import Recipient
from lovecampaign.render.values.deferred import Untraceable
from lovecampaign.render.values.dependencies import Dependencies, dependencies_of
from lovecampaign.render.values.expressions import Expression

Variant = TypeVar("Variant")

_NEVER_ASKED = object()
_NO_ANSWER = object()


class DecisionTree(Generic[Variant]):
    """Forks are guards, leaves are variants. Finding takes no lock, growing needs one."""

    def __init__(self, memory: CacheBudget) -> None:
        self._memory = memory
        #: Answers that are known, by the question: it may be asked in many places.
        self._known: dict[Expression, ResultCache[Any]] = {}
        #: One tree for each list of days inside a digest; nearly always there is only one.
        self._roots: dict[Hashable, _DecisionNode[Variant] | Variant] = {}
        self._shortcuts: _AnswerIndex[Variant] = _AnswerIndex(())
        self.size = 0

    def find(self, recipient: Recipient) -> Variant | None:
        """The variant for this person; None where nobody like them has come yet."""
        shortcuts = self._shortcuts
        answers = shortcuts.answers(recipient)
        variant = shortcuts.variants.get(answers)
        if variant is None:
            variant = self._walk(recipient)
            # Others may have grown the tree meanwhile: then more is asked than was answered.
            if variant is not None and shortcuts is self._shortcuts:
                shortcuts.keep(answers, variant)
        return variant

    def _walk(self, recipient: Recipient) -> Variant | None:
        place = self._roots.get(recipient.digest)
        while isinstance(place, _DecisionNode):
            answer = place.known.get(place.key(recipient), _NEVER_ASKED)
            if answer is _NEVER_ASKED:
                answer = place.ask(recipient)
            place = place.branches.get(answer)
        return place

    def add(self, recipient: Recipient, guards: Sequence[TraceGuard], variant: Variant) -> None:
        """A variant for everybody whose answers are these.

        Raises :class:`Untraceable` where the same way asked something else before.
        """
        self._ask_from_now_on(guards)  # before there is anything to find
        branches: dict[Any, Any] = self._roots
        answer: Hashable = recipient.digest
        for guard in guards:
            if answer not in branches:
                branches[answer] = self._fork(guard.question)
            fork = branches[answer]
            if not isinstance(fork, _DecisionNode) or fork.question != guard.question:
                raise Untraceable("the same values lead two ways")
            branches, answer = fork.branches, guard.answer
        if branches.setdefault(answer, variant) is not variant:
            raise Untraceable("the same values lead two ways")
        self.size += 1

    def _ask_from_now_on(self, guards: Sequence[TraceGuard]) -> None:
        questions = dict.fromkeys((*self._known, *(guard.question for guard in guards)))
        self._shortcuts = _AnswerIndex(questions)

    def _fork(self, question: Expression) -> _DecisionNode[Variant]:
        if question not in self._known:
            self._known[question] = self._memory.add()
        return _DecisionNode(question, self._known[question])


class _DecisionNode(Generic[Variant]):
    """One guard, and where its answers lead."""

    __slots__ = ("branches", "key", "known", "question")

    def __init__(self, question: Expression, known: ResultCache[Any]) -> None:
        self.question = question
        self.branches: dict[Any, _DecisionNode[Variant] | Variant] = {}
        #: Answers by what they depend on.
        self.key = dependencies_of(question).key
        self.known = known

    def ask(self, recipient: Recipient) -> Any:
        """The answer for this person, which others may share."""
        answer = self.question.value(recipient)
        self.known.keep(self.key(recipient), answer)
        return answer


class _AnswerIndex(Generic[Variant]):
    """Variants by the answers to every question that is asked anywhere."""

    def __init__(self, questions: Iterable[Expression]) -> None:
        together: dict[Dependencies, list[Expression]] = {}
        for question in questions:
            together.setdefault(dependencies_of(question), []).append(question)
        self._asked = [_QuestionGroup(reads, inside) for reads, inside in together.items()]
        self.variants: dict[Hashable, Variant] = {}

    def answers(self, recipient: Recipient) -> Hashable:
        """What a person answers, leaf by leaf."""
        return (recipient.digest, *[asked.answers(recipient) for asked in self._asked])

    def keep(self, answers: Hashable, variant: Variant) -> None:
        if len(self.variants) >= MAX_RESULTS:
            self.variants.clear()
        self.variants[answers] = variant


class _QuestionGroup:
    """What is asked of the same leaves."""

    __slots__ = ("_key", "_known", "_questions")

    def __init__(self, reads: Dependencies, questions: Sequence[Expression]) -> None:
        self._key = reads.key
        self._questions = questions
        self._known: dict[Hashable, Hashable] = {}

    def answers(self, recipient: Recipient) -> Hashable:
        key = self._key(recipient)
        found = self._known.get(key)
        if found is None:
            found = tuple([_answer(question, recipient) for question in self._questions])
            if len(self._known) >= MAX_RESULTS:
                self._known.clear()
            self._known[key] = found
        return found


def _answer(question: Expression, recipient: Recipient) -> Hashable:
    """An answer that has none is one too: only who comes to the question is in trouble."""
    try:
        answer: Hashable = question.value(recipient)
        hash(answer)
    except Exception:  # noqa: BLE001 - a template's function may raise anything
        return _NO_ANSWER
    return answer
