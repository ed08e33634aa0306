from __future__ import annotations

import pytest

from lovecampaign.delivery.inbox.sorting.kinds import MailKind
from lovecampaign.delivery.inbox.sorting.sort import sort_mail
from tests.unit.delivery.inbox.mails import TOKEN, dsn, letter


@pytest.mark.parametrize(
    ("reply", "status", "kind"),
    [
        ("550 5.1.1 <a@b.example>: User unknown", "5.1.1", MailKind.BOUNCE_HARD),
        ("550 5.1.10 RESOLVER.ADR.RecipientNotFound", "5.1.10", MailKind.BOUNCE_HARD),
        ("550 5.4.4 Host not found", "5.4.4", MailKind.BOUNCE_HARD),
        ("556 5.1.10 Domain does not accept mail (null MX)", "5.1.10", MailKind.BOUNCE_HARD),
        ("552 5.2.2 Mailbox full", "5.2.2", MailKind.BOUNCE_SOFT),
        ("550 5.7.1 Blocked, see spamhaus.org", "5.1.1", MailKind.BOUNCE_SOFT),
        ("550 5.7.26 Unauthenticated email is not accepted: DMARC", "5.7.26", MailKind.BOUNCE_SOFT),
        ("550 5.2.1 The account is disabled", "5.2.1", MailKind.BOUNCE_SOFT),
        ("450 4.1.1 User unknown", "4.1.1", MailKind.BOUNCE_SOFT),
        ("554 4.4.7 Message expired", "4.4.7", MailKind.BOUNCE_SOFT),
        ("501 5.1.8 Sender address rejected", "5.1.8", MailKind.BOUNCE_SOFT),
    ],
)
def test_a_failed_report_is_hard_only_where_its_words_and_codes_prove_a_dead_address(
    reply: str, status: str, kind: MailKind
) -> None:
    mail = sort_mail(dsn(reply=reply, status=status))

    assert mail.kind is kind
    assert mail.email == "ana@reader.example"
    assert mail.tokens == (TOKEN,)


def test_unknown_user_after_data_is_a_filter_unless_the_code_says_the_same() -> None:
    filtered = dsn(reply="550 User unknown", status="5.0.0", command="end of DATA")
    dead = dsn(reply="550 5.1.1 User unknown", command="end of DATA")

    assert sort_mail(filtered).kind is MailKind.BOUNCE_SOFT
    assert sort_mail(dead).kind is MailKind.BOUNCE_HARD


@pytest.mark.parametrize(
    ("action", "status", "kind"),
    [
        ("delayed", "4.4.1", MailKind.DELAYED),
        ("delivered", "2.0.0", MailKind.AUTOMATIC),
        ("relayed", "2.0.0", MailKind.AUTOMATIC),
    ],
)
def test_a_report_that_is_no_failure_is_none(action: str, status: str, kind: MailKind) -> None:
    assert sort_mail(dsn(action=action, status=status, reply="")).kind is kind


def test_an_internationalised_report_is_read() -> None:
    """RFC 6533: the address has letters beyond ASCII."""
    mail = sort_mail(dsn(form="global-delivery-status", email="aña@reader.example"))

    assert (mail.kind, mail.email) == (MailKind.BOUNCE_HARD, "aña@reader.example")


def test_a_list_of_reports_is_as_serious_as_its_worst() -> None:
    text = dsn(status="5.2.2", reply="552 5.2.2 Mailbox full").decode()
    second = (
        "Final-Recipient: rfc822; bo@reader.example\nAction: failed\nStatus: 5.1.1\n"
        "Diagnostic-Code: smtp; 550 5.1.1 User unknown\n\n--x\nContent-Type: message/rfc822"
    )
    mail = sort_mail(text.replace("--x\nContent-Type: message/rfc822", second).encode())

    assert (mail.kind, mail.email) == (MailKind.BOUNCE_HARD, "bo@reader.example")


def test_a_complaint_names_its_recipient() -> None:
    report = (
        dsn(form="feedback-report")
        .replace(b"Final-Recipient: rfc822; ", b"Original-Rcpt-To: ")
        .replace(b"Reporting-MTA", b"Feedback-Type: abuse\nReporting-MTA")
    )
    mail = sort_mail(report.replace(b"mx.bloom.example\n\nOrig", b"mx.bloom.example\nOrig"))

    assert (mail.kind, mail.email) == (MailKind.COMPLAINT, "ana@reader.example")
    assert mail.tokens == (TOKEN,)


