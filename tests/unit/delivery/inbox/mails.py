"""Mails for tests, in the forms that servers and people write."""

from __future__ import annotations

from email.message import EmailMessage, MIMEPart

TOKEN = "A" * 31 + "B"
POSTFIX = """\
Return-Path: <>
Delivered-To: bounces+{token}@bloom.example
From: MAILER-DAEMON@mx.bloom.example (Mail Delivery System)
To: bounces+{token}@bloom.example
Subject: Undelivered Mail Returned to Sender
Date: Mon, 1 Feb 2027 09:00:07 +0000
Message-ID: <20270201090007.1@mx.bloom.example>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type={report}; boundary="x"

--x
Content-Type: text/plain; charset=us-ascii

This is the mail system at host mx.bloom.example.

<{email}>: host mx.reader.example[192.0.2.1] said: {reply} (in reply to {command} command)

--x
Content-Type: message/{form}

Reporting-MTA: dns; mx.bloom.example

Final-Recipient: rfc822; {email}
Original-Recipient: rfc822;{email}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {reply}

--x
Content-Type: message/rfc822

From: Bloom <letters@bloom.example>
To: {email}
Message-ID: <{token}@bloom.example>
X-Lovecampaign-Delivery: {token}
Subject: Day 1

Hello
--x--
"""


def dsn(
    *,
    reply: str = "550 5.1.1 <ana@reader.example>: Recipient address rejected: User unknown",
    status: str = "5.1.1",
    action: str = "failed",
    email: str = "ana@reader.example",
    token: str = TOKEN,
    command: str = "RCPT TO",
    form: str = "delivery-status",
) -> bytes:
    """A report as Postfix writes it."""
    report = form.removeprefix("global-")
    return POSTFIX.format(
        token=token,
        email=email,
        reply=reply,
        status=status,
        action=action,
        command=command,
        form=form,
        report=report,
    ).encode()


def letter(text: str, **headers: str) -> bytes:
    """A letter of Ana's; headers with ``_`` for ``-``."""
    fields = {
        "From": "Ana <ana@reader.example>",
        "To": "letters@bloom.example",
        "Subject": "Re: Day 1",
        "Message-ID": "<1@reader.example>",
        "Date": "Mon, 1 Feb 2027 12:00:00 +0000",
        "Content-Type": "text/plain; charset=utf-8",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    head = "".join(f"{name}: {value}\n" for name, value in fields.items() if value)
    return f"{head}\n{text}\n".encode()


def letter_with_files(text: str, *files: MIMEPart, **headers: str) -> bytes:
    """A letter whose parts follow its words."""
    plain = f"Content-Type: text/plain; charset=utf-8\n\n{text}\n".encode()
    parts = [plain, *(file.as_bytes() for file in files)]
    body = b"".join(b"\n--x\n" + part for part in parts) + b"\n--x--\n"
    return letter("", Content_Type="multipart/mixed; boundary=x", **headers) + body


def file_part(name: str, content: bytes, kind: str = "image/jpeg") -> EmailMessage:
    part = EmailMessage()
    main, _, sub = kind.partition("/")
    part.set_content(content, main, sub, filename=name)
    return part
