"""Facts about hints that are followed to the letter: who says no gets no mail, others do."""

from __future__ import annotations

import pytest

from tests.unit.audience.files import ReadFile, read_file
from tests.unit.audience.test_doubts import sheet


def follow_hints(text: str) -> ReadFile:
    """Answer each question as its hint proposes, until none is left."""
    gone: list[str] = []
    consent: list[str] = []
    for _ in range(3):
        read = read_file(text, gone=tuple(gone), consent=tuple(consent))
        for question in read.questions:
            for option, value in zip(question.options[::2], question.options[1::2], strict=True):
                (gone if option == "--gone" else consent).append(value)
    return read_file(text, gone=tuple(gone), consent=tuple(consent))


@pytest.mark.parametrize(
    ("heading", "yes", "refusals"),
    [
        ("Einwilligung", "Formular Website", ("", "keine")),
        ("Consent", "web form", ("",)),
        ("Marketing Permissions", "Email", ("",)),
        ("Consentement", "accepté", ("refusé", "retiré")),
        ("Consenso marketing", "prestato", ("negato", "revocato")),
        ("Consentimiento", "web", ("denegado", "")),
        ("Toestemming", "verleend", ("ingetrokken", "geweigerd")),
        ("Consentimento", "concedido", ("recusado",)),
        ("Doppeltes Opt-in", "bestätigt", ("ausstehend",)),
        ("Datenschutz", "zugestimmt", ("nicht zugestimmt",)),
        ("Privacy", "agreed", ("objected",)),
        ("Mailing", "ja", ("nicht mehr",)),
        ("Info-Mail", "erwünscht", ("unerwünscht",)),
        ("Mailing preference", "Weekly", ("No emails",)),
        ("Contact preference", "Email", ("None",)),
        ("Can contact", "Y", ("N",)),
        ("Subscription", "monthly", ("ended", "expired")),
        ("Permission status of email", "Express", ("Pending", "Revoked")),
        ("Verstorben", "", ("ja",)),
        ("Deceased", "", ("yes",)),
        ("Austritt", "", ("01.02.2024",)),
        ("Rückläufer", "", ("ja",)),
        ("Robinsonliste", "", ("ja",)),
        ("NPAI", "", ("x",)),
        ("No molestar", "No", ("Sí",)),
        ("Saiu em", "", ("13/02/2024",)),
        ("Remarques", "x", ("ne veut plus recevoir nos mails",)),
        ("Bemerkung", "nett", ("möchte keine Mails mehr",)),
        ("Opmerkingen", "x", ("wil geen mail meer",)),
        ("Reason", "", ("Unsubscribed", "Hard Bounced", "Spam", "Invalid")),
        ("Globaler Status", "Abonniert", ("Unbestätigt", "Abgemeldet")),
        ("Account", "active", ("cancelled",)),
    ],
)
def test_who_says_no_is_left_out_and_others_are_not(
    heading: str, yes: str, refusals: tuple[str, ...]
) -> None:
    text = sheet(heading, yes, *refusals)
    assert read_file(text).questions
    first, *others = follow_hints(text).words
    assert first == "mail"
    assert "mail" not in others


@pytest.mark.parametrize(
    ("heading", "values"),
    [
        ("SMS Marketing: Status", ("Not Subscribed", "Subscribed")),
        ("Postal opt-in", ("unsubscribed", "yes")),
        ("Emails dropped (6mo)", ("0", "0")),
        ("Unique emails seen (30d)", ("0", "0")),
        ("Subscriptions gifted", ("0", "0")),
        ("Consent source", ("web form", "")),
        ("Opt-in IP", ("192.0.2.1", "")),
        ("Newsletter", ("Gartenpost für alle, die nicht viel Zeit haben", "Stadtbrief")),
        ("Hand", ("left", "right")),
        ("Email status", ("valid", "subscribed")),
    ],
)
def test_what_says_nothing_about_mail_is_not_asked_about(
    heading: str, values: tuple[str, str]
) -> None:
    read = read_file(sheet(heading, *values))
    assert read.questions == []
    assert read.words == ["mail", "mail"]


def test_klaviyos_time_of_a_suppression_is_one() -> None:
    text = (
        "Email,Klaviyo ID,Email Marketing Consent,Email Suppressions Timestamp\n"
        "a@x.example,1,SUBSCRIBED,2024-06-01\nb@x.example,2,SUBSCRIBED,\n"
    )
    read = read_file(text)
    assert read.questions == []
    assert read.words == ["manual", "mail"]