@pytest.mark.parametrize("kind", ["not-spam", "auth-failure"])
def test_feedback_that_is_no_complaint_suppresses_nobody(kind: str) -> None:
    report = dsn(form="feedback-report").replace(
        b"Reporting-MTA", f"Feedback-Type: {kind}\nReporting-MTA".encode()
    )
    assert sort_mail(report).kind is MailKind.AUTOMATIC


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto-Submitted": "auto-replied"},
        {"Auto-Submitted": "auto-generated; owner-email=x@y.example"},
        {"Precedence": "bulk"},
        {"X-Autoreply": "yes"},
        {"List-Id": "<news.shop.example>"},
        {"Subject": "Automatic reply: Day 1"},
        {"Subject": "=?utf-8?q?R=C3=A9ponse_automatique_=3A_Jour_1?="},
        {"Subject": "Abwesenheitsnotiz: Tag 1"},
        {"Subject": "Respuesta automática: Día 1"},
        {"Subject": "Fuori sede"},
        {"Subject": "Automatisch antwoord: Dag 1"},
        {"Subject": "Ana Meier ist außer Haus"},
        {"Subject": "Автоматический ответ: День 1"},
        {"From": "no-reply@shop.example"},
        {"Return-Path": "<>"},
        {"Content-Type": 'multipart/report; report-type=disposition-notification; boundary="y"'},
    ],
)
def test_what_a_program_wrote_is_automatic(headers: dict[str, str]) -> None:
    assert sort_mail(letter("I am away.", **headers)).kind is MailKind.AUTOMATIC


@pytest.mark.parametrize(
    "text",
    [
        "I will not be reading my mail for a while. It will be read when I return.",
        "I am currently out of the office until Monday.",
        "Ich bin bis zum 5. Februar nicht im Büro.",
        "Je suis absente jusqu'au 5 février.",
        "Estoy fuera de la oficina hasta el lunes.",
        "Sono in ferie fino a lunedì.",
        "Estou de férias até segunda-feira.",
        "Ik ben tot maandag afwezig.",
    ],
)
def test_words_of_absence_count_where_no_mail_is_answered(text: str) -> None:
    """Debian's vacation answers with To, From and Subject only."""
    assert sort_mail(letter(text)).kind is MailKind.AUTOMATIC


@pytest.mark.parametrize(
    "text",
    [
        "This is an automated response.",
        "Thank you for your email. I am out of the office until Monday.",
        "Ich bin bis 5.2. nicht im Büro. In dringenden Fällen hilft Bob.",
        "I'm out of the office until Monday. Urgent? Call Bob.",
        "I no longer work at Acme. Please contact bob@acme.example.",
        "Your request (#4433) has been received.",
    ],
)
def test_a_programs_words_count_in_a_reply_too(text: str) -> None:
    raw = letter(text, In_Reply_To=f"<{TOKEN}@bloom.example>")

    assert sort_mail(raw).kind is MailKind.AUTOMATIC


@pytest.mark.parametrize("subject", ["Vacation plans", "Ihre Nachricht ist toll", "My absence"])
def test_a_question_about_a_holiday_is_a_letter(subject: str) -> None:
    assert sort_mail(letter("Can I pause?", Subject=subject)).kind is MailKind.LETTER


def test_a_reply_that_mentions_a_holiday_is_a_letter() -> None:
    raw = letter("I am on holiday and loved it!", In_Reply_To=f"<{TOKEN}@bloom.example>")
    mail = sort_mail(raw)

    assert (mail.kind, mail.text) == (MailKind.LETTER, "I am on holiday and loved it!")
    assert mail.tokens == (TOKEN,)


@pytest.mark.parametrize(
    "headers",
    [
        {"Delivered-To": f"letters+{TOKEN}@bloom.example"},
        {"X-Original-To": f"letters+{TOKEN}@bloom.example"},
        {"To": f"Bloom <letters+{TOKEN}@bloom.example>"},
        {"In-Reply-To": f"\n <{TOKEN}@bloom.example>"},
        {"References": f"<first@reader.example>\n\t<{TOKEN}@bloom.example>"},
    ],
)
def test_a_letter_names_the_delivery_that_it_answers(headers: dict[str, str]) -> None:
    assert sort_mail(letter("Thanks", **headers)).tokens == (TOKEN,)


