"""How is a connection to the SMTP server made, secured and logged in on?"""

from __future__ import annotations

import base64
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
from lovecampaign.providers.smtp.reply_codes import Phase, classify_reply
from lovecampaign.providers.smtp.smtp_socket import (
    ConnectionLost,
    Reply,
    SmtpSocket,
    WriteIncomplete,
)


class Security(Enum):
    """How the connection is kept from being read on its way."""

    STARTTLS = "starttls"  #: required, with the certificate checked; never falls back to plain
    TLS = "tls"  #: from the first byte (RFC 8314), with the certificate checked
    #: Only for a loopback host, where nothing is on its way: STARTTLS where the server offers
    #: it, whatever its certificate, and plain text where it does not.
    LOOPBACK = "loopback"


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeLimits:
    """Seconds to wait for the other side (RFC 5321 §4.5.3.2)."""

    connect: float = 30.0
    command: float = 300.0
    #: After the final dot. Giving up early is how people get a message twice.
    final_dot: float = 600.0

    @classmethod
    def all_of(cls, seconds: float) -> TimeLimits:
        return cls(connect=seconds, command=seconds, final_dot=seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpTarget:
    """Where to connect, and as whom."""

    host: str
    port: int
    security: Security
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    limits: TimeLimits = TimeLimits()
    #: Replaces the system's trust in certificates, for a private authority.
    ssl_context: ssl.SSLContext | None = field(default=None, repr=False)

    @property
    def place(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


class SmtpClient(smtplib.SMTP):
    """smtplib, with replies read by :class:`SmtpSocket`: bounded in size and in time.

    smtplib waits for each reply behind its command. What takes long is said before smtplib says
    it, so that others may go on until the reply is there (:meth:`awaited_greeting`,
    :meth:`awaited_ehlo`); smtplib then finds it.
    """

    _wire: SmtpSocket | None = None
    #: smtplib reads the greeting as soon as it is connected.
    _is_greeting_due = True
    #: EHLO was said, and smtplib has not asked for its reply yet.
    _is_ehlo_said = False

    def awaited_greeting(self) -> SmtpSocket:
        """What the server says first; :meth:`read_greeting` is next."""
        return self.wire.awaited(float(self.timeout))

    def read_greeting(self) -> None:
        """Raises SMTPConnectError where the server does not want us, and ConnectionLost."""
        reply = self.read_awaited_reply()
        if reply.code != 220:
            raise smtplib.SMTPConnectError(reply.code, _text(reply))

    def awaited_ehlo(self) -> SmtpSocket:
        """What the server offers; :meth:`ehlo_or_helo_if_needed` is next."""
        self.putcmd(self.ehlo_msg, self.local_hostname)
        self._is_ehlo_said = True
        return self.wire.awaited(float(self.timeout))

    def putcmd(self, cmd: str, args: str = "") -> None:
        if self._is_ehlo_said:
            return
        if self.sock is not None:  # whoever looked whether something had come left no time
            self.sock.settimeout(float(self.timeout))
        super().putcmd(cmd, args)

    def getreply(self) -> tuple[int, bytes]:
        if self._is_greeting_due:
            self._is_greeting_due = False
            return 220, b""
        is_awaited, self._is_ehlo_said = self._is_ehlo_said, False
        reply = self.read_awaited_reply() if is_awaited else self.read_reply(float(self.timeout))
        return reply.code, _text(reply)

    def read_awaited_reply(self) -> Reply:
        """What came while others went on, or may not come any more; raises ConnectionLost."""
        return self.read_reply(self.wire.deadline - time.monotonic())

    def read_reply(self, timeout_seconds: float) -> Reply:
        """The next reply; raises ConnectionLost, and closes the connection then."""
        try:
            return self.wire.read(timeout_seconds)
        except ConnectionLost:
            self.close()
            raise

    @property
    def wire(self) -> SmtpSocket:
        """Raises WriteIncomplete where the connection is closed."""
        sock, wire = self.sock, self._wire
        if sock is None:
            raise WriteIncomplete("the connection is closed", written=0)
        if wire is None or wire.sock is not sock:
            # After STARTTLS what was read before does not count (RFC 3207 §4.2).
            wire = self._wire = SmtpSocket(sock)
        return wire


def _text(reply: Reply) -> bytes:
    return "\n".join(reply.lines).encode()


class _TlsDialogue(SmtpClient, smtplib.SMTP_SSL):
    """The same over implicit TLS."""


def connect(server: SmtpTarget) -> Coroutine[SmtpClient]:
    """A connection ready for MAIL; raises NoConnection that says what stands in the way.

    Pauses for the server's greeting and for what it offers.
    """
    with _telling(server, Phase.CONNECT):
        smtp = _connected(server)
        _send_at_once(smtp)
    try:
        yield smtp.awaited_greeting()
        with _telling(server, Phase.CONNECT):
            smtp.read_greeting()
        with _telling(server, Phase.HELLO):
            smtp.local_hostname = _helo_name(smtp)
            awaited = smtp.awaited_ehlo()
        yield awaited
        with _telling(server, Phase.HELLO):
            smtp.ehlo_or_helo_if_needed()
        _secure(smtp, server)
        _log_in(smtp, server)
    except BaseException:
        smtp.close()
        raise
    return smtp


def _connected(server: SmtpTarget) -> SmtpClient:
    # A name is given only to keep smtplib from asking the DNS for ours; see _helo_name.
    name, seconds = "localhost", server.limits.connect
    if server.security is Security.TLS:
        return _TlsDialogue(
            server.host, server.port, name, timeout=seconds, context=_trusting(server)
        )
    return SmtpClient(server.host, server.port, name, timeout=seconds)


def _send_at_once(smtp: SmtpClient) -> None:
    """Without it the last bytes of a message wait for an acknowledgement that is itself put off.

    Over TLS, where a message goes out in several records, that was 40 ms for each.
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
            stop_the_run(f"{server.host} offers no STARTTLS, and mail never goes in plain text")
        )
    with _telling(server, Phase.STARTTLS):
        smtp.starttls(context=_trusting(server))
        smtp.ehlo_or_helo_if_needed()


def _trusting(server: SmtpTarget) -> ssl.SSLContext:
    if server.ssl_context is not None:
        return server.ssl_context
    context = ssl.create_default_context()
    if server.security is Security.LOOPBACK:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _log_in(smtp: SmtpClient, server: SmtpTarget) -> None:
    if server.user is None:
        return
    user, password = server.user, server.password or ""
    with _telling(server, Phase.LOGIN):
        if user.isascii() and password.isascii():
            smtp.login(user, password)
        else:
            _log_in_with_utf8(smtp, user, password)


def _log_in_with_utf8(smtp: SmtpClient, user: str, password: str) -> None:
    """AUTH PLAIN in UTF-8 (RFC 4616 §2); smtplib's own stops at ASCII."""
    credentials = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
    code, text = smtp.docmd("AUTH", f"PLAIN {credentials}")
    if code != 235:
        raise smtplib.SMTPAuthenticationError(code, text)


def _helo_name(smtp: SmtpClient) -> str:
    """Our name where it is one, else the address literal (RFC 5321 §4.1.4)."""
    name = socket.gethostname()
    if "." in name and name.isascii():
        return name
    address = smtp.sock.getsockname()[0] if smtp.sock else "127.0.0.1"
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"


@contextmanager
def _telling(server: SmtpTarget, phase: Phase) -> Iterator[None]:
    """Translate everything that smtplib and the network can raise into NoConnection.

    ``from None``: a foreign exception of the login may carry what was sent.
    """
    try:
        yield
    except smtplib.SMTPResponseException as refusal:
        raise NoConnection(classify_reply(phase, _as_reply(refusal, server))) from None
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


def _as_reply(refusal: smtplib.SMTPResponseException, server: SmtpTarget) -> Reply:
    error = refusal.smtp_error
    text = error.decode("utf-8", "replace") if isinstance(error, bytes) else error
    if server.password:  # some servers repeat what they were given
        text = text.replace(server.password, "…")
    return Reply(code=refusal.smtp_code, lines=tuple(text.split("\n")))
