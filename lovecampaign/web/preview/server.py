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
from lovecampaign.web.hosting import log_thread_errors, open_listener
from lovecampaign.web.preview.access import AccessPolicy
from lovecampaign.web.preview.app import Preview
from lovecampaign.web.preview.live.background_checks import BackgroundChecker
from lovecampaign.web.preview.live.file_watcher import FileWatcher
from lovecampaign.web.preview.live.live_reload import ReloadEvents
from lovecampaign.web.preview.live.state import PreviewState
from lovecampaign.web.preview.pages import Pages
from lovecampaign.web.preview.readers.people import People
from lovecampaign.web.preview.readers.test_send import OpenProvider, PreviewSender
from lovecampaign.web.preview.readers.urls import LiveUrls
from lovecampaign.web.uvicorn_server import SignalledServer

LOOPBACK = "127.0.0.1"
#: Made-up readers come first, and of them this one.
FIRST_READER = "sam"


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewOptions:
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
class PreviewUrls:
    """A preview that can be opened."""

    #: For the browser on this machine.
    address: str
    #: For other devices on the same network, with its key; None: they are not let in.
    shared_address: str | None


@contextlib.contextmanager
def open_preview(wishes: PreviewOptions) -> Iterator[tuple[PreviewUrls, Callable[[], None]]]:
    """Where the preview will be, and what serves it until a signal ends it.

    Raises UsageError for a port that is taken.
    """
    with open_listener("" if wishes.is_shared else LOOPBACK, wishes.port, "preview") as ears:
        port = ears.getsockname()[1]
        gate = _gate(wishes, port)
        works = _Services.of(wishes, gate)
        try:
            yield _ready(gate, port), partial(works.serve_until_signal, ears)
        finally:
            works.stop()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Services:
    """A preview, and who works beside its pages."""

    preview: Preview
    watcher: FileWatcher
    checker: BackgroundChecker

    @classmethod
    def of(cls, wishes: PreviewOptions, gate: AccessPolicy) -> Self:
        stream = ReloadEvents(secrets.token_hex(4))
        workbench = PreviewState(wishes.folder, wishes.settings)
        checker = BackgroundChecker(workbench, wishes.facts, stream.change)

        def on_save() -> None:
            checker.ask()  # and stop what it is doing: the page that was saved comes first
            workbench.reread()
            stream.change()
            checker.ask()

        return cls(
            preview=_preview(wishes, gate, stream, checker, workbench),
            watcher=FileWatcher(
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
        with log_thread_errors(preview.note_bug):
            self.watcher.start(preview.note_bug)
            self.checker.start(preview.note_bug)
            server.serve_until_signal(ears)

    def stop(self) -> None:
        self.watcher.stop()
        self.checker.stop()


def _preview(
    wishes: PreviewOptions,
    gate: AccessPolicy,
    stream: ReloadEvents,
    checker: BackgroundChecker,
    workbench: PreviewState,
) -> Preview:
    pages = Pages(
        workbench=workbench,
        checker=checker,
        people=People(settings=wishes.settings),
        addresses=LiveUrls(FIRST_READER),
    )
    mailbox = PreviewSender(
        settings=wishes.settings, open_provider=wishes.open_provider, now=wishes.now
    )
    return Preview(
        pages=pages,
        mailbox=mailbox,
        gate=gate,
        stream=stream,
        now=wishes.now,
        note_bug=wishes.note_bug,
    )


def _gate(wishes: PreviewOptions, port: int) -> AccessPolicy:
    names = [LOOPBACK, "localhost"]
    if wishes.is_shared:
        names += [_network_address(), socket.gethostname().lower()]
    return AccessPolicy(
        hosts=frozenset(f"{name}:{port}" for name in names),
        key=secrets.token_urlsafe(16) if wishes.is_shared else None,
    )


def _ready(gate: AccessPolicy, port: int) -> PreviewUrls:
    if gate.key is None:
        return PreviewUrls(address=f"http://{LOOPBACK}:{port}/", shared_address=None)
    return PreviewUrls(
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
