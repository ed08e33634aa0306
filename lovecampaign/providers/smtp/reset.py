"""Clears a connection after a rejection, so that the next message can follow."""

from __future__ import annotations

from lovecampaign.providers.smtp.connect import SmtpClient, TimeLimits
from lovecampaign.providers.smtp.reply_codes import Phase
from lovecampaign.providers.smtp.smtp_socket import ConnectionLost, Reply

_DOT = b".\r\n"
_REPLIES_AFTER = {Phase.MAIL: 2, Phase.RCPT: 1, Phase.DATA: 0}


def reset(smtp: SmtpClient, limits: TimeLimits) -> None:
    """RSET (RFC 5321 §4.1.1.5); raises ConnectionLost."""
    smtp.wire.write((b"RSET\r\n",), limits.command)
    if smtp.read_reply(limits.command).code // 100 != 2:
        raise ConnectionLost("the server refused RSET")


def skip_pipelined_replies(smtp: SmtpClient, limits: TimeLimits, refused: Phase) -> None:
    """Read the replies to the commands pipelined behind a rejected one (RFC 2920 §3.1).

    A server may reply 354 although no recipient is left: a lone dot ends that. After a rejected
    MAIL, the effect of a dot is undefined. Raises ConnectionLost.
    """
    reply: Reply | None = None
    for _ in range(_REPLIES_AFTER[refused]):
        reply = smtp.read_reply(limits.command)
    if reply is None or reply.code // 100 in (4, 5):
        return
    if refused is not Phase.RCPT or reply.code // 100 != 3:
        raise ConnectionLost("the server continues with a rejected message")
    smtp.wire.write((_DOT,), limits.command)
    smtp.read_reply(limits.final_dot)
