"""How does the preview start, and how does it end at once?"""

from __future__ import annotations

import contextlib
import secrets
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Self

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.checks.base.facts import Facts
from lovecampaign.core.settings import Settings
from lovecampaign.web.hosting.bind import listening
from lovecampaign.web.hosting.thread_errors import noting_bugs_of_threads
from lovecampaign.web.hosting.uvicorn_server import SignalledServer
from lovecampaign.web.preview.app import Preview
from lovecampaign.web.preview.guard import Gate
from lovecampaign.web.preview.live.background_checks import Checker
from lovecampaign.web.preview.live.file_watcher import Watcher
from lovecampaign.web.preview.live.live_reload import Stream
from lovecampaign.web.preview.live.state import Workbench
from lovecampaign.web.preview.pages import Pages
from lovecampaign.web.preview.readers.subscriber_lookup import SubscriberLookup
from lovecampaign.web.preview.readers.test_send import Mailbox, OpenProvider
from lovecampaign.web.preview.readers.urls import LiveAddresses

LOOPBACK = "127.0.0.1"
#: Made-up readers come first, and of them this one.
FIRST_READER = "sam"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the person at the terminal asked for."""

    folder: Path
    settings: Settings
    port: int
    is_shared: bool
    is_polling: bool
    now: Callable[[], datetime]
    #: May ask the database, so it is asked in the background only.
    facts: Callable[[Campaign], Facts]
    open_provider: OpenProvider
    note_bug: Callable[[BaseException], Path]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A preview that can be opened."""

    #: For the browser on this machine.
    address: str
    #: For other devices on the same network, with its key; None: they are not let in.
    shared_address: str | None


@contextlib.contextmanager
def prepared(wishes: Wishes) -> Iterator[tuple[Ready, Callable[[], None]]]:
    """Where the preview will be, and what serves it until a signal ends it.

    Raises UsageError for a port that is taken.
    """
    with listening("" if wishes.is_shared else LOOPBACK, wishes.port, "preview") as ears:
        port = ears.getsockname()[1]
        gate = _gate(wishes, port)
        works = _Works.of(wishes, gate)
        try:
            yield _ready(gate, port), partial(works.serve_until_signal, ears)
        finally:
            works.stop()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Works:
    """A preview, and who works beside its pages."""

    preview: Preview
    watcher: Watcher
    checker: Checker

    @classmethod
    def of(cls, wishes: Wishes, gate: Gate) -> Self:
        stream = Stream(secrets.token_hex(4))
        workbench = Workbench(wishes.folder, wishes.settings)
        checker = Checker(workbench, wishes.facts, stream.change)

        def on_save() -> None:
            checker.ask()  # and stop what it is doing: the page that was saved comes first
            workbench.reread()
            stream.change()
            checker.ask()

        return cls(
            preview=_preview(wishes, gate, stream, checker, workbench),
            watcher=Watcher(
                wishes.folder, wishes.settings.workspace, on_save, is_polling=wishes.is_polling
            ),
            checker=checker,
        )

    def serve_until_signal(self, ears: socket.socket) -> None:
        """Raises KeyboardInterrupt after Ctrl-C."""
        preview = self.preview
        server = SignalledServer(
            preview.application(),
            at_signal=preview.stream.close,  # each open page would hold the end up
            timeout_graceful_shutdown=1,
        )
        with noting_bugs_of_threads(preview.note_bug):
            self.watcher.start(preview.note_bug)
            self.checker.start(preview.note_bug)
            server.serve_until_signal(ears)

    def stop(self) -> None:
        self.watcher.stop()
        self.checker.stop()


def _preview(
    wishes: Wishes, gate: Gate, stream: Stream, checker: Checker, workbench: Workbench
) -> Preview:
    pages = Pages(
        workbench=workbench,
        checker=checker,
        people=SubscriberLookup(settings=wishes.settings),
        addresses=LiveAddresses(FIRST_READER),
    )
    mailbox = Mailbox(settings=wishes.settings, open_provider=wishes.open_provider, now=wishes.now)
    return Preview(
        pages=pages,
        mailbox=mailbox,
        gate=gate,
        stream=stream,
        now=wishes.now,
        note_bug=wishes.note_bug,
    )


def _gate(wishes: Wishes, port: int) -> Gate:
    names = [LOOPBACK, "localhost"]
    if wishes.is_shared:
        names += [_network_address(), socket.gethostname().lower()]
    return Gate(
        hosts=frozenset(f"{name}:{port}" for name in names),
        key=secrets.token_urlsafe(16) if wishes.is_shared else None,
    )


def _ready(gate: Gate, port: int) -> Ready:
    if gate.key is None:
        return Ready(address=f"http://{LOOPBACK}:{port}/", shared_address=None)
    return Ready(
        address=f"http://{LOOPBACK}:{port}/?key={gate.key}",
        shared_address=f"http://{_network_address()}:{port}/?key={gate.key}",
    )


def _network_address() -> str:
    """This machine's address on its network: the one it would send from. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # RFC 5737: nobody is there
        except OSError:
            return LOOPBACK
        return str(probe.getsockname()[0])
