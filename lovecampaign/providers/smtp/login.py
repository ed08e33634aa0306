"""Logs in to the SMTP server (AUTH, RFC 4954).

PLAIN comes first, as the connection is encrypted or stays on this machine. A refused password is
final: a try with each mechanism would be several failed logins for each connection, after which
fail2ban's defaults block the address.
"""

from __future__ import annotations

import base64
import hmac
import smtplib
from collections.abc import Sequence

from lovecampaign.providers.base.outcomes import NoConnection, stop_the_run
from lovecampaign.providers.smtp.server_history import ServerHistory

#: In order of preference.
_MECHANISMS = ("PLAIN", "LOGIN", "CRAM-MD5")
#: Replies about the mechanism, not about user and password: unknown or malformed command,
#: mechanism unknown, too weak, or not over this connection (RFC 4954 §6).
_ABOUT_MECHANISM = frozenset({500, 501, 502, 504, 534, 538})
#: 503: logged in already.
_LOGGED_IN = frozenset({235, 503})


def log_in(smtp: smtplib.SMTP, user: str, password: str, history: ServerHistory) -> None:
    """Log in with the first mechanism that the server takes, which ``history`` remembers.

    Raises smtplib.SMTPAuthenticationError, and NoConnection where no mechanism is offered.
    """
    reply = (0, b"")
    for mechanism in _choose_mechanisms(smtp, history):
        reply = _exchange(smtp, mechanism, user, password)
        if reply[0] in _LOGGED_IN:
            history.login_mechanism = mechanism
            return
        if reply[0] not in _ABOUT_MECHANISM:
            break
    raise smtplib.SMTPAuthenticationError(*reply)


def _choose_mechanisms(smtp: smtplib.SMTP, history: ServerHistory) -> Sequence[str]:
    offered = smtp.esmtp_features.get("auth", "").upper().split()
    usable = [each for each in _MECHANISMS if each in offered]
    if usable:
        return sorted(usable, key=lambda each: each != history.login_mechanism)
    if offered:
        names = f"offers only {', '.join(offered)} to log in, and not {' or '.join(_MECHANISMS)}"
    else:
        names = "offers no login (AUTH), and LOVECAMPAIGN_PROVIDER has a user"
    raise NoConnection(stop_the_run(f"the server {names}"))


def _exchange(smtp: smtplib.SMTP, mechanism: str, user: str, password: str) -> tuple[int, bytes]:
    """The server's last reply. The login is UTF-8 (RFC 4616 §2), where smtplib stops at ASCII."""
    if mechanism == "PLAIN":
        credentials = _base64(f"\0{user}\0{password}")
        code, text = smtp.docmd("AUTH", f"PLAIN {credentials}")
        return smtp.docmd(credentials) if code == 334 else (code, text)
    code, text = smtp.docmd("AUTH", mechanism)
    if code == 334 and mechanism == "CRAM-MD5":
        challenge = base64.b64decode(text)
        digest = hmac.new(password.encode(), challenge, "md5").hexdigest()
        return smtp.docmd(_base64(f"{user} {digest}"))
    for answer in (user, password):
        if code == 334:
            code, text = smtp.docmd(_base64(answer))
    return code, text


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
