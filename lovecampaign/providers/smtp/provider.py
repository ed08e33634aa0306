"""How does mail leave through an SMTP server?"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass

from lovecampaign.core.errors import Unreachable
from lovecampaign.core.message import Fault, Message, Outcome
from lovecampaign.providers.base.addresses import is_loopback
from lovecampaign.providers.base.circuit_breaker import COOLDOWN_SECONDS, CircuitBreaker
from lovecampaign.providers.base.outcomes import NoConnection, Verdict, transient
from lovecampaign.providers.base.provider import FlightLog
from lovecampaign.providers.pool.autoscale import Autoscaler
from lovecampaign.providers.pool.background_connect import BackgroundCall
from lovecampaign.providers.pool.connection import Coroutine, DeliveryCoroutine, run_blocking
from lovecampaign.providers.pool.intake import QueueClient
from lovecampaign.providers.pool.send import send_over_connections
from lovecampaign.providers.smtp.connect import Security, SmtpTarget, connect
from lovecampaign.providers.smtp.reply_codes import ServerHistory
from lovecampaign.providers.smtp.session import SmtpSession
from lovecampaign.providers.smtp.smtp_socket import ConnectionLost

DEFAULT_CONNECTIONS = 4
CLAIMS_PER_CONNECTION = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionPolicy:
    """When a connection is replaced by a new one."""

    #: Many servers close after 100 or more; some count against us who stays longer.
    messages_per_connection: int = 100
    idle_seconds: float = 60.0
    #: After a failed attempt to connect, the answer stands for this long.
    cooldown_seconds: float = COOLDOWN_SECONDS


class SmtpProvider:
    """A pool of connections, each with one recipient per transaction."""

    is_throttled = True

    def __init__(
        self,
        server: SmtpTarget,
        *,
        connections: int = DEFAULT_CONNECTIONS,
        patience: ConnectionPolicy | None = None,
    ) -> None:
        scheme = "smtps" if server.security is Security.TLS else "smtp"
        self.name = f"{scheme}://{server.place}"
        self.leaves_machine = not is_loopback(server.host)
        self.takes_now = not self.leaves_machine
        self.claim_size = CLAIMS_PER_CONNECTION * connections
        self._server = server
        self._threads = ThreadPoolExecutor(connections, thread_name_prefix="connect")
        rapport = ServerHistory()
        self._lanes = [
            _SmtpLane(server, patience or ConnectionPolicy(), rapport, self._threads)
            for _ in range(connections)
        ]
        self._demand = Autoscaler(connections)

    def check_connection(self) -> None:
        try:
            self._lanes[0].check_connection()
        except NoConnection as missing:
            raise Unreachable(
                f"{self.name} lets no mail out: {missing.verdict.detail}",
                hint=_what_to_check(missing.verdict),
            ) from missing

    def send(self, messages: Iterable[Message], flight: FlightLog) -> Iterator[Outcome]:
        return send_over_connections(self._lanes, messages, flight, self._demand)

    def has_sent(self, delivery_id: str) -> bool | None:
        """SMTP has no way to ask."""

    def close(self) -> None:
        for lane in self._lanes:
            lane.close()
        self._threads.shutdown()


class _SmtpLane:
    """One connection after another to the same server."""

    def __init__(
        self,
        server: SmtpTarget,
        patience: ConnectionPolicy,
        rapport: ServerHistory,
        threads: Executor,
    ) -> None:
        """``rapport`` is all lanes' own; ``threads`` make connections that take long."""
        self._server = server
        self._rapport = rapport
        self._is_near = is_loopback(server.host)
        self._patience = patience
        self._threads = threads
        self._session: SmtpSession | None = None
        self._cooldown = CircuitBreaker(patience.cooldown_seconds)

    def carry(self, message: Message, intake: QueueClient[Message]) -> DeliveryCoroutine[Message]:
        session = self._usable_session or (yield from self._renewed())
        return (yield from session.carry(message, intake))

    def _renewed(self) -> Coroutine[SmtpSession]:
        """A new connection, made beside the other lanes of this thread.

        A server on this machine answers sooner than a thread hands the interpreter to another:
        1.0 ms of both processors for a connection made in a thread, 0.2 without.
        """
        if self._is_near:
            return (yield from self._connecting())
        with contextlib.closing(self._start_connecting()) as making:
            yield making
            return making.result()

    def _start_connecting(self) -> BackgroundCall[SmtpSession]:
        try:
            return BackgroundCall(self._threads, self._connect)
        except OSError as error:
            raise NoConnection(transient(f"no connection: {error.strerror}")) from error

    def unasked(self, message: Message, missing: NoConnection) -> Sequence[Outcome]:
        return [missing.on(message)]

    def check_connection(self) -> None:
        """Connect and log in, or ask the open connection; raises NoConnection."""
        self._cooldown.end()
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
        return session if session.idle_seconds < self._patience.idle_seconds else None

    def _connect(self) -> SmtpSession:
        return run_blocking(self._connecting())

    def _connecting(self) -> Coroutine[SmtpSession]:
        """Leave the old connection, and make a new one; raises NoConnection."""
        self.close()
        self._cooldown.check()
        try:
            smtp = yield from connect(self._server)
        except NoConnection as failure:
            self._cooldown.start(failure.verdict)
            raise
        self._cooldown.end()
        self._session = SmtpSession(
            smtp,
            self._server.limits,
            self._rapport,
            most_messages=self._patience.messages_per_connection,
        )
        return self._session


def _what_to_check(verdict: Verdict) -> str:
    if verdict.fault is Fault.CONFIGURATION:
        return "check user, password, port and encryption in LOVECAMPAIGN_PROVIDER"
    return "check host and port in LOVECAMPAIGN_PROVIDER, and that the server is up"