def test_the_address_of_list_unsubscribe_unsubscribes_even_if_a_program_writes_to_it() -> None:
    mail = sort_mail(letter("", Subject=f"unsubscribe {TOKEN}", Auto_Submitted="auto-generated"))

    assert (mail.kind, mail.tokens, mail.is_by_address) == (MailKind.UNSUBSCRIBE, (TOKEN,), True)


def test_a_name_that_breaks_inside_an_encoded_word_is_whole() -> None:
    mail = sort_mail(letter("hi", Subject="=?utf-8?q?M=C3=BCl?=\n =?utf-8?q?ler?="))
    assert mail.subject == "Müller"


def test_html_is_read_without_its_quote() -> None:
    html = '<p>Lovely <b>letter</b></p><div class="gmail_quote">On Monday <p>Hello</p></div>'
    mail = sort_mail(letter(html, Content_Type="text/html; charset=utf-8"))

    assert mail.text == "Lovely letter"


@pytest.mark.parametrize("charset", ["iso-8859-8-i", "x-unknown", "punycode", '"', "zlib"])
def test_words_in_a_charset_that_python_lacks_are_read(charset: str) -> None:
    mail = sort_mail(letter("Thank you", Content_Type=f"text/plain; charset={charset}"))
    assert (mail.kind, mail.text) == (MailKind.LETTER, "Thank you")


@pytest.mark.parametrize(
    ("sender", "subject", "text", "kind"),
    [
        (
            "ndr@mx.example",
            "Returned Mail - Error During Delivery",
            "-- Failed Recipients --\n<ana@reader.example>: No such user",
            MailKind.BOUNCE_HARD,
        ),
        (
            "gateway@mx.example",
            "Delivery failure notification",
            "Not delivered to:\nana@reader.example\nDelivery attempts will continue for 5 days.",
            MailKind.DELAYED,
        ),
        (
            "MDaemon@mx.example",
            "Warning: ana@reader.example",
            "ana@reader.example - no such user here.",
            MailKind.BOUNCE_HARD,
        ),
        (
            "postmaster@mx.example",
            "Undeliverable: Mailman 2.0.12",
            "Your message did not reach:\n'ana@reader.example'\nThe mailbox is full",
            MailKind.BOUNCE_SOFT,
        ),
    ],
)
def test_a_report_in_words_of_its_own_names_its_recipient(
    sender: str, subject: str, text: str, kind: MailKind
) -> None:
    mail = sort_mail(letter(text, From=sender, Subject=subject))

    assert (mail.kind, mail.email) == (kind, "ana@reader.example")


def test_a_letter_about_a_parcel_that_failed_is_a_letter() -> None:
    raw = letter("My flowers were not delivered. Delivery has failed!", Subject="Delivery failed")

    assert sort_mail(raw).kind is MailKind.LETTER


@pytest.mark.parametrize(
    ("email", "reply", "kind"),
    [
        (
            "ana@hotmail.com",
            "550 Requested action not taken: mailbox unavailable",
            MailKind.BOUNCE_HARD,
        ),
        (
            "ana@reader.example",
            "550 Requested action not taken: mailbox unavailable",
            MailKind.BOUNCE_SOFT,
        ),
        (
            "ana@reader.example",
            "550 5.4.1 Recipient address rejected: Access denied",
            MailKind.BOUNCE_HARD,
        ),
        ("ana@reader.example", "550 #5.1.0 Address rejected.", MailKind.BOUNCE_HARD),
        ("ana@reader.example", "550 Too many invalid recipients", MailKind.BOUNCE_SOFT),
        ("ana@reader.example", "550 Cannot verify sender: no such host", MailKind.BOUNCE_SOFT),
    ],
)
def test_an_answer_to_rcpt_is_about_the_address_where_it_says_no_more(
    email: str, reply: str, kind: MailKind
) -> None:
    assert sort_mail(dsn(reply=reply, status="5.0.0", email=email)).kind is kind


def test_the_command_is_read_where_a_line_ends_inside_of_it() -> None:
    raw = dsn(reply="550 User unknown", status="5.0.0").replace(
        b"reply to RCPT", b"reply to\n RCPT"
    )

    assert sort_mail(raw).kind is MailKind.BOUNCE_HARD
