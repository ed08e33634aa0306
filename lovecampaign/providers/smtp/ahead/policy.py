"""Whether the next message's commands may be sent behind a final dot, before it is answered.

RFC 2920 §3.1 allows it, and three servers that offer PIPELINING do not cope: see
``servers.toml``. So it is done only with servers that were tried, and given up for good with
one that fails. MAIL, RCPT and DATA of one message share a write in any case.
"""

from __future__ import annotations

import re
import threading
import tomllib
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Protocol

from lovecampaign.core.message import OutcomeKind
from lovecampaign.providers.base.outcomes import Verdict


class AheadMode(StrEnum):
    """The option ``?ahead=`` of the provider's URL."""

    AUTO = "auto"  #: with servers that were tried
    YES = "yes"  #: with any server that offers PIPELINING, until it fails
    NO = "no"


class ServerNotes(Protocol):
    """What is remembered about servers from one process to the next."""

    def read(self, server: str) -> str | None:
        """Why nothing is sent ahead to ``server``; None where nothing is known against it."""
        ...

    def write(self, server: str, reason: str) -> None: ...


class SessionOnTrial(Protocol):
    """What the policy needs to know of a session."""

    @property
    def is_usable(self) -> bool: ...


class AheadPolicy:
    """Decides for all connections to one server; the first session to ask tries it out.

    A reply to commands that were sent ahead is trusted where it is positive. Where it is not, the
    message is offered again without: if that is accepted, the server did not cope.
    """

    def __init__(self, mode: AheadMode, server: str, notes: ServerNotes | None) -> None:
        self._mode = mode
        self._server = server
        self._notes = notes
        self._lock = threading.Lock()
        #: None until the notes were read.
        self._is_given_up: bool | None = True if mode is AheadMode.NO else None
        self._is_proven = False
        self._trial: SessionOnTrial | None = None
        #: Reasons to suspect the server, by the delivery that is offered again.
        self._suspicions: dict[str, str] = {}

    def may_use(self, names: str) -> bool:
        """Whether a server that gives itself these names in greeting and EHLO is worth a try."""
        with self._lock:
            if self._is_given_up is None:
                is_noted = self._notes is not None and self._notes.read(self._server) is not None
                self._is_given_up = is_noted
        return not self._is_given_up and (self._mode is AheadMode.YES or is_known_to_cope(names))

    def allows(self, session: SessionOnTrial) -> bool:
        """Whether to send ahead now; until it is proven, one session at a time does."""
        if self._is_given_up or self._suspicions:
            return False
        if self._is_proven:
            return True
        with self._lock:
            if self._trial is None or not self._trial.is_usable:
                self._trial = session
            return self._trial is session

    def note_success(self) -> None:
        """All commands that were sent ahead were accepted."""
        self._is_proven = True
        self._trial = None

    def give_up(self, reason: str) -> None:
        """The connection died, or was silent, after commands that were sent ahead."""
        with self._lock:
            if self._is_given_up:
                return
            self._is_given_up = True
        if self._notes is not None:
            self._notes.write(self._server, reason)

    def suspect(self, delivery_id: str, reason: str) -> None:
        """A message was rejected after commands that were sent ahead; it is offered again."""
        self._suspicions[delivery_id] = reason

    def note_verdict(self, delivery_id: str, verdict: Verdict) -> None:
        """The verdict on a message; of one that was offered again, it settles the suspicion."""
        if self._suspicions:
            reason = self._suspicions.pop(delivery_id, None)
            if reason is not None and verdict.kind is OutcomeKind.ACCEPTED:
                self.give_up(reason)


def is_known_to_cope(names: str) -> bool:
    """Whether greeting and EHLO name a server of ``servers.toml``."""
    return _known_servers().search(names) is not None


@cache
def _known_servers() -> re.Pattern[str]:
    text = files(__package__).joinpath("servers.toml").read_text(encoding="utf-8")
    return re.compile("|".join(each["greeting"] for each in tomllib.loads(text)["copes"]))
