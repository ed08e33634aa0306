"""The net below the classification: the same rejection for five recipients in a row is about us."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from lovecampaign.core.message import FaultKind, Outcome, OutcomeKind

MAX_ALIKE = 5
#: Rejections that are said of a recipient, or of us. All others never fail for good, or have their
#: own rules.
_JUDGED = frozenset({FaultKind.RECIPIENT, FaultKind.MAILBOX, FaultKind.UNCLEAR, FaultKind.POLICY})
#: Words with digits are codes, ids, instants and IP addresses.
_VARYING = re.compile(r"<[^>]*>|\(the recipient\)|\S*[@\d]\S*|[^\w\s]")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedNet:
    """So many rejections in a row were alike: none of them is about its recipient."""

    #: The rows that got it, also those that are settled by now.
    ids: frozenset[int]
    #: The server's words.
    detail: str
    #: The instant of the first of them.
    since: datetime

    @property
    def reason(self) -> str:
        """For the operator."""
        return (
            f"the same reply to {len(self.ids)} recipients in a row is about us, not about them. "
            "They are put back, and no address was suppressed; the server's last words: "
            f"{self.detail}"
        )

    def covers(self, outcome: Outcome) -> bool:
        """Whether an outcome is one of them, also one that came after the net had closed."""
        return is_judged(outcome) and _shape(outcome.detail) == _shape(self.detail)


@dataclass(slots=True)
class ReplyStreak:
    """The rejections since the last different answer, over chunks, batches and connections.

    As text it goes on from one process to the next: else ``send --limit 1``, or a list whose zones
    have one subscriber each, would never close the net.

    A second try counts as long as nothing was accepted after the first: else addresses that are
    dead in truth would close the net after each resume.
    """

    ids: list[int] = field(default_factory=list)
    has_accepted: bool = False
    _shape: str = ""
    _since: datetime | None = None

    @classmethod
    def from_text(cls, text: str) -> ReplyStreak:
        if not text:
            return cls()
        ids, shape, since = json.loads(text)
        return cls(ids=ids, _shape=shape, _since=datetime.fromisoformat(since))

    def as_text(self) -> str:
        """Without the server's words, which may name a person; empty without rejections."""
        if not self.ids or self._since is None:
            return ""
        return json.dumps([self.ids, self._shape, self._since.isoformat()])

    def note_accepted(self) -> None:
        self.has_accepted = True
        self.ids.clear()

    def note(
        self,
        row_id: int,
        outcome: Outcome,
        now: datetime,
        *,
        is_first_try: bool,
        accepted_since: Callable[[], bool],
    ) -> ClosedNet | None:
        """The net where this outcome closes it."""
        if outcome.kind is OutcomeKind.ACCEPTED:
            self.note_accepted()
            return None
        if not is_judged(outcome) or outcome.is_repeated:
            return None
        # A full mailbox that is tried again stays full.
        is_retry = outcome.kind is OutcomeKind.TRANSIENT and not is_first_try
        if is_retry or not (is_first_try or not (self.has_accepted or accepted_since())):
            return None
        self._add(row_id, _shape(outcome.detail), now)
        if len(self.ids) < MAX_ALIKE:
            return None
        net = ClosedNet(ids=frozenset(self.ids), detail=outcome.detail, since=self._since or now)
        self.ids.clear()
        self.has_accepted = False
        return net

    def _add(self, row_id: int, shape: str, now: datetime) -> None:
        if shape != self._shape or not self.ids:
            self.ids.clear()
            self._shape, self._since = shape, now
        self.ids.append(row_id)


def is_judged(outcome: Outcome) -> bool:
    """Whether it is a rejection of the recipient, or of us."""
    is_kept = outcome.kind is OutcomeKind.TRANSIENT and outcome.fault is not FaultKind.MAILBOX
    is_rejection = outcome.kind in (OutcomeKind.PERMANENT, OutcomeKind.TRANSIENT) and not is_kept
    return is_rejection and outcome.fault in _JUDGED


def _shape(detail: str) -> str:
    """A digest of a reply without addresses, numbers and punctuation: equal for equal replies."""
    words = " ".join(_VARYING.sub(" ", detail.casefold()).split())
    return hashlib.sha256(words.encode()).hexdigest()
