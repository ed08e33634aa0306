"""Waiting for another process, with a time limit."""

from __future__ import annotations

import time
from collections.abc import Callable

_PAUSE_SECONDS = 0.05


def wait_until(holds: Callable[[], object], seconds: float = 40) -> None:
    """Return as soon as this holds.

    Raises:
        AssertionError: it still does not after so many seconds.
    """
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, f"still not so after {seconds} s"
        time.sleep(_PAUSE_SECONDS)
