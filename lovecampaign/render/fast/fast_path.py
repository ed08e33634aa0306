"""The fast path: splices messages from variants traced for earlier subscribers.

The first subscriber of each variant is traced and gets the plain path's message. The variant is
kept only if its spliced message equals that one, byte for byte.
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

#: An email with more variants than this branches on values that hardly two subscribers share.
MAX_VARIANTS = 64
_RENDERING_ERRORS = (*TEMPLATE_ERRORS, RenderError, InvalidMjml)
_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fallback:
    """Why subscribers of an email take the plain path."""

    message: str
    #: The line of a template, or the copy's file if no single line is the reason.
    place: Place


class FastPath:
    """Learns the variants of one email; safe between threads."""

    def __init__(self, plain: PlainPath, content: Content, *, logs_fallback: bool) -> None:
        #: None as long as the fast path served everyone.
        self.fallback: Fallback | None = None
        self._plain = plain
        self._content = content
        self._logs_fallback = logs_fallback
        self._header_template = HeaderTemplate(plain.email_headers, plain.composer.tokens.prefix)
        budget = CacheBudget()
        self._groups = HoleGroups(budget, QuotedHoleGroup)
        self._substitution_groups = HoleGroups(budget, HoleGroup[str])
        self._variants: DecisionTree[Variant] = DecisionTree()
        self._is_closed = False
        self._learning = Lock()

    def render(self, recipient: Recipient) -> Message | None:
        """The message for one subscriber; None where the plain path is needed."""
        if self._is_closed or recipient.is_test:
            return None
        try:
            return self._splice(recipient) or self._learn(recipient)
        except _RENDERING_ERRORS:
            return None  # the plain path reports the error and its place

    def _splice(self, recipient: Recipient) -> Message | None:
        variant = self._variants.find(recipient)
        return variant.message(recipient) if variant is not None else None

    def _learn(self, recipient: Recipient) -> Message | None:
        with self._learning:
            # Another thread may have learned this variant while we waited.
            return self._splice(recipient) or self._try_to_trace(recipient)

    def _try_to_trace(self, recipient: Recipient) -> Message | None:
        if self._variants.size >= MAX_VARIANTS:
            self._fall_back(f"it has more than {MAX_VARIANTS} variants", None)
            return None
        try:
            return self._trace(recipient)
        except Untraceable as error:
            self._close(str(error), place_of_error(error, self._content))
        except _RENDERING_ERRORS as error:
            plain = self._plain.render(recipient)  # raises if this subscriber's data is the cause
            self._close(describe_error(error), place_of_error(error, self._content))
            return plain
        return None

    def _trace(self, recipient: Recipient) -> Message:
        """The plain path's message; adds the variant for subscribers with the same answers."""
        traced = trace_email(self._plain.composer, recipient)
        compiled = self._plain.compiled(traced.composed)
        variant = Variant(
            traced, compiled, self._header_template, self._groups, self._substitution_groups
        )
        spliced, plain = variant.message(recipient), self._plain.render(recipient)
        if any(getattr(spliced, one.name) != getattr(plain, one.name) for one in fields(Message)):
            raise Untraceable("the spliced message differs from the plain path's")
        self._variants.add(recipient, traced.guards, variant)
        return plain

    def _close(self, reason: str, place: Place | None) -> None:
        self._is_closed = True
        self._fall_back(reason, place)

    def _fall_back(self, reason: str, place: Place | None) -> None:
        if self.fallback is None:
            place = place or Place(file=self._content.copy.file)
            self.fallback = Fallback(message=reason, place=place)
            if self._logs_fallback:
                _LOGGER.warning("%s: slower than it could be, since %s", place, reason)
