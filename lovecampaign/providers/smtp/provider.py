"""The SMTP provider: a pool of connections to one server."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

from lovecampaign.core.errors import Unreachable
from lovecampaign.core.message import FaultKind, Message, Outcome
from lovecampaign.providers.base.addresses import is_loopback
from lovecampaign.providers.base.circuit_breaker import COOLDOWN_SECONDS, CircuitBreaker
from lovecampaign.providers.base.outcomes import (
    RATE_WAIT_SECONDS,
    NoConnection,
    Verdict,
    transient,
)
from lovecampaign.providers.base.provider import FlightLog
from lovecampaign.providers.pool.autoscale import Autoscaler
from lovecampaign.providers.pool.connection import Coroutine, DeliveryCoroutine, run_blocking
from lovecampaign.providers.pool.send import send_over_connections
from lovecampaign.providers.pool.work_queue import QueueClient
from lovecampaign.providers.smtp.ahead.policy import AheadMode, AheadPolicy, ServerNotes
from lovecampaign.providers.smtp.connect import Security, SmtpClient, SmtpTarget, connect
from lovecampaign.providers.smtp.pace import SendingPace
from lovecampaign.providers.smtp.server_history import ServerHistory
from lovecampaign.providers.smtp.session import SmtpSession
from lovecampaign.providers.smtp.smtp_socket import ConnectionLost

DEFAULT_CONNECTIONS = 4
CLAIMS_PER_CONNECTION = 50
#: Each step of connecting has a shorter time limit of its own.
_MAX_CONNECT_SECONDS = 3600.0
#: A server with a limit equal to our number counts a connection for a moment after its QUIT.
_WAITS_AFTER_CLOSE = (0.1, 0.3, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionPolicy:
    """When a connection is replaced by a new one."""

    #: Many servers close after 100 or more, and some rate long connections as abuse.
    messages_per_connection: int = 100
    idle_seconds: float = 60.0
    #: No new attempt to connect for this long after a failed one.
    cooldown_seconds: float = COOLDOWN_SECONDS
    #: Nothing is sent for this long after a refusal for our rate.
    hold_seconds: float = RATE_WAIT_SECONDS


class SmtpProvider:
    """Sends each message in a transaction of its own, with one recipient."""

    is_throttled = True

    def __init__(
        self,
        server: SmtpTarget,
        *,
        connections: int = DEFAULT_CONNECTIONS,
        policy: ConnectionPolicy | None = None,
        ahead: AheadMode = AheadMode.AUTO,
        notes: ServerNotes | None = None,
    ) -> None:
        """``notes`` remember servers that fail after commands that were sent ahead."""
        scheme = "smtps" if server.security is Security.TLS else "smtp"
        self.name = f"{scheme}://{server.place}"
        self.server = server
        self.leaves_machine = not is_loopback(server.host)
        self.takes_now = not self.leaves_machine
        self.claim_size = CLAIMS_PER_CONNECTION * connections
        self.connections = connections
        self._threads = ThreadPoolExecutor(connections, thread_name_prefix="connect")
        policy = policy or ConnectionPolicy()
        shared = _Shared(
            server=server,
            policy=policy,
            history=ServerHistory(pace=SendingPace(hold_seconds=policy.hold_seconds)),
            ahead=AheadPolicy(ahead, self.name, notes),
            threads=self._threads,
        )
        self._connections = [_SmtpConnection(shared) for _ in range(connections)]
        self._autoscaler = Autoscaler(connections)

    def check_connection(self) -> None:
        try:
            self._connections[0].check()
        except NoConnection as failure:
            raise Unreachable(
                f"{self.name} cannot be used: {failure.verdict.detail}",
                hint=_what_to_check(failure.verdict),
            ) from failure

    def send(self, messages: Iterable[Message], flight: FlightLog) -> Iterator[Outcome]:
        return send_over_connections(self._connections, messages, flight, self._autoscaler)

    def has_sent(self, delivery_id: str) -> bool | None:
        """SMTP has no command for it."""

    def disconnect(self) -> None:
        for connection in self._connections:
            connection.close()

    def close(self) -> None:
        self.disconnect()
        self._threads.shutdown()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shared:
    """What the connections of a pool have in common."""

    server: SmtpTarget
    policy: ConnectionPolicy
    history: ServerHistory
    ahead: AheadPolicy
    #: Connect in the background.
    threads: Executor


class _SmtpConnection:
    """A place in the pool: one session after another with the same server."""

    def __init__(self, shared: _Shared) -> None:
        self._shared = shared
        self._is_near = is_loopback(shared.server.host)
        self._session: SmtpSession | None = None
        self._breaker = CircuitBreaker(shared.policy.cooldown_seconds)

    def deliver(self, message: Message, client: QueueClient[Message]) -> DeliveryCoroutine[Message]:
        yield from self._shared.history.pace.wait()
        session = self._usable_session or (yield from self._reconnect())
        return (yield from session.deliver(message, client))

    def _reconnect(self) -> Coroutine[SmtpSession]:
        """Connect in the background, while the thread serves its other connections.

        A server on this machine answers sooner than threads switch: a connection costs 1.0 ms of
        processor time in a thread, 0.2 ms without.
        """
        if self._is_near:
            return (yield from self._connecting())
        with contextlib.closing(self._start_connecting()) as call:
            yield call
            return call.result()

    def _start_connecting(self) -> BackgroundCall[SmtpSession]:
        try:
            return BackgroundCall(self._shared.threads, self._connect)
        except OSError as error:
            raise NoConnection(transient(f"no connection: {error.strerror}")) from error

    def undelivered(self, message: Message, failure: NoConnection) -> Sequence[Outcome]:
        return [failure.on(message)]

    def check(self) -> None:
        """Connect and log in, or send NOOP over the open connection; raises NoConnection."""
        self._breaker.close()
        try:
            (self._usable_session or self._connect()).noop()
        except ConnectionLost:
            self._connect()

    def close(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None

    @property
    def _usable_session(self) -> SmtpSession | None:
        session = self._session
        if session is None or not session.is_usable:
            return None
        return session if session.idle_seconds < self._shared.policy.idle_seconds else None

    def _connect(self) -> SmtpSession:
        return run_blocking(self._connecting())

    def _connecting(self) -> Coroutine[SmtpSession]:
        """Close the old session, and open a new one; raises NoConnection."""
        waits = _WAITS_AFTER_CLOSE if self._session is not None else ()
        self.close()
        self._breaker.check()
        try:
            smtp = yield from self._connect_patiently(waits)
        except NoConnection as failure:
            self._breaker.open(failure.verdict)
            raise
        self._breaker.close()
        self._session = SmtpSession(
            smtp,
            self._shared.server.limits,
            self._shared.history,
            self._shared.ahead,
            max_messages=self._shared.policy.messages_per_connection,
        )
        return self._session

    def _connect_patiently(self, waits: Sequence[float]) -> Coroutine[SmtpClient]:
        """Again after each of ``waits`` where the server says that we have too many connections."""
        for seconds in waits:
            try:
                return (yield from connect(self._shared.server, self._shared.history))
            except NoConnection as failure:
                if failure.verdict.retry_after_seconds is None:
                    raise
            time.sleep(seconds)
        return (yield from connect(self._shared.server, self._shared.history))


_Result = TypeVar("_Result")


class BackgroundCall(Generic[_Result]):
    """A function call in another thread, pending like a reply.

    A pipe wakes the event loop. Raises OSError where the process may open no more files.
    """

    is_buffered = False

    def __init__(self, threads: Executor, function: Callable[[], _Result]) -> None:
        self.deadline = time.monotonic() + _MAX_CONNECT_SECONDS
        self.is_ready = False
        self._function = function
        self._read_end, self._write_end = os.pipe()
        try:
            self._future = threads.submit(self._run)
        except RuntimeError:
            self._close_pipe()
            raise

    def fileno(self) -> int:
        return self._read_end

    def result(self) -> _Result:
        """Returns or raises what the function did."""
        return self._future.result()

    def close(self) -> None:
        """Wait for the call to end, and free the pipe. Must always be called."""
        self._future.exception()
        self._close_pipe()

    def _close_pipe(self) -> None:
        os.close(self._read_end)
        os.close(self._write_end)

    def _run(self) -> _Result:
        try:
            return self._function()
        finally:
            self.is_ready = True
            os.write(self._write_end, b".")


def _what_to_check(verdict: Verdict) -> str:
    if verdict.fault is FaultKind.CONFIGURATION:
        return "check user, password, port and encryption in LOVECAMPAIGN_PROVIDER"
    return "check host and port in LOVECAMPAIGN_PROVIDER, and that the server is up"
