"""Envelope probe: names a sender and a recipient to the server; sends at most a test mail."""

from __future__ import annotations

import contextlib
import smtplib

from lovecampaign.core.errors import Unreachable, UsageError
from lovecampaign.providers.base.addresses import UnusableAddress, encode_address
from lovecampaign.providers.base.outcomes import NoConnection
from lovecampaign.providers.pool.connection import run_blocking
from lovecampaign.providers.smtp.connect import SmtpTarget, connect
from lovecampaign.providers.smtp.reply_codes import Phase
from lovecampaign.providers.smtp.server_history import LACKS_USER, ServerHistory
from lovecampaign.providers.smtp.smtp_socket import ConnectionLost, Reply


def find_refusal(
    server: SmtpTarget, sender: str, recipient: str, message: bytes = b""
) -> tuple[Phase, Reply] | None:
    """The command that the server rejects, MAIL, RCPT or DATA, and its reply; None for no command.

    Without a ``message``, RSET and QUIT follow, so that none begins. Raises Unreachable where the
    connection is not made, or breaks.
    """
    try:
        paths = (
            (Phase.MAIL, f"FROM:<{encode_address(sender)}>"),
            (Phase.RCPT, f"TO:<{encode_address(recipient)}>"),
        )
    except UnusableAddress as error:
        raise UsageError(f"an address of the campaign cannot be used: {error}") from error
    history = ServerHistory()
    try:
        smtp = run_blocking(connect(server, history))
    except NoConnection as failure:
        raise Unreachable(f"{server.place}: {failure.verdict.detail}") from failure
    try:
        for phase, path in paths:
            code, text = smtp.docmd(str(phase), path)
            if code // 100 != 2:
                lines = text.decode("utf-8", "replace").split("\n")
                missing = [f"({LACKS_USER})"] if history.lacks_user else []
                return phase, Reply(code=code, lines=(*lines, *missing))
        if not message:
            smtp.docmd("RSET")
            return None
        code, text = smtp.data(message)
        if code // 100 != 2:
            return Phase.DATA, Reply(
                code=code, lines=tuple(text.decode("utf-8", "replace").split("\n"))
            )
    except (ConnectionLost, smtplib.SMTPException, OSError) as error:
        raise Unreachable(f"{server.place}: the connection was lost: {error}") from error
    finally:
        with contextlib.suppress(ConnectionLost, smtplib.SMTPException, OSError):
            smtp.docmd("QUIT")
        smtp.close()
    return None
