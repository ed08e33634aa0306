"""Each reply of an SMTP server means one thing for the person, for us and for the run."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lovecampaign.core.message import FaultKind, OutcomeKind
from lovecampaign.providers.smtp.reply_codes import Phase, classify_reply
from lovecampaign.providers.smtp.smtp_socket import Reply
from lovecampaign.testing.messages import make_message

P, T = OutcomeKind.PERMANENT, OutcomeKind.TRANSIENT


@pytest.mark.parametrize(
    ("phase", "line", "kind", "fault"),
    [
        # The address is bad for good.
        (Phase.RCPT, "550 5.1.1 The email account that you tried to reach", P, FaultKind.RECIPIENT),
        (Phase.RCPT, "550 5.1.2 bad domain", T, FaultKind.DESTINATION),
        (Phase.RCPT, "553 5.1.3 bad syntax", P, FaultKind.RECIPIENT),
        (Phase.RCPT, "551 5.1.6 moved", P, FaultKind.RECIPIENT),
        (Phase.RCPT, "550 5.1.10 RESOLVER.ADR.RecipientNotFound", P, FaultKind.RECIPIENT),
        (Phase.RCPT, "550 5.2.1 The email account is disabled", P, FaultKind.RECIPIENT),
        (Phase.RCPT, "550 5.4.4 no route", T, FaultKind.DESTINATION),
        (Phase.RCPT, "550 no such user here", P, FaultKind.RECIPIENT),
        (Phase.RCPT, "550", P, FaultKind.UNCLEAR),
        (Phase.RCPT, "501 bad address", P, FaultKind.RECIPIENT),
        (Phase.BODY, "550 5.1.1 found out late", P, FaultKind.RECIPIENT),
        (Phase.BODY, "554 delivery error: dd This user doesn't have a yahoo.com account", P,
         FaultKind.RECIPIENT),
        # The mailbox rests.
        (Phase.RCPT, "550 5.2.2 over quota", P, FaultKind.MAILBOX),
        (Phase.RCPT, "552 exceeded storage allocation", T, FaultKind.MAILBOX),
        (Phase.RCPT, "552 5.2.2 over quota", T, FaultKind.MAILBOX),
        (Phase.BODY, "552 5.2.2 over quota", P, FaultKind.MAILBOX),
        (Phase.BODY, "552 Requested mail action aborted, exceeded storage", P, FaultKind.MAILBOX),
        (Phase.RCPT, "450 4.2.1 receiving mail at a rate that", T, FaultKind.MAILBOX),
        (Phase.RCPT, "550 5.2.1 user is receiving mail at a rate that prevents",
         T, FaultKind.MAILBOX),
        (Phase.RCPT, "452 4.2.2 over quota", T, FaultKind.MAILBOX),
        (Phase.RCPT, "450 mailbox busy", T, FaultKind.MAILBOX),
        (Phase.RCPT, "550 5.4.1 Recipient address rejected: Access denied", P, FaultKind.MAILBOX),
        # A limit on the messages that are stored is the mailbox's, one on those sent is ours.
        (Phase.RCPT, "554 5.2.2 user exceeded quota for messages stored", P, FaultKind.MAILBOX),
        (Phase.BODY, "554 user exceeded quota for messages stored", P, FaultKind.MAILBOX),
        (Phase.RCPT, "452 4.2.2 User has exceeded message quota", T, FaultKind.MAILBOX),
        (Phase.RCPT, "552 exceeded limit of messages in mailbox", T, FaultKind.MAILBOX),
        (Phase.BODY, "552 5.2.2 mailbox message limit exceeded", P, FaultKind.MAILBOX),
        (Phase.BODY, "550 5.2.2 You have exceeded your sending quota", T, FaultKind.QUOTA),
        (Phase.RCPT, "550 5.2.2 Daily message quota exceeded", T, FaultKind.QUOTA),
        (Phase.RCPT, "550 user exceeded message quota", T, FaultKind.QUOTA),
        # They refuse us, never the recipient's fault.
        (Phase.MAIL, "550 5.7.1 blocked", P, FaultKind.POLICY),
        (Phase.RCPT, "550 5.7.1 blocked", P, FaultKind.POLICY),
        (Phase.BODY, "550 5.7.26 unauthenticated mail", P, FaultKind.POLICY),
        (Phase.BODY, "550 5.7.515 Access denied, sending domain x", P, FaultKind.POLICY),
        (Phase.BODY, "553 5.7.2 [TSS09] all messages will be deferred", P, FaultKind.POLICY),
        (Phase.BODY, "554 5.7.9 dmarc", P, FaultKind.POLICY),
        (Phase.BODY, "554 message refused", P, FaultKind.POLICY),
        (Phase.BODY, "550 content rejected", P, FaultKind.POLICY),
        (Phase.RCPT, "550 blocked using zen.spamhaus.org", P, FaultKind.POLICY),
        (Phase.RCPT, "554 not today", P, FaultKind.POLICY),
        (Phase.RCPT, "571 delivery not authorized", P, FaultKind.POLICY),
        # The message.
        (Phase.MAIL, "552 too big", P, FaultKind.MESSAGE),
        (Phase.MAIL, "552 5.3.4 too big", P, FaultKind.MESSAGE),
        (Phase.RCPT, "552 5.2.3 too big for this mailbox", T, FaultKind.MAILBOX),
        (Phase.BODY, "552 5.3.4 too big", P, FaultKind.MESSAGE),
        (Phase.BODY, "552 too much mail data", P, FaultKind.MESSAGE),
        (Phase.BODY, "554 5.6.0 malformed", P, FaultKind.MESSAGE),
        # Later.
        (Phase.CONNECT, "421 busy", T, FaultKind.PROVIDER),
        (Phase.MAIL, "421 4.7.28 unusual rate", T, FaultKind.PROVIDER),
        (Phase.BODY, "421 4.7.0 [TSS04] deferred", T, FaultKind.PROVIDER),
        (Phase.RCPT, "451 4.7.1 greylisted", T, FaultKind.PROVIDER),
        (Phase.RCPT, "452 4.5.3 too many recipients", T, FaultKind.PROVIDER),
        (Phase.BODY, "451 4.3.0 local error", T, FaultKind.PROVIDER),
        (Phase.BODY, "454 Throttling failure: Maximum sending rate exceeded.",
         T, FaultKind.PROVIDER),
        (Phase.MAIL, "550 5.4.5 Daily user sending limit exceeded", T, FaultKind.QUOTA),
        (Phase.STARTTLS, "454 4.7.0 TLS not available", T, FaultKind.PROVIDER),
        (Phase.LOGIN, "451 4.3.0 try again", T, FaultKind.PROVIDER),
        (Phase.DATA, "250 what?", T, FaultKind.PROVIDER),
        # Stop the run: mend the settings first, nobody is lost.
        (Phase.MAIL, "530 5.7.0 Authentication required", T, FaultKind.CONFIGURATION),
        (Phase.LOGIN, "534 5.7.9 too weak", T, FaultKind.CONFIGURATION),
        (Phase.LOGIN, "535 5.7.8 not accepted", T, FaultKind.CONFIGURATION),
        (Phase.LOGIN, "538 encryption required", T, FaultKind.CONFIGURATION),
        (Phase.LOGIN, "454 4.7.0 temporary authentication failure", T, FaultKind.CONFIGURATION),
        (Phase.MAIL, "454 4.7.0 temporary authentication failure", T, FaultKind.CONFIGURATION),
        (Phase.LOGIN, "504 5.5.4 unknown mechanism", T, FaultKind.CONFIGURATION),
        (Phase.MAIL, "553 5.1.8 sender domain", T, FaultKind.CONFIGURATION),
        (Phase.MAIL, "550 sender refused", T, FaultKind.CONFIGURATION),
        (Phase.MAIL, "501 syntax", T, FaultKind.CONFIGURATION),
        (Phase.MAIL, "503 nested MAIL", T, FaultKind.CONFIGURATION),
        (Phase.MAIL, "555 5.5.2 parameters", T, FaultKind.CONFIGURATION),
        (Phase.RCPT, "503 5.5.1 no MAIL", T, FaultKind.CONFIGURATION),
        (Phase.RCPT, "554 5.7.1 <x>: Relay access denied", T, FaultKind.CONFIGURATION),
        (Phase.RCPT, "550 5.7.54 SMTP; Unable to relay recipient", T, FaultKind.CONFIGURATION),
        (Phase.RCPT, "553 5.7.1 <x>: Sender address rejected: not owned",
         T, FaultKind.CONFIGURATION),
        (Phase.BODY, "550 5.7.60 SMTP; Client does not have permissions to send as this sender",
         T, FaultKind.CONFIGURATION),
        (Phase.BODY, "554 Message rejected: Email address is not verified.", T,
         FaultKind.CONFIGURATION),
        (Phase.BODY, "550 The from address does not match a verified Sender Identity.", T,
         FaultKind.CONFIGURATION),
        (Phase.CONNECT, "554 5.7.1 Client host blocked", T, FaultKind.CONFIGURATION),
        (Phase.HELLO, "550 5.7.1 bad name", T, FaultKind.CONFIGURATION),
    ],
)  # fmt: skip
def test_what_servers_say(phase: Phase, line: str, kind: OutcomeKind, fault: FaultKind) -> None:
    code, _, text = line.partition(" ")
    verdict = classify_reply(phase, Reply(code=int(code), lines=(text,)))
    assert (verdict.kind, verdict.fault) == (kind, fault)
    assert text in verdict.detail


@pytest.mark.parametrize(
    ("phase", "line", "is_held"),
    [
        (Phase.MAIL, "450 4.7.1 Error: too much mail from unknown[192.0.2.1]", True),
        (Phase.RCPT, "450 4.7.1 Error: too many recipients from unknown[192.0.2.1]", True),
        (Phase.CONNECT, "421 4.7.0 mail Error: too many connections from 192.0.2.1", True),
        (Phase.CONNECT, "421 Too many concurrent SMTP connections; please try again later.", True),
        (Phase.CONNECT, "421 4.3.2 Too many open connections.", True),
        (Phase.LOGIN, "450 4.7.1 Error: too many AUTH commands from 192.0.2.1", True),
        (Phase.STARTTLS, "454 4.7.0 Error: too many new TLS sessions from 192.0.2.1", True),
        (Phase.BODY, "454 Throttling failure: Maximum sending rate exceeded", True),
        (Phase.RCPT, "451 4.7.1 Sender rate exceeded, slow down", True),
        (Phase.RCPT, "550 5.7.0 Rate limited, try later", True),
        (Phase.RCPT, "451 4.7.1 Greylisted, please try again in 300 seconds", False),
        (Phase.RCPT, "452 4.5.3 Error: too many recipients", False),
        (Phase.RCPT, "450 4.2.1 The user is receiving mail too quickly", False),
        (Phase.MAIL, "452 4.3.1 Insufficient system storage", False),
        (Phase.MAIL, "421 too many messages in this connection", False),
        (Phase.BODY, "552 too much mail data", False),
    ],
)
def test_words_about_our_rate_ask_for_a_wait(phase: Phase, line: str, is_held: bool) -> None:
    code, _, text = line.partition(" ")
    verdict = classify_reply(phase, Reply(code=int(code), lines=(text,)))
    assert verdict.on(make_message()).is_held is is_held


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("550 Sie muessen sich erst anmelden", FaultKind.CONFIGURATION),
        ("550 Vous devez vous authentifier avant d'envoyer", FaultKind.CONFIGURATION),
        ("550 Debe autenticarse antes de enviar correo", FaultKind.CONFIGURATION),
        ("550 You must check for new mail before sending mail", FaultKind.CONFIGURATION),
        ("550 5.7.1 Account is temporarily disabled for sending", FaultKind.CONFIGURATION),
        ("550 Maximum number of messages for 24 hours reached", FaultKind.QUOTA),
        ("550 Das Limit fuer ausgehende E-Mails wurde ueberschritten", FaultKind.QUOTA),
        ("550 5.7.705 Access denied, tenant has exceeded threshold", FaultKind.QUOTA),
        ("550 5.7.1 your plan lets you send 1000 mails", FaultKind.QUOTA),
        ("550 Mailbox has reached its size limit", FaultKind.MAILBOX),
        (
            "554 It reached its maximum, the mailbox has reached its storage limit",
            FaultKind.MAILBOX,
        ),
        ("550 recipient mailbox is over its limit", FaultKind.MAILBOX),
        ("550 Kontingent des Empfaengers erschoepft", FaultKind.MAILBOX),
        ("550 Dirección IP en lista negra", FaultKind.POLICY),
        ("550 Unbekannter Empfaenger", FaultKind.RECIPIENT),
        ("550 Okänd mottagare", FaultKind.RECIPIENT),
        ("550 Kullanıcı bulunamadı", FaultKind.RECIPIENT),
        ("550 사용자를 찾을 수 없습니다", FaultKind.RECIPIENT),
        ("550 메일을 보낼 수 없습니다", FaultKind.UNCLEAR),
        ("450 4.4.1 No answer from host", FaultKind.DESTINATION),
        ("451 4.4.2 Bad connection", FaultKind.DESTINATION),
        ("451 4.4.1 connection to nope.example timed out", FaultKind.DESTINATION),
        (
            "450 4.1.1 unverified address: connect to mx.nope.example[192.0.2.1]:25: timed out",
            FaultKind.DESTINATION,
        ),
        ("450 4.1.8 <ana@your-shop.com>: Sender address rejected: Domain", FaultKind.PROVIDER),
        ("451 4.3.0 Temporary lookup failure", FaultKind.PROVIDER),
    ],
)
def test_a_reply_to_rcpt_in_any_language_has_the_fault_it_names(
    line: str, fault: FaultKind
) -> None:
    code, _, text = line.partition(" ")
    assert classify_reply(Phase.RCPT, Reply(code=int(code), lines=(text,))).fault is fault


@given(st.sampled_from(Phase), st.integers(200, 599), st.text(max_size=60))
def test_no_reply_is_without_a_verdict(phase: Phase, code: int, text: str) -> None:
    verdict = classify_reply(phase, Reply(code=code, lines=(text,)))
    assert verdict.kind in (OutcomeKind.TRANSIENT, OutcomeKind.PERMANENT)
    assert verdict.fault is not None


@given(st.sampled_from(Phase), st.integers(400, 499), st.text(max_size=60))
def test_a_4yz_reply_never_loses_anybody(phase: Phase, code: int, text: str) -> None:
    assert classify_reply(phase, Reply(code=code, lines=(text,))).kind is OutcomeKind.TRANSIENT


@given(st.sampled_from(Phase), st.integers(500, 599))
def test_a_bare_code_never_suppresses_anybody(phase: Phase, code: int) -> None:
    assert classify_reply(phase, Reply(code=code)).fault is not FaultKind.RECIPIENT
