"""Connects to the SMTP server: greeting, EHLO, STARTTLS and login."""

from __future__ import annotations

import smtplib
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum

from lovecampaign.providers.base.outcomes import NoConnection, stop_the_run, transient
from lovecampaign.providers.pool.connection import Coroutine
from lovecampaign.providers.smtp.login import log_in
from lovecampaign.providers.smtp.reply_codes import Phase, classify_reply
from lovecampaign.providers.smtp.server_history import ServerHistory
from lovecampaign.providers.smtp.smtp_socket import (
    ConnectionLost,
    Reply,
    SmtpSocket,
    WriteIncomplete,
)

#: For commands that were sent ahead: the server had time while it took the message.
_AHEAD_SECONDS = 5.0


class Security(Enum):
    """How the connection is encrypted."""

    STARTTLS = "starttls"  #: required, with the certificate checked; no fallback to plain text
    TLS = "tls"  #: from the first byte (RFC 8314), with the certificate checked
    #: Only for a loopback host: STARTTLS where offered, with any certificate, else plain text.
    LOOPBACK = "loopback"


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeLimits:
    """Seconds to wait for the server (RFC 5321 §4.5.3.2)."""

    connect: float = 30.0
    command: float = 300.0
    #: After the final dot: to give up early is how a message arrives twice.
    final_dot: float = 600.0
    ahead: float = _AHEAD_SECONDS

    @classmethod
    def all_of(cls, seconds: float) -> TimeLimits:
        ahead = min(seconds, _AHEAD_SECONDS)
        return cls(connect=seconds, command=seconds, final_dot=seconds, ahead=ahead)


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpTarget:
    """Address and login of the server."""

    host: str
    port: int
    security: Security
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    limits: TimeLimits = TimeLimits()
    #: For a private certificate authority.
    ssl_context: ssl.SSLContext | None = field(default=None, repr=False)

    @property
    def place(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


class SmtpClient(smtplib.SMTP):
    """smtplib's client, with replies read by :class:`SmtpSocket`: bounded in size and in time.

    smtplib waits for each reply after its command. Here the greeting and EHLO are requested ahead
    (:meth:`await_greeting`, :meth:`await_ehlo`), so that the event loop can serve other connections
    meanwhile; smtplib then finds the reply.
    """

    _wire: SmtpSocket | None = None
    #: smtplib reads the greeting in its constructor, where it gets a placeholder.
    _is_greeting_due = True
    greeting = ""
    #: EHLO was sent, and smtplib has not read its reply yet.
    _is_ehlo_sent = False

    def await_greeting(self) -> SmtpSocket:
        """The pending greeting; :meth:`read_greeting` comes next."""
        return self.wire.await_reply(float(self.timeout))

    def read_greeting(self) -> None:
        """Raises SMTPConnectError where the server rejects us, and ConnectionLost."""
        reply = self.read_pending_reply()
        if reply.code != 220:
            raise smtplib.SMTPConnectError(reply.code, _text(reply))
        self.greeting = reply.text

    def await_ehlo(self) -> SmtpSocket:
        """The pending reply to EHLO; :meth:`ehlo_or_helo_if_needed` comes next."""
        self.putcmd(self.ehlo_msg, self.local_hostname)
        self._is_ehlo_sent = True
        return self.wire.await_reply(float(self.timeout))

    def putcmd(self, cmd: str, args: str = "") -> None:
        if self._is_ehlo_sent:
            return
        if self.sock is not None:  # a check for data has set it to 0
            self.sock.settimeout(float(self.timeout))
        super().putcmd(cmd, args)

    def getreply(self) -> tuple[int, bytes]:
        if self._is_greeting_due:
            self._is_greeting_due = False
            return 220, b""
        is_pending, self._is_ehlo_sent = self._is_ehlo_sent, False
        reply = self.read_pending_reply() if is_pending else self.read_reply(float(self.timeout))
        return reply.code, _text(reply)

    def read_pending_reply(self) -> Reply:
        """The reply that was pending, within its deadline; raises ConnectionLost."""
        return self.read_reply(self.wire.deadline - time.monotonic())

    def read_reply(self, timeout_seconds: float) -> Reply:
        """The next reply; raises ConnectionLost, after closing the connection."""
        try:
            return self.wire.read(timeout_seconds)
        except ConnectionLost:
            self.close()
            raise

    @property
    def server_names(self) -> str:
        """The server's own names: the greeting, and the first line of the reply to EHLO."""
        hello = (self.ehlo_resp or b"").partition(b"\n")[0].decode("utf-8", "replace")
        return f"{self.greeting}\n{hello}"

    @property
    def wire(self) -> SmtpSocket:
        """Raises WriteIncomplete where the connection is closed."""
        sock, wire = self.sock, self._wire
        if sock is None:
            raise WriteIncomplete("the connection is closed", written=0)
        if wire is None or wire.sock is not sock:
            # After STARTTLS, replies read before are discarded (RFC 3207 §4.2).
            wire = self._wire = SmtpSocket(sock)
        return wire


def _text(reply: Reply) -> bytes:
    return "\n".join(reply.lines).encode()


class _TlsSmtpClient(SmtpClient, smtplib.SMTP_SSL):
    """The same over implicit TLS."""


def connect(server: SmtpTarget, history: ServerHistory) -> Coroutine[SmtpClient]:
    """A connection ready for MAIL; raises NoConnection that says why not.

    Yields while the greeting and the reply to EHLO are pending.
    """
    with _translating_errors(server, Phase.CONNECT):
        smtp = _open_socket(server)
        _disable_nagle(smtp)
    try:
        yield smtp.await_greeting()
        with _translating_errors(server, Phase.CONNECT):
            smtp.read_greeting()
        with _translating_errors(server, Phase.HELLO):
            smtp.local_hostname = _helo_name(smtp)
            pending = smtp.await_ehlo()
        yield pending
        with _translating_errors(server, Phase.HELLO):
            smtp.ehlo_or_helo_if_needed()
        _secure(smtp, server)
        _log_in(smtp, server, history)
    except BaseException:
        smtp.close()
        raise
    return smtp


def _open_socket(server: SmtpTarget) -> SmtpClient:
    # Without a name smtplib would look ours up in the DNS; see _helo_name.
    name, seconds = "localhost", server.limits.connect
    if server.security is Security.TLS:
        return _TlsSmtpClient(
            server.host, server.port, name, timeout=seconds, context=_tls_context(server)
        )
    return SmtpClient(server.host, server.port, name, timeout=seconds)


def _disable_nagle(smtp: SmtpClient) -> None:
    """Disable Nagle's algorithm: the last bytes of a message would wait for a delayed ACK.

    Over TLS, where a message goes out in several records, that took 40 ms per message.
    """
    if smtp.sock is not None:
        smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _secure(smtp: SmtpClient, server: SmtpTarget) -> None:
    if server.security is Security.TLS:
        return
    if not smtp.has_extn("starttls"):
        if server.security is Security.LOOPBACK:
            return
        raise NoConnection(
            stop_the_run(f"{server.host} offers no STARTTLS, and mail is never sent in plain text")
        )
    with _translating_errors(server, Phase.STARTTLS):
        smtp.starttls(context=_tls_context(server))
        smtp.ehlo_or_helo_if_needed()


def _tls_context(server: SmtpTarget) -> ssl.SSLContext:
    if server.ssl_context is not None:
        return server.ssl_context
    context = ssl.create_default_context()
    if server.security is Security.LOOPBACK:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _log_in(smtp: SmtpClient, server: SmtpTarget, history: ServerHistory) -> None:
    history.lacks_user = server.user is None and smtp.has_extn("auth")
    if server.user is not None:
        with _translating_errors(server, Phase.LOGIN):
            log_in(smtp, server.user, server.password or "", history)


def _helo_name(smtp: SmtpClient) -> str:
    """Our host name if it has a domain, else the address literal (RFC 5321 §4.1.4)."""
    name = socket.gethostname()
    if "." in name and name.isascii():
        return name
    address = smtp.sock.getsockname()[0] if smtp.sock else "127.0.0.1"
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"


@contextmanager
def _translating_errors(server: SmtpTarget, phase: Phase) -> Iterator[None]:
    """Translate every exception of smtplib and the network into NoConnection.

    ``from None``: an exception of the login may contain what was sent.
    """
    try:
        yield
    except smtplib.SMTPResponseException as refusal:
        raise NoConnection(classify_reply(phase, _to_reply(refusal, server))) from None
    except ssl.SSLCertVerificationError as error:
        reason = f"the certificate of {server.place} is not valid: {error.verify_message}"
        raise NoConnection(stop_the_run(reason)) from error
    except (ConnectionLost, smtplib.SMTPServerDisconnected) as error:
        raise NoConnection(transient(f"no connection to {server.place}: {error}")) from None
    except smtplib.SMTPException as error:
        raise NoConnection(stop_the_run(f"{server.place}: {error}")) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise NoConnection(transient(f"no connection to {server.place}: {reason}")) from None


def _to_reply(refusal: smtplib.SMTPResponseException, server: SmtpTarget) -> Reply:
    error = refusal.smtp_error
    text = error.decode("utf-8", "replace") if isinstance(error, bytes) else error
    if server.password:  # some servers repeat their input
        text = text.replace(server.password, "…")
    return Reply(code=refusal.smtp_code, lines=tuple(text.split("\n")))
