"""A sending process: takes orders from the command that started it, and reports to it."""

from __future__ import annotations

import contextlib
import logging
import os
import pickle
import signal
import threading
import traceback
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import NoReturn

from lovecampaign.core.errors import ExitCode
from lovecampaign.core.interval import Interval
from lovecampaign.core.settings import Settings
from lovecampaign.delivery.base.sender import EmailJob, SendingProcess, open_sender
from lovecampaign.delivery.base.tally import Tally
from lovecampaign.delivery.loop.batch import deliver_batch
from lovecampaign.delivery.prepare.readiness import make_recipient_builder
from lovecampaign.delivery.processes.protocol import (
    DeliveryOrder,
    Done,
    Failed,
    Fenced,
    LogLine,
    ProgressReport,
    Request,
)
from lovecampaign.providers.base.provider import Provider
from lovecampaign.providers.factory import open_provider
from lovecampaign.render.renderer import EmailRenderer
from lovecampaign.store.database.engine import Database
from lovecampaign.store.database.schema_version import open_database
from lovecampaign.store.sending.server_notes import LedgerNotes

_SECONDS_BETWEEN_REPORTS = 0.1


def run_child(connection: Connection, settings: Settings, processes: int) -> None:
    """Deliver order after order until the command ends, or a SIGTERM."""
    pipe = _Pipe(connection)
    orders = _Orders(connection)
    signal.signal(signal.SIGTERM, lambda _number, _frame: orders.end_soon())
    _log_to(pipe)
    with contextlib.ExitStack() as stack:
        child = _Child(
            settings=settings, processes=processes, pipe=pipe, orders=orders, stack=stack
        )
        while (order := orders.next()) is not None:
            pipe.send(child.deliver(order))


class _Pipe:
    """Our end for messages: several threads send."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self._interval = Interval(_SECONDS_BETWEEN_REPORTS)
        self._outcomes = 0

    def send(self, message: object) -> None:
        """A command that was killed hears nothing: what is in flight is finished all the same."""
        with self._lock, contextlib.suppress(OSError):
            self._connection.send(message)

    def note_outcomes(self, count: int) -> None:
        self._outcomes += count
        if self._interval.is_due():
            self.flush()

    def flush(self) -> None:
        outcomes, self._outcomes = self._outcomes, 0
        if outcomes:
            self.send(ProgressReport(outcomes))


class _Orders:
    """Orders of the command, read by a thread, so that a stop is heard while one is delivered."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._orders: SimpleQueue[DeliveryOrder | None] = SimpleQueue()
        self._is_ending = False
        #: Stops the order that is being delivered.
        self.stop = threading.Event()
        threading.Thread(target=self._read, name="orders", daemon=True).start()

    def next(self) -> DeliveryOrder | None:
        """Wait for the next order; None: there is none."""
        order = None if self._is_ending else self._orders.get()
        return None if self._is_ending else order

    def end(self) -> None:
        """Finish what is in flight, and end."""
        self._is_ending = True
        self.stop.set()
        self._orders.put(None)

    def end_soon(self) -> None:
        """For a signal handler, which may interrupt a thread that holds the event's lock."""
        threading.Thread(target=self.end, name="end", daemon=True).start()

    def _read(self) -> None:
        while True:
            try:
                message = self._connection.recv()
            except (EOFError, OSError):  # the command ended, or was killed
                self.end()
                return
            if message is Request.STOP:
                self.stop.set()
            elif message is Request.END:
                self.end()
                return
            else:
                self.stop.clear()
                self._orders.put(message)


class _PipeHandler(logging.Handler):
    """Hands log lines to the command: it alone prints."""

    def __init__(self, pipe: _Pipe) -> None:
        super().__init__()
        self._pipe = pipe

    def emit(self, record: logging.LogRecord) -> None:
        self._pipe.send(LogLine(record.levelno, record.name, self.format(record)))


def _log_to(pipe: _Pipe) -> None:
    logging.getLogger("lovecampaign").handlers[:] = [_PipeHandler(pipe)]


@dataclass(slots=True, kw_only=True)
class _Child:
    """The process: opens database and provider with its first order, and keeps them."""

    settings: Settings
    processes: int
    pipe: _Pipe
    orders: _Orders
    stack: contextlib.ExitStack
    opened: tuple[Database, Provider] | None = None

    def deliver(self, order: DeliveryOrder) -> Done | Failed:
        try:
            database, provider = self.opened = self.opened or self._open()
            with open_sender(
                self.settings,
                database,
                provider,
                order.clock,
                stop=self.orders.stop,
                on_progress=self.pipe.note_outcomes,
            ) as sender:
                claim_most, on_fenced = order.claim_most, self._end_fenced
                tally = _deliver_batches(
                    replace(sender, claim_most=claim_most, on_fenced=on_fenced), order
                )
            return Done(tally, sender.owner.id)
        except Exception as error:  # noqa: BLE001 - the command reports it
            return _failed(error)
        finally:
            self.pipe.flush()

    def _end_fenced(self) -> NoReturn:
        self.pipe.flush()
        self.pipe.send(Fenced())
        os._exit(ExitCode.FENCED)

    def _open(self) -> tuple[Database, Provider]:
        closing = contextlib.closing
        database = self.stack.enter_context(closing(open_database(self.settings)))
        provider = open_provider(self.settings, LedgerNotes(database), self.processes)
        return database, self.stack.enter_context(closing(provider))


def _deliver_batches(sender: SendingProcess, order: DeliveryOrder) -> Tally:
    tally, jobs = Tally(), dict[str, EmailJob]()
    for key, handle in order.batches:
        if sender.stop.is_set() or tally.closed:
            break
        if key not in jobs:
            jobs[key] = _make_job(sender, order, key)
        tally += deliver_batch(sender, jobs[key], handle)
    return tally


def _make_job(sender: SendingProcess, order: DeliveryOrder, key: str) -> EmailJob:
    email = order.campaign.find_email(key)
    if email is None:
        raise ValueError(f"{key} was chosen from the campaign's emails")
    content, is_frozen = order.contents[key]
    campaign, record = order.campaign, order.record
    return EmailJob(
        campaign=campaign,
        record=record,
        email=email,
        content=content,
        renderer=EmailRenderer(campaign, email, content, media_url=sender.settings.media_url),
        recipient_builder=make_recipient_builder(sender, campaign, record, email),
        is_frozen=is_frozen,
    )


def _failed(error: Exception) -> Failed:
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    except Exception:  # noqa: BLE001 - an exception of a library may refuse in any way
        error = RuntimeError(f"{type(error).__name__}: {error}")
    return Failed(error, traceback.format_exc())
