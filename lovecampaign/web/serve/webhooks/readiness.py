"""Can forms be taken right now? Looked at in a thread of its own, and at most once a second.

A balancer asks every few seconds, and anybody may ask as often as they like: whatever they do,
the database meets one look a second, and each of them has an answer a second later at most.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future

from lovecampaign.core.errors import Unreachable
from lovecampaign.store.database.schema_version import HEAD, find_version
from lovecampaign.store.maintenance.write_probe import find_write_fault
from lovecampaign.web.serve.handler.site import Site

_LOG = logging.getLogger(__name__)
#: How long an answer counts, and how long anybody waits for a new one.
KEPT_SECONDS = 1.0
WAIT_SECONDS = 1.0
_NO_ANSWER = "the database does not answer"


class Readiness:
    """Asked in the loop's thread; looks in one of its own."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._look: Future[Sequence[str]] | None = None
        self._ended_at = 0.0
        self._logged: Sequence[str] = ()

    async def find_troubles(self) -> Sequence[str]:
        """What keeps forms from being taken, in words; logged whenever it changes."""
        look = asyncio.shield(asyncio.wrap_future(self._current_look()))
        try:
            troubles = await asyncio.wait_for(look, WAIT_SECONDS)
        except TimeoutError:
            troubles = (_NO_ANSWER,)
        if not self._site.post.is_alive():
            troubles = (*troubles, "nothing sends the mail that is asked for")
        self._log(troubles)
        return troubles

    def _current_look(self) -> Future[Sequence[str]]:
        look = self._look
        if look is None or (look.done() and time.monotonic() - self._ended_at > KEPT_SECONDS):
            look = self._look = Future()
            look.set_running_or_notify_cancel()
            # Not of the pages' threads: those may all be waiting for the same database.
            threading.Thread(target=self._find, args=[look], daemon=True).start()
        return look

    def _find(self, look: Future[Sequence[str]]) -> None:
        try:
            found = tuple(_database_troubles(self._site))
        except Exception as error:  # noqa: BLE001 - told where the answer is waited for
            self._ended_at = time.monotonic()
            look.set_exception(error)
        else:
            self._ended_at = time.monotonic()
            look.set_result(found)

    def _log(self, troubles: Sequence[str]) -> None:
        if troubles != self._logged:
            self._logged = troubles
            name = self._site.database.name
            said = "; ".join(troubles)
            _LOG.warning("Not ready: %s (%s)" if troubles else "Ready again%s (%s)", said, name)


def _database_troubles(site: Site) -> Iterator[str]:
    why = find_write_fault(site.database)
    if why is not None:
        yield f"nothing can be written to the database: {why}"
        return
    try:
        found = find_version(site.database)
    except Unreachable:
        yield _NO_ANSWER
    else:
        if found != HEAD:
            yield f"the tables are at {found}, this program is at {HEAD}"
