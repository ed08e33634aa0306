"""Injectable clocks, and parsing and formatting of UTC instants."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """The source of the current time; passed in, so that tests and ``--now`` can replace it."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class FixedClock:
    """A clock that changes only when it is set (``--now``, ``demo``, tests)."""

    def __init__(self, instant: datetime) -> None:
        self._instant = require_aware(instant)

    def now(self) -> datetime:
        return self._instant

    def move_to(self, instant: datetime) -> None:
        self._instant = require_aware(instant)


def require_aware(instant: datetime) -> datetime:
    """The instant in UTC; raises ValueError for one without an offset."""
    if instant.tzinfo is None:
        raise ValueError(f"{instant.isoformat()} has no offset from UTC")
    return instant.astimezone(UTC)


def parse_instant(text: str) -> datetime:
    """The UTC instant of an ISO 8601 text with an offset (``2027-02-01T10:00+01:00``).

    Raises ValueError with a message for users.
    """
    try:
        instant = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise ValueError(f"{text!r} is not an instant like 2027-02-01T10:00+01:00") from error
    if instant.tzinfo is None:
        raise ValueError(
            f"{text.strip()!r} could be in any time zone: write {text.strip()}Z, or an offset "
            "such as +01:00"
        )
    return require_aware(instant)


def format_instant(instant: datetime) -> str:
    """UTC with ``Z``, to the second, as every JSON output writes instants."""
    return require_aware(instant).strftime("%Y-%m-%dT%H:%M:%SZ")
