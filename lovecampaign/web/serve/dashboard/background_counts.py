"""How does a page show numbers of millions of rows at once? It shows the last ones counted.

Counting goes on in a thread beside the pages. Small ledgers are counted before the page is sent,
anew each time; a large one is counted while its last numbers are shown, with their time.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeAlias, TypeVar

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.store.database.engine import Database
from lovecampaign.store.ledger.campaigns import CampaignRecord
from lovecampaign.web.serve.dashboard.figures import Figures, Forecast, count_rows, foretell

#: A page waits this long for numbers that are being counted, if they may be there by then.
PATIENCE_SECONDS = 0.2
#: The threads that count.
THREAD_NAME = "dashboard counting"
#: What took a second to count is shown for twenty: counting it takes a twentieth at most.
_SHARE = 20
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counted(Generic[Answer]):
    """Numbers, and how long they will do."""

    answer: Answer
    campaign: Campaign
    took_seconds: float
    good_until: float


class Counter(Generic[Answer]):
    """Counts one thing of each campaign, one at a time. Safe between threads."""

    def __init__(self, count: Count[Answer]) -> None:
        self._count = count
        self._changed = threading.Condition()
        self._last: dict[str, _Counted[Answer]] = {}
        self._running: set[str] = set()
        self._failed: dict[str, Exception] = {}

    def begin(self, campaign: Campaign, record: CampaignRecord | None, now: datetime) -> None:
        """Count, where the last numbers will not do; :meth:`ask` waits for it."""
        with self._changed:
            if not self._is_good(campaign):
                self._start(campaign, record, now)

    def ask(
        self,
        campaign: Campaign,
        record: CampaignRecord | None,
        now: datetime,
        patience_until: float = math.inf,
    ) -> Answer | None:
        """The newest numbers; None while they are counted for the first time.

        ``patience_until``: on the monotonic clock. Raises what counting raised.
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
        """Something was changed by hand: what was counted is not shown again as new."""
        with self._changed:
            self._last.pop(campaign.id, None)

    def _patience(self, key: str) -> float:
        """No time for what is known to take longer: its last numbers are shown at once."""
        last = self._last.get(key)
        return 0.0 if last and last.took_seconds > PATIENCE_SECONDS else PATIENCE_SECONDS

    def _is_good(self, campaign: Campaign) -> bool:
        last = self._last.get(campaign.id)
        return last is not None and last.campaign is campaign and time.monotonic() < last.good_until

    def _start(self, campaign: Campaign, record: CampaignRecord | None, now: datetime) -> None:
        if campaign.id not in self._running:
            self._running.add(campaign.id)
            # A daemon: the end of ``serve`` waits for no number.
            threading.Thread(
                target=self._run, args=(campaign, record, now), name=THREAD_NAME, daemon=True
            ).start()

    def _run(self, campaign: Campaign, record: CampaignRecord | None, now: datetime) -> None:
        began = time.monotonic()
        try:
            answer = self._count(campaign, record, now)
        except Exception as error:  # noqa: BLE001 - raised by the page that asks next
            self._end(campaign, failed=error)
            return
        took = time.monotonic() - began
        counted = _Counted(
            answer=answer,
            campaign=campaign,
            took_seconds=took,
            good_until=began + took * (1 + _SHARE),
        )
        self._end(campaign, counted)

    def _end(
        self,
        campaign: Campaign,
        counted: _Counted[Answer] | None = None,
        failed: Exception | None = None,
    ) -> None:
        with self._changed:
            self._running.discard(campaign.id)
            if counted is not None:
                self._last[campaign.id] = counted
                self._failed.pop(campaign.id, None)
            if failed is not None:
                self._failed[campaign.id] = failed
            self._changed.notify_all()


Count: TypeAlias = Callable[[Campaign, CampaignRecord | None, datetime], Answer]


class Counters:
    """What the dashboard counts: what happened, and what is to come."""

    def __init__(self, database: Database) -> None:
        self.figures: Counter[Figures] = Counter(
            lambda campaign, record, now: count_rows(database, campaign, record, now)
        )
        self.forecast: Counter[Forecast] = Counter(
            lambda campaign, record, now: foretell(database, campaign, record, now)
        )

    def ask(
        self, campaign: Campaign, record: CampaignRecord | None, now: datetime
    ) -> tuple[Figures | None, Forecast | None]:
        """Both are counted at the same time, and the page is as patient as with one."""
        until = time.monotonic() + PATIENCE_SECONDS
        self.forecast.begin(campaign, record, now)
        return (
            self.figures.ask(campaign, record, now, until),
            self.forecast.ask(campaign, record, now, until),
        )

    def forget(self, campaign: Campaign) -> None:
        self.figures.forget(campaign)
        self.forecast.forget(campaign)
