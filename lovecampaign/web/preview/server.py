"""How does the preview start, and how does it end at once?"""

from __future__ import annotations

import contextlib
import secrets
import signal
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import FrameType

import uvicorn

from lovecampaign.campaign.model import Campaign
from lovecampaign.checks.facts import Facts
from lovecampaign.settings import Settings
from lovecampaign.web.listening import refusal
from lovecampaign.web.preview.addresses import LiveAddresses
from lovecampaign.web.preview.app import Preview
from lovecampaign.web.preview.checking import Checker
from lovecampaign.web.preview.guard import Gate
from lovecampaign.web.preview.pages import Pages
from lovecampaign.web.preview.people import People
from lovecampaign.web.preview.sending import Mailbox, OpenProvider
from lovecampaign.web.preview.stream import Stream
from lovecampaign.web.preview.watching import Watcher
from lovecampaign.web.preview.workbench import Workbench
from lovecampaign.web.thread_bugs import noting_bugs_of_threads

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
    with _listening(wishes) as ears:
        port = ears.getsockname()[1]
        gate = _gate(wishes, port)
        stream = Stream(secrets.token_hex(4))
        workbench = Workbench(wishes.folder, wishes.settings)
        checker = Checker(workbench, wishes.facts, stream.change)
        preview = _preview(wishes, gate, stream, checker, workbench)

        def on_save() -> None:
            checker.ask()  # and stop what it is doing: the page that was saved comes first
            workbench.reread()
            stream.change()
            checker.ask()

        watcher = Watcher(
            wishes.folder, wishes.settings.workspace, on_save, is_polling=wishes.is_polling
        )
        server = _Server(preview, ears)

        def serve() -> None:
            with noting_bugs_of_threads(wishes.note_bug):
                watcher.start(wishes.note_bug)
                checker.start(wishes.note_bug)
                server.serve_until_signal()

        try:
            yield _ready(gate, port), serve
        finally:
            watcher.stop()
            checker.stop()


class _Server(uvicorn.Server):
    """Ends open streams at the first signal: each of them would hold the exit up."""

    def __init__(self, preview: Preview, ears: socket.socket) -> None:
        config = uvicorn.Config(
            preview.application(),
            log_config=None,
            log_level="critical",  # a mistake of ours is kept in a file, and told on its page
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        super().__init__(config)
        self._stream = preview.stream
        self._ears = ears
        self._was_interrupted = False

    def serve_until_signal(self) -> None:
        """Raises KeyboardInterrupt after Ctrl-C; SIGTERM is an orderly end."""
        self.run(sockets=[self._ears])
        if self._was_interrupted:
            raise KeyboardInterrupt

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - uvicorn's
        self._was_interrupted = sig == signal.SIGINT
        self.force_exit = self.should_exit  # the second time, nothing is waited for
        self.should_exit = True
        self._stream.close()


def _preview(
    wishes: Wishes, gate: Gate, stream: Stream, checker: Checker, workbench: Workbench
) -> Preview:
    pages = Pages(
        workbench=workbench,
        checker=checker,
        people=People(settings=wishes.settings),
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


@contextlib.contextmanager
def _listening(wishes: Wishes) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as ears:
        ears.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        host = "" if wishes.is_shared else LOOPBACK
        try:
            ears.bind((host, wishes.port))
        except OSError as error:
            raise refusal(error, host, wishes.port, "preview") from error
        ears.listen()  # from now on a browser waits, where it would have been refused
        yield ears


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
