"""Background counting with a stale-while-revalidate cache, for ledgers of millions of rows.

Threads count beside the pages. A small ledger is counted anew for each page; while a large one is
counted, pages show its last numbers and their time.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Generic, TypeAlias, TypeVar

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.store.database.engine import Database
from lovecampaign.store.ledger.campaigns import CampaignRecord
from lovecampaign.web.serve.dashboard.figures import (
    Figures,
    Forecast,
    count_rows,
    forecast_recipients,
)

#: How long a page waits for new numbers, if they can be ready by then.
PATIENCE_SECONDS = 0.2
THREAD_NAME = "dashboard counting"
#: Numbers that took a second to count are valid for twenty, which bounds the load to a twentieth.
_VALID_FACTOR = 20
Numbers = TypeVar("Numbers")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counted(Generic[Numbers]):
    """Cached numbers with their expiry."""

    answer: Numbers
    campaign: Campaign
    took_seconds: float
    good_until: float


class BackgroundCounter(Generic[Numbers]):
    """Counts something of each campaign, in one thread at a time. Safe between threads."""

    def __init__(self, count: Count[Numbers]) -> None:
        self._count = count
        self._changed = threading.Condition()
        self._last: dict[str, _Counted[Numbers]] = {}
        self._running: set[str] = set()
        self._failed: dict[str, Exception] = {}

    def start(self, campaign: Campaign, record: CampaignRecord | None, now: datetime) -> None:
        """Start counting where the last numbers have expired; :meth:`get` waits for it."""
        with self._changed:
            if not self._is_good(campaign):
                self._start(campaign, record, now)

    def get(
        self,
        campaign: Campaign,
        record: CampaignRecord | None,
        now: datetime,
        patience_until: float = math.inf,
    ) -> Numbers | None:
        """The newest numbers; None while they are counted for the first time.

        ``patience_until`` is on the monotonic clock. Raises the exception of a failed count.
        """
        key = campaign.id
        with self._changed:
            until = min(patience_until, time.monotonic() + self._patience(key))
            if not self._is_good(campaign):
                self._start(campaign, record, now)
                while key in self._running and (left := until - time.monotonic()) > 0:
                    self._changed.wait(left)
            if key in self._failed:
                raise self._failed.pop(key)
            last = self._last.get(key)
        return last.answer if last else None

    def forget(self, campaign: Campaign) -> None:
        """Invalidate the numbers after an operator's change."""
        with self._changed:
            self._last.pop(campaign.id, None)

    def _patience(self, key: str) -> float:
        """0 where counting is known to take longer: the last numbers are shown at once."""
        last = self._last.get(key)
        return 0.0 if last and last.took_seconds > PATIENCE_SECONDS else PATIENCE_SECONDS

    def _is_good(self, campaign: Campaign) -> bool:
        last = self._last.get(campaign.id)
        return last is not None and last.campaign is campaign and time.monotonic() < last.good_until

    def _start(self, campaign: Campaign, record: CampaignRecord | None, now: datetime) -> None:
        if campaign.id not in self._running:
            self._running.add(campaign.id)
            # A daemon: ``serve`` ends without waiting for it.
            threading.Thread(
                target=self._run, args=(campaign, record, now), name=THREAD_NAME, daemon=True
            ).start()

    def _run(self, campaign: Campaign, record: CampaignRecord | None, now: datetime) -> None:
        began = time.monotonic()
        error: Exception | None = None
        try:
            answer = self._count(campaign, record, now)
        except Exception as raised:  # noqa: BLE001 - raised by the next page
            error = raised
        took = time.monotonic() - began
        with self._changed:
            self._running.discard(campaign.id)
            if error is not None:
                self._failed[campaign.id] = error
            else:
                self._failed.pop(campaign.id, None)
                self._last[campaign.id] = _Counted(
                    answer=answer,
                    campaign=campaign,
                    took_seconds=took,
                    good_until=began + took * (1 + _VALID_FACTOR),
                )
            self._changed.notify_all()


Count: TypeAlias = Callable[[Campaign, CampaignRecord | None, datetime], Numbers]


class DashboardCounters:
    """The dashboard's counters: the past, and the forecast."""

    def __init__(self, database: Database) -> None:
        self.figures = BackgroundCounter(partial(count_rows, database))
        self.forecast = BackgroundCounter(partial(forecast_recipients, database))

    def get(
        self, campaign: Campaign, record: CampaignRecord | None, now: datetime
    ) -> tuple[Figures | None, Forecast | None]:
        """Both, counted at the same time within the patience of one."""
        until = time.monotonic() + PATIENCE_SECONDS
        self.forecast.start(campaign, record, now)
        return (
            self.figures.get(campaign, record, now, until),
            self.forecast.get(campaign, record, now, until),
        )

    def forget(self, campaign: Campaign) -> None:
        self.figures.forget(campaign)
        self.forecast.forget(campaign)
