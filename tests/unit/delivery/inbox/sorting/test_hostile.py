"""Whatever comes has a kind within two seconds, and never a traceback."""

from __future__ import annotations

import random
import time

import pytest

from lovecampaign.delivery.inbox.sorting.kinds import MailKind
from lovecampaign.delivery.inbox.sorting.sort import sort_mail
from tests.unit.delivery.inbox.mails import dsn, letter

_HEAD = b"From: ana@reader.example\n"


def _nested(depth: int) -> bytes:
    opening = b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(depth)
    )
    return _HEAD + opening + b"Content-Type: text/plain\n\nhello\n"


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(_nested(100), id="nested 100 deep"),
        pytest.param(_nested(5_000), id="nested 5000 deep"),
        pytest.param(_HEAD + b"Content-Type: message/rfc822\n\n" * 5_000, id="mails in mails"),
        pytest.param(_HEAD + b"\n" + b"hello world\n" * 4_200_000, id="50 MB"),
        pytest.param(_HEAD + b"".join(b"X-%d: v\n" % n for n in range(10_000)), id="headers"),
        pytest.param(_HEAD + b"To: " + b"a@b.example, " * 90_000 + b"\n\nhi", id="a long header"),
        pytest.param(
            b"From: MAILER-DAEMON@x\nContent-Type: message/delivery-status\n\n" + b"\r" * 1_000_000,
            id="empty lines in a report",
        ),
        pytest.param(_HEAD + b"Content-Type: text/html\n\n" + b"<style" * 80_000, id="open tags"),
        pytest.param(letter("a@" * 250_000, From="MAILER-DAEMON@x.example"), id="half addresses"),
        pytest.param(
            letter("abc-" * 200_000, Content_Type="text/plain; charset=punycode"), id="punycode"
        ),
        pytest.param(b"\0" * 1_000, id="zeros"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_mail_that_means_harm_is_sorted_in_time(raw: bytes) -> None:
    start = time.process_time()
    mail = sort_mail(raw)

    assert mail.kind in MailKind
    assert time.process_time() - start < 2


def test_broken_reports_have_a_kind() -> None:
    choice = random.Random(17)
    for _ in range(300):
        raw = bytearray(dsn())
        for _ in range(choice.choice((1, 5, 50))):
            place = choice.randrange(len(raw))
            raw[place : place + choice.randrange(20)] = choice.randbytes(choice.randrange(20))
        assert sort_mail(bytes(raw)).kind in MailKind
