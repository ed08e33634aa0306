"""``/healthz`` (liveness), ``/readyz`` (readiness) and ``/metrics`` (Prometheus).

Balancers probe readiness every few seconds, and anyone may call it any number of times: the
database is probed at most once a second, and each call is answered within a second.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from datetime import datetime, timedelta

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from lovecampaign.core.clock import format_instant
from lovecampaign.core.errors import Unreachable
from lovecampaign.store.database.schema_version import HEAD, find_version
from lovecampaign.store.ledger.inbox_cursor import find_last_read
from lovecampaign.store.maintenance.write_probe import find_write_fault
from lovecampaign.web.serve.handler.request_context import NotFound, RequestContext, page
from lovecampaign.web.serve.handler.site import Site
from lovecampaign.web.serve.http.client_address import is_direct

_LOG = logging.getLogger(__name__)
#: The text format of Prometheus (``prometheus_client.CONTENT_TYPE_LATEST``'s family).
_EXPOSITION = "text/plain; version=0.0.4; charset=utf-8"
#: How long a result is valid, and how long a call waits for a new one.
KEPT_SECONDS = 1.0
WAIT_SECONDS = 1.0
#: `run` tries a server that is gone again after 5 minutes at the latest.
_INBOX_MINUTES = 15
_NO_ANSWER = "the database does not answer"


def routes(site: Site) -> Sequence[BaseRoute]:
    probe = ReadinessProbe(site)

    async def show_readiness(_request: Request) -> Response:
        """Whether forms can be accepted; else a balancer should use another machine."""
        problems = list(await probe.find_problems())
        found = [site.unknown_links.warning, _inbox_warning(site, probe.inbox_read_at)]
        warnings = [warning for warning in found if warning]
        read_at = probe.inbox_read_at
        return JSONResponse(
            {
                "ready": not problems,
                "troubles": problems,
                **({"warnings": warnings} if warnings else {}),
                **({"inbox_read_at": format_instant(read_at)} if read_at else {}),
            },
            status_code=503 if problems else 200,
        )

    return [
        page(site, "/healthz", get=show_health),
        Route("/readyz", show_readiness, methods=["GET"]),
        page(site, "/metrics", get=show_metrics),
    ]


def show_health(_context: RequestContext) -> Response:
    """The process answers; nothing else is checked."""
    return PlainTextResponse("ok\n")


def show_metrics(context: RequestContext) -> Response:
    """For a Prometheus on this machine or private network; 404 for all others.

    A proxy in front passes on what the public asks: behind one there are no numbers, and none
    under the public name, whatever address the request seems to come from.
    """
    request = context.request
    is_private = context.address.is_private and not context.address.is_unspecified
    is_local_name = context.site.hosts.is_local_name(request.headers["host"])
    if not (is_private and is_local_name and is_direct(request)):
        raise NotFound
    return Response(context.site.metrics.exposition(), media_type=_EXPOSITION)


class ReadinessProbe:
    """Called in the event loop; probes in a thread of its own."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._probe: Future[Sequence[str]] | None = None
        self._ended_at = 0.0
        self._logged: Sequence[str] = ()
        #: When a mailbox was last read to its end, as of the last probe.
        self.inbox_read_at: datetime | None = None

    async def find_problems(self) -> Sequence[str]:
        """What prevents forms from being accepted; logged whenever it changes."""
        probe = asyncio.shield(asyncio.wrap_future(self._current_probe()))
        try:
            problems = await asyncio.wait_for(probe, WAIT_SECONDS)
        except TimeoutError:
            problems = (_NO_ANSWER,)
        if not self._site.mailer.is_alive():
            problems = (*problems, "nothing sends the mail that is asked for")
        elif reason := self._site.mailer.why_waiting():
            problems = (*problems, f"no mail goes out: {reason}")
        self._log(problems)
        return problems

    def _current_probe(self) -> Future[Sequence[str]]:
        probe = self._probe
        if probe is None or (probe.done() and time.monotonic() - self._ended_at > KEPT_SECONDS):
            probe = self._probe = Future()
            probe.set_running_or_notify_cancel()
            # Not in the pages' thread pool: its threads may all wait for the same database.
            threading.Thread(target=self._run, args=[probe], daemon=True).start()
        return probe

    def _run(self, probe: Future[Sequence[str]]) -> None:
        try:
            problems = tuple(_database_problems(self._site))
            self.inbox_read_at = None if problems else self._find_last_read()
        except Exception as error:  # noqa: BLE001 - raised in find_problems
            self._ended_at = time.monotonic()
            probe.set_exception(error)
        else:
            self._ended_at = time.monotonic()
            probe.set_result(problems)

    def _find_last_read(self) -> datetime | None:
        with self._site.database.read() as connection:
            return find_last_read(connection)

    def _log(self, problems: Sequence[str]) -> None:
        if problems != self._logged:
            self._logged = problems
            name = self._site.database.name
            words = "; ".join(problems)
            _LOG.warning("Not ready: %s (%s)" if problems else "Ready again%s (%s)", words, name)


def _inbox_warning(site: Site, read_at: datetime | None) -> str | None:
    """For a mailbox that `run` reads each minute; pages work without it."""
    if site.settings.inbox_url is None:
        return None
    if read_at is None:
        return "the inbox was never read: start lovecampaign run"
    minutes = (site.clock.now() - read_at) // timedelta(minutes=1)
    if minutes < _INBOX_MINUTES:
        return None
    return f"the inbox was not read for {minutes} minutes: see what lovecampaign run says"


def _database_problems(site: Site) -> Iterator[str]:
    why = find_write_fault(site.database)
    if why is not None:
        yield f"nothing can be written to the database: {why}"
        return
    try:
        version = find_version(site.database)
    except Unreachable:
        yield _NO_ANSWER
    else:
        if version != HEAD:
            yield f"the tables are at {version}, this program is at {HEAD}"
