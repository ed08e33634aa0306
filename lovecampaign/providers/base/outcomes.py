"""Verdicts: a provider's answer before it is tied to a message, with text that is safe to show."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from lovecampaign.core.message import Address, FaultKind, Outcome, OutcomeKind

#: Replies can be pages long; this much is enough to act on.
DETAIL_CHARACTERS = 300
#: Providers count by the hour or the day and do not say when they take mail again.
QUOTA_WAIT_SECONDS = 900.0

#: For a rate limit without a time of its own; the SMTP provider waits longer where it is in vain.
RATE_WAIT_SECONDS = 10.0


class AddressedMessage(Protocol):
    """A message, or the part of it that is kept until the answer comes."""

    @property
    def delivery_id(self) -> str: ...

    @property
    def to(self) -> Address: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """An answer that is not yet tied to a message."""

    kind: OutcomeKind
    fault: FaultKind | None = None
    detail: str = ""
    provider_message_id: str | None = None
    retry_after_seconds: float | None = None
    #: Of CONFIGURATION: it may be about the recipient who was named.
    is_about_one: bool = False

    def on(self, message: AddressedMessage) -> Outcome:
        """The outcome of ``message``, without the recipient's address in its detail."""
        # A detail without an address needs no search: ``email`` takes time to compute.
        detail = readable(self.detail, hide=message.to.email if "@" in self.detail else "")
        return Outcome(
            message.delivery_id,
            self.kind,
            self.fault,
            detail,
            self.provider_message_id,
            self.retry_after_seconds,
            is_about_one=self.is_about_one,
        )


class NoConnection(Exception):
    """There is no connection, so no byte of any message has left."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.detail)
        self.verdict = verdict

    def on(self, message: AddressedMessage) -> Outcome:
        """The outcome of a message that could not be offered to the server."""
        return self.verdict.on(message)._replace(is_unasked=True)


def accepted(
    detail: str = "",
    provider_message_id: str | None = None,
    *,
    retry_after_seconds: float | None = None,
) -> Verdict:
    """The provider has taken the message."""
    return Verdict(
        kind=OutcomeKind.ACCEPTED,
        detail=detail,
        provider_message_id=provider_message_id,
        retry_after_seconds=retry_after_seconds,
    )


def transient(
    detail: str, fault: FaultKind = FaultKind.PROVIDER, *, retry_after_seconds: float | None = None
) -> Verdict:
    """Not taken now; it is safe to try again."""
    return Verdict(
        kind=OutcomeKind.TRANSIENT,
        fault=fault,
        detail=detail,
        retry_after_seconds=retry_after_seconds,
    )


def permanent(detail: str, fault: FaultKind) -> Verdict:
    """It will never be taken."""
    return Verdict(kind=OutcomeKind.PERMANENT, fault=fault, detail=detail)


def unknown(detail: str) -> Verdict:
    """It may have been taken: never retried without the operator's decision."""
    return Verdict(kind=OutcomeKind.UNKNOWN, fault=FaultKind.PROVIDER, detail=detail)


def stop_the_run(detail: str) -> Verdict:
    """Refused for our configuration: the run stops until the operator has fixed it."""
    return transient(detail, FaultKind.CONFIGURATION)


def hold_for_quota(detail: str) -> Verdict:
    """Our own sending limit is reached: not now, and not the recipient's fault."""
    return transient(detail, FaultKind.QUOTA, retry_after_seconds=QUOTA_WAIT_SECONDS)


def hold_for_rate(detail: str) -> Verdict:
    """We send too fast: all mail waits a moment, and no failure counts."""
    return transient(detail, retry_after_seconds=RATE_WAIT_SECONDS)


def readable(text: str, *, hide: str = "") -> str:
    """One short line of ``text`` without control characters and without the address ``hide``."""
    line = _one_line(text)
    if hide and hide.lower() in line.lower():
        line = re.sub(re.escape(hide), "(the recipient)", line, flags=re.IGNORECASE)
    if len(line) > DETAIL_CHARACTERS:
        line = line[: DETAIL_CHARACTERS - 1] + "…"
    return line


@lru_cache(maxsize=64)
def _one_line(text: str) -> str:
    """Cached: servers repeat the same few texts."""
    printable = text if text.isprintable() else "".join(map(_printable, text))
    return " ".join(printable.split())


def _printable(character: str) -> str:
    return character if character.isprintable() else " "
