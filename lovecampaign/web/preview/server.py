"""Starts the preview's server with its background threads, and stops them."""

from __future__ import annotations

import contextlib
import secrets
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.checks.base.facts import Facts
from lovecampaign.core.settings import Settings
from lovecampaign.web.hosting import log_thread_errors, open_listener
from lovecampaign.web.preview.access import AccessPolicy
from lovecampaign.web.preview.app import Preview
from lovecampaign.web.preview.authoring.desk import AuthorDesk
from lovecampaign.web.preview.authoring.editor import Editor
from lovecampaign.web.preview.live.background_checks import BackgroundChecker
from lovecampaign.web.preview.live.file_watcher import FileWatcher
from lovecampaign.web.preview.live.live_reload import ReloadEvents
from lovecampaign.web.preview.live.state import PreviewState
from lovecampaign.web.preview.pages import Pages
from lovecampaign.web.preview.readers.subscriber_lookup import SubscriberLookup
from lovecampaign.web.preview.readers.test_send import OpenProvider, PreviewSender
from lovecampaign.web.preview.readers.urls import LiveUrls
from lovecampaign.web.uvicorn_server import SignalledServer

LOOPBACK = "127.0.0.1"
#: The default among the made-up readers.
FIRST_READER = "sam"


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewOptions:
    """The options of the command, and what its pages need."""

    folder: Path
    settings: Settings
    port: int
    is_shared: bool
    is_polling: bool
    now: Callable[[], datetime]
    #: May query the database, so it is called in the background only.
    facts: Callable[[Campaign], Facts]
    open_provider: OpenProvider
    note_bug: Callable[[BaseException], Path]
    editor: Editor | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewUrls:
    """URLs at which the preview can be opened."""

    #: For the browser on this machine.
    address: str
    #: For other devices on the network, with the access key; None: they have no access.
    shared_address: str | None


@contextlib.contextmanager
def open_preview(options: PreviewOptions) -> Iterator[tuple[PreviewUrls, Callable[[], None]]]:
    """The preview's URLs, and a function that serves it until a signal.

    Raises UsageError for a port that is taken.
    """
    host = "" if options.is_shared else LOOPBACK
    with open_listener(host, options.port, "preview") as listener:
        port = listener.getsockname()[1]
        access = _access_policy(options, port)
        events = ReloadEvents(secrets.token_hex(4))
        state = PreviewState(options.folder, options.settings)
        checker = BackgroundChecker(state, options.facts, events.publish)

        def on_save() -> None:
            checker.request()  # stops a running check: the saved page comes first
            state.reload()
            events.publish()
            checker.request()

        watcher = FileWatcher(
            options.folder, options.settings.workspace, on_save, is_polling=options.is_polling
        )
        preview = _preview(options, access, events, checker, state)
        try:
            yield _urls(access, port), partial(_serve, preview, watcher, listener)
        finally:
            watcher.stop()
            checker.stop()


def _preview(
    options: PreviewOptions,
    access: AccessPolicy,
    events: ReloadEvents,
    checker: BackgroundChecker,
    state: PreviewState,
) -> Preview:
    settings = options.settings
    return Preview(
        pages=Pages(
            state=state,
            checker=checker,
            people=SubscriberLookup(settings=settings),
            urls=LiveUrls(FIRST_READER),
            desk=None if options.is_shared else _desk(options, access),
        ),
        sender=PreviewSender(
            settings=settings, open_provider=options.open_provider, now=options.now
        ),
        access=access,
        events=events,
        now=options.now,
        note_bug=options.note_bug,
    )


def _desk(options: PreviewOptions, access: AccessPolicy) -> AuthorDesk:
    return AuthorDesk(
        folder=options.folder,
        workspace=options.settings.workspace,
        editor=options.editor,
        form_token=access.form_token,
    )


def _serve(preview: Preview, watcher: FileWatcher, listener: socket.socket) -> None:
    """Raises KeyboardInterrupt after Ctrl-C."""
    server = SignalledServer(
        preview.application(),
        at_signal=preview.events.close,  # each open page would delay the shutdown
        timeout_graceful_shutdown=1,
    )
    with log_thread_errors(preview.note_bug):
        watcher.start(preview.note_bug)
        preview.pages.checker.start(preview.note_bug)
        server.serve_until_signal(listener)


def _access_policy(options: PreviewOptions, port: int) -> AccessPolicy:
    names = [LOOPBACK, "localhost"]
    if options.is_shared:
        names += [_network_address(), socket.gethostname().lower()]
    return AccessPolicy(
        hosts=frozenset(f"{name}:{port}" for name in names),
        key=secrets.token_urlsafe(16) if options.is_shared else None,
    )


def _urls(access: AccessPolicy, port: int) -> PreviewUrls:
    if access.key is None:
        return PreviewUrls(address=f"http://{LOOPBACK}:{port}/", shared_address=None)
    return PreviewUrls(
        address=f"http://{LOOPBACK}:{port}/?key={access.key}",
        shared_address=f"http://{_network_address()}:{port}/?key={access.key}",
    )


def _network_address() -> str:
    """This machine's address on its network, from the routing table; sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # RFC 5737: an address for documentation
        except OSError:
            return LOOPBACK
        return str(probe.getsockname()[0])
