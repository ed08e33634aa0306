"""What all connections to a server learn."""

from __future__ import annotations

import pytest

from lovecampaign.providers.smtp.reply_codes import Phase
from lovecampaign.providers.smtp.server_history import LACKS_USER, ServerHistory
from lovecampaign.providers.smtp.smtp_socket import Reply


@pytest.mark.parametrize(
    ("line", "is_said"),
    [
        ("550 no", True),
        ("554 5.7.1 Access denied", True),
        ("550 Please turn on SMTP authentication", True),
        ("550 5.1.1 User unknown", False),
        ("452 4.2.2 Mailbox full", False),
    ],
)
def test_a_refusal_that_a_login_may_end_says_that_one_is_offered(line: str, is_said: bool) -> None:
    history = ServerHistory(lacks_user=True)
    reply = Reply(code=int(line[:3]), lines=(line[4:],))
    assert (LACKS_USER in history.classify_reply(Phase.RCPT, reply).detail) is is_said
    history.note_accepted()
    assert LACKS_USER not in history.classify_reply(Phase.RCPT, reply).detail
