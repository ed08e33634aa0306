"""The real application, served on loopback and tested over HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import itertools
import json
import socket
import threading
import urllib.parse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from lovecampaign.core.clock import Clock
from lovecampaign.core.settings import Settings
from lovecampaign.core.tokens import Purpose
from lovecampaign.store.database.engine import Database
from lovecampaign.store.database.types import metadata
from lovecampaign.web.hosting import open_listener
from lovecampaign.web.serve.app import ROUTES, MakeRoutes, application
from lovecampaign.web.serve.dashboard.background_counts import THREAD_NAME
from lovecampaign.web.serve.handler.site import Site, TransactionalMailer, make_site
from lovecampaign.web.serve.server import WebServer
from tests.support.row_keys import key_of

SECRET_KEY = "test-key"
FORM_TYPE = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back; names of headers in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass(slots=True)
class RecordingMailer:
    """Sends nothing; counts how often it was woken."""

    woken: int = 0
    alive: bool = True
    waits: str | None = None

    def wake(self) -> None:
        self.woken += 1

    def is_alive(self) -> bool:
        return self.alive

    def why_waiting(self, campaign_key: str | None = None) -> str | None:
        return self.waits


@dataclass(slots=True, kw_only=True)
class Serving:
    """A running site, and a visitor who follows no redirects and keeps no cookies."""

    site: Site
    port: int
    #: Lines of the access log, read.
    log: list[dict[str, Any]] = field(default_factory=list)
    #: Mistakes of ours. A test that does not expect any fails at the end (``no_bugs``).
    bugs: list[BaseException] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, headers=_dashed(headers))

    def post(self, path: str, form: Mapping[str, str] | bytes = b"", /, **headers: str) -> Answer:
        """A form (a mapping), or a body as it is with a ``content_type`` of its own."""
        body = form if isinstance(form, bytes) else urllib.parse.urlencode(form).encode()
        return self.ask("POST", path, body, {"Content-Type": FORM_TYPE, **_dashed(headers)})

    def press(self, path: str, form: Mapping[str, str] | bytes = b"", /, **headers: str) -> Answer:
        """As a browser does: send the form, and open the page that it is sent on to."""
        answer = self.post(path, form, **headers)
        if answer.status != 303:
            return answer
        assert answer.headers["location"].startswith("/")
        return self.get(answer.headers["location"], **headers)

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        with contextlib.closing(
            http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        ) as connection:
            connection.request(method, path, body, dict(headers or {}))
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(status=answer.status, headers=found, body=answer.read())

    def token(self, purpose: Purpose, number: int) -> str:
        return self.site.signer.sign(purpose, key_of(self.site.database, purpose, number))


class PromptServer(WebServer):
    """Ends as soon as it is told to: uvicorn's two waits of 0.1 s add up over a thousand tests."""

    async def main_loop(self) -> None:
        ticks = itertools.count()
        while not await self.on_tick(next(ticks) // 10):  # ten times as often as uvicorn
            await asyncio.sleep(0.01)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self.server_state.connections or self.server_state.tasks:
            await super().shutdown(sockets)
            return
        for each in (*self.servers, *(sockets or ())):
            each.close()


@contextlib.contextmanager
def serving(
    settings: Settings,
    database: Database,
    clock: Clock,
    *,
    mailer: TransactionalMailer | None = None,
    expects_bugs: bool = False,
    makers: Sequence[MakeRoutes] = ROUTES,
) -> Iterator[Serving]:
    """A site over a workspace and a database, until the block ends.

    The clock may be moved while it runs. A mistake of ours, answered with a page of words,
    fails the test at the end unless it ``expects_bugs``. ``makers``: other pages than ours.
    """
    bugs: list[BaseException] = []
    site = make_site(
        settings=settings,
        database=database,
        clock=clock,
        mailer=mailer or RecordingMailer(),
        note_bug=lambda error: _note(bugs, error),
    )
    with serving_site(site, makers) as running:
        running.bugs = bugs
        yield running
    if bugs and not expects_bugs:
        raise bugs[0]


@contextlib.contextmanager
def serving_site(site: Site, makers: Sequence[MakeRoutes] = ROUTES) -> Iterator[Serving]:
    """A site of the test's own making."""
    log: list[dict[str, Any]] = []
    with open_listener("127.0.0.1", 0, "serve") as listener:
        server = PromptServer(application(site, lambda line: log.append(json.loads(line)), makers))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield Serving(site=site, port=listener.getsockname()[1], log=log)
        finally:
            server.should_exit = True
            thread.join(timeout=10)
            _wait_for_counting()
    assert not thread.is_alive()


def _wait_for_counting() -> None:
    """What the dashboard counts beside its pages still holds a connection of the test's."""
    for thread in threading.enumerate():
        if thread.name == THREAD_NAME:
            thread.join(timeout=20)


def dump(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, for "nothing was changed"."""
    with database.read() as connection:
        return {
            table.name: sorted(
                (tuple(row) for row in connection.execute(sa.select(table))), key=repr
            )
            for table in metadata.sorted_tables
        }


def with_settings(settings: Settings, **changes: Any) -> Settings:
    """Settings that differ: ``public_url``, ``trusted_proxies`` …"""
    return replace(settings, **changes)


def _note(bugs: list[BaseException], error: BaseException) -> Path:
    bugs.append(error)
    return Path("bug.log")


def _dashed(headers: Mapping[str, str]) -> dict[str, str]:
    """``user_agent="…"`` is ``User-Agent: …``."""
    return {name.replace("_", "-"): value for name, value in headers.items()}
