"""Can a message be spliced from what earlier readers of the email have shown?

Who takes a way that nobody took before is traced, and gets what the plain path gives; only if
splicing gives the very same bytes may others follow.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, fields
from threading import Lock

from lovecampaign.core.message import Message
from lovecampaign.core.problems import Place
from lovecampaign.render.fast.decision_tree import DecisionTree
from lovecampaign.render.fast.header_template import HeaderTemplate
from lovecampaign.render.fast.message_holes import HoleGroup, HoleGroups, QuotedHoleGroup
from lovecampaign.render.fast.result_cache import CacheBudget
from lovecampaign.render.fast.trace import trace_email
from lovecampaign.render.fast.variant import Variant
from lovecampaign.render.model.content import Content
from lovecampaign.render.model.errors import RenderError
from lovecampaign.render.model.recipient import Recipient
from lovecampaign.render.plain.compile import InvalidMjml
from lovecampaign.render.plain.plain_path import PlainPath
from lovecampaign.render.templating.error_location import (
    TEMPLATE_ERRORS,
    describe_error,
    place_of_error,
)
from lovecampaign.render.values.deferred import Untraceable

#: An email with more ways than this decides by what nearly nobody shares.
MAX_VARIANTS = 64
_MISTAKES = (*TEMPLATE_ERRORS, RenderError, InvalidMjml)
_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fallback:
    """Why readers of an email have to take the plain path."""

    message: str
    #: The line of a template, or the copy's file where no line is to blame.
    place: Place


class FastPath:
    """Learns the variants of one email; safe between threads."""

    def __init__(self, plain: PlainPath, content: Content) -> None:
        #: None as long as everybody could be served.
        self.fallback: Fallback | None = None
        self._plain = plain
        self._content = content
        self._header_template = HeaderTemplate(plain.envelope, plain.composer.tokens.prefix)
        memory = CacheBudget()
        self._groups = HoleGroups(memory, QuotedHoleGroup)
        self._fillings = HoleGroups(memory, HoleGroup[str])
        self._variants: DecisionTree[Variant] = DecisionTree(memory)
        self._is_closed = False
        self._learning = Lock()

    def render(self, recipient: Recipient) -> Message | None:
        """The message for one person; None where only the plain path can tell."""
        if self._is_closed or recipient.is_test:
            return None
        try:
            return self._splice(recipient) or self._learn(recipient)
        except _MISTAKES:
            return None  # the plain path says what is wrong, and where

    def _splice(self, recipient: Recipient) -> Message | None:
        variant = self._variants.find(recipient)
        return variant.message(recipient) if variant is not None else None

    def _learn(self, recipient: Recipient) -> Message | None:
        with self._learning:
            # Somebody like this person may have been learned from while we waited.
            return self._splice(recipient) or self._try_to_trace(recipient)

    def _try_to_trace(self, recipient: Recipient) -> Message | None:
        if self._variants.size >= MAX_VARIANTS:
            self._fall_back(f"its readers take more than {MAX_VARIANTS} ways through it", None)
            return None
        try:
            return self._trace(recipient)
        except Untraceable as error:
            self._close(str(error), place_of_error(error, self._content))
        except _MISTAKES as error:
            plain = self._plain.render(recipient)  # raises, where it is this person's trouble
            self._close(describe_error(error), place_of_error(error, self._content))
            return plain
        return None

    def _trace(self, recipient: Recipient) -> Message:
        """The plain path's message; whoever is like this person can be spliced from now on."""
        traced = trace_email(self._plain.composer, recipient)
        compiled = self._plain.compiled(traced.composed)
        variant = Variant(traced, compiled, self._header_template, self._groups, self._fillings)
        spliced, plain = variant.message(recipient), self._plain.render(recipient)
        if not _are_equal(spliced, plain):
            raise Untraceable("what is spliced differs from what the plain path gives")
        self._variants.add(recipient, traced.guards, variant)
        return plain

    def _close(self, reason: str, place: Place | None) -> None:
        self._is_closed = True
        self._fall_back(reason, place)

    def _fall_back(self, reason: str, place: Place | None) -> None:
        if self.fallback is None:
            place = place or Place(file=self._content.copy.file)
            self.fallback = Fallback(message=reason, place=place)
            _LOGGER.warning("%s: slower than it could be, since %s", place, reason)


def _are_equal(spliced: Message, plain: Message) -> bool:
    return all(getattr(spliced, one.name) == getattr(plain, one.name) for one in fields(Message))
