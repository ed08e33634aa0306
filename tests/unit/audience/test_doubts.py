"""Facts about questions: which columns, names and dates are asked about, and what answers do."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lovecampaign.audience.dates import DateOrder
from lovecampaign.core.errors import UsageError
from tests.unit.audience.files import read_file


def sheet(heading: str, *values: str, first: str = "Email") -> str:
    rows = [f"a{number}@x.example;{value}" for number, value in enumerate(values)]
    return "\n".join([f"{first};{heading}", *rows]) + "\n"


@pytest.mark.parametrize(
    ("heading", "yes", "no"),
    [
        ("Unsubscribed", "yes", "no"),
        ("Opted out", "TRUE", "FALSE"),
        ("do not contact", "1", "0"),
        ("doNotEmail", "true", "false"),
        ("Blacklist", "x", ""),
        ("Suppressed", "2024-05-01", ""),
        ("Bounced", "3", "0"),
        ("Complaint", "1", "0"),
        ("Deactivated", "2024-05-01 08:00", ""),
        ("Deleted at", "2024-05-01", ""),
        ("disabled", "1", "0"),
        ("Abgemeldet", "ja", "nein"),
        ("Abmeldedatum (Newsletter)", "01.05.2024", ""),
        ("Keine Werbung", "x", ""),
        ("gesperrt", "ja", "nein"),
        ("Austragungsgrund", "zu viele Mails", ""),
        ("Désabonné", "oui", "non"),
        ("Désinscription", "01/05/2024", ""),
        ("Ne pas contacter", "1", "0"),
        ("Liste noire", "oui", ""),
        ("Dado de baja", "sí", "no"),
        ("Baja", "sí", "no"),
        ("No contactar", "1", "0"),
        ("Desuscrito el", "01/05/2024", ""),
        ("Disiscritto", "sì", "no"),
        ("Non contattare", "vero", "falso"),
        ("Uitgeschreven", "ja", "nee"),
        ("Afgemeld op", "01-05-2024", ""),
        ("Niet mailen", "ja", ""),
        ("Descadastrado", "sim", "não"),
        ("Não contactar", "1", "0"),
        ("Not subscribed", "yes", "no"),
        ("Keine E-Mails", "x", ""),
        ("Kündigung", "ja", "nein"),
        ("Résilié", "oui", "non"),
        ("Rechaza correo", "sí", "no"),
        ("Sin consentimiento", "sí", "no"),
        ("Rifiuta pubblicità", "sì", "no"),
        ("Wil geen nieuwsbrief", "ja", "nee"),
        ("Recusa e-mails", "sim", "não"),
    ],
)
def test_a_column_of_people_who_left_is_asked_about_and_answered(
    heading: str, yes: str, no: str
) -> None:
    text = sheet(heading, yes, no, no)
    (question,) = read_file(text).questions
    assert heading in question.message
    assert "--gone" in question.options
    assert read_file(sheet(heading, no, no)).questions == []

    answered = read_file(text, gone=question.options[1::2])
    assert answered.questions == []
    assert answered.words[0] in {"unsubscribed", "hard_bounce", "complaint"}
    assert answered.words[1:] == ["mail", "mail"]


@pytest.mark.parametrize(
    ("heading", "yes", "no"),
    [
        ("Accepts Marketing", "yes", "no"),
        ("Opt-in", "TRUE", "FALSE"),
        ("optIn", "1", "0"),
        ("Consent", "x", ""),
        ("Email permission", "granted", "revoked"),
        ("Newsletter", "ja", "nein"),
        ("Einwilligung", "ja", ""),
        ("Newsletter (yes/no)", "yes", "no"),
        ("Newsletter ja/nein", "ja", "nein"),
        ("Werbung erlaubt", "wahr", "falsch"),
        ("Aktiv", "ja", "nein"),
        ("Consentement RGPD", "oui", "non"),
        ("Inscrit à la newsletter", "oui", ""),
        ("Acepta publicidad", "sí", "no"),
        ("Boletín", "sí", "no"),
        ("Consenso marketing", "sì", "no"),
        ("Iscritto", "sì", "no"),
        ("Toestemming", "ja", "nee"),
        ("Nieuwsbrief", "ja", "nee"),
        ("Aceita receber emails", "sim", "não"),
        ("Inscrito", "sim", "não"),
        ("Mail?", "ja", "nein"),
        ("Mail", "ja", "nein"),
        ("Newsletter?", "yes", "no"),
        ("Kontakt per E-Mail?", "ja", "nein"),
        ("Can we write to you?", "yes", "no"),
        ("Angebote?", "ja", "nein"),
        ("Offres ?", "oui", "non"),
        ("Correos?", "sí", "no"),
    ],
)
def test_a_column_of_consent_is_asked_about_and_answered(heading: str, yes: str, no: str) -> None:
    text = sheet(heading, yes, no, yes)
    (question,) = read_file(text).questions
    assert "--consent" in question.options
    assert read_file(sheet(heading, yes, yes)).questions == []

    answered = read_file(text, consent=question.options[1::2])
    assert answered.questions == []
    assert answered.words == ["mail", "left out", "mail"]


@pytest.mark.parametrize("unconfirmed", ["", "-", "0000-00-00 00:00:00", "0"])
@pytest.mark.parametrize(
    "heading",
    [
        "Bestätigt am",
        "Bestätigungsdatum",
        "confirmed_at",
        "Date confirmed",
        "email_verified_at",
        "Double-Opt-In Datum",
        "DOI am",
        "Confirmé le",
        "Date de confirmation",
        "Fecha de confirmación",
        "Verificado el",
        "Confermato il",
        "Data di conferma",
        "Bevestigd op",
        "Bevestigingsdatum",
        "Confirmado em",
        "Data da confirmação",
    ],
)
def test_no_date_of_confirmation_beside_others_is_asked_about(
    heading: str, unconfirmed: str
) -> None:
    text = sheet(heading, "2024-05-01 08:00", unconfirmed, "2024-05-13", "2024-06-02", "2024-06-03")
    (question,) = read_file(text).questions
    assert question.options[:2] == ("--consent", f"{heading}=*")
    assert read_file(text, consent=(f"{heading}=*",)).words == ["mail", "left out", *["mail"] * 3]
    plain = read_file(text, plain=(heading,))
    assert (plain.questions, plain.words) == ([], ["mail"] * 5)
    assert read_file(sheet(heading, "2024-05-01", "2024-05-13")).questions == []
    assert read_file(sheet(heading, "", "")).questions == []


@pytest.mark.parametrize("unconfirmed", ["", "NULL", "nein", "0000-00-00 00:00:00"])
def test_no_date_behind_thousands_of_others_is_heard(unconfirmed: str) -> None:
    dates = [f"2024-05-01 {n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}" for n in range(4_100)]
    (question,) = read_file(sheet("confirmed_at", *dates, unconfirmed)).questions
    assert question.options == ("--consent", "confirmed_at=*")


@pytest.mark.parametrize(
    ("heading", "values"),
    [
        ("Order confirmed at", ("2024-05-01", "")),
        ("Termin bestätigt am", ("01.05.2024", "")),
        ("Confirm IP", ("10.20.30.40", "")),
        ("Bestätigt von", ("Meike", "")),
        ("newsletter_name", ("Gartenpost", "Stadtbrief")),
        ("Newsletter", ("Gartenpost", "")),
        ("Address verified", ("yes", "no")),
        ("Adresse gültig", ("ja", "nein")),
        ("ID verified", ("TRUE", "FALSE")),
        ("VIP?", ("yes", "no")),
        ("E-Mail 2", ("b@x.example", "")),
        ("Region", ("Nord", "Süd")),
        ("State", ("CA", "TX")),
        ("Kunde", ("ja", "nein")),
        ("Tax Exempt", ("yes", "no")),
        ("Accepts SMS Marketing", ("yes", "no")),
        ("Telefon erlaubt", ("ja", "nein")),
        ("Unsubscribe link", ("https://x.example/u/1", "https://x.example/u/2")),
        ("newsletter_opens", ("0", "1")),
        ("marketing_spend", ("0", "12.50")),
        ("Marketing source", ("Facebook", "Messe")),
        ("Subscription plan", ("free", "pro")),
        ("Bounce rate", ("0.00", "0")),
        ("Spam score", ("0.4", "2.1")),
        ("Deleted at", ("", "")),
        ("Last Name", ("Spam", "Baja")),
        ("Order status", ("completed", "cancelled")),
        ("Gender", ("m", "f")),
        ("Abo", ("Monatlich", "Jährlich")),
        ("Comments", ("sehr nett", "")),
    ],
)
def test_ordinary_columns_are_not_asked_about(heading: str, values: tuple[str, str]) -> None:
    read = read_file(sheet(heading, *values))
    assert read.questions == []
    assert read.words == ["mail", "mail"]


def test_values_decide_below_a_heading_that_says_nothing() -> None:
    (question,) = read_file(sheet("Notizen", "abgemeldet", "nett", "")).questions
    assert question.options == ("--gone", "Notizen=abgemeldet")
    many = [f"note {number}" for number in range(5000)]
    (question,) = read_file(sheet("Notes", *many, "Unsubscribed")).questions
    assert '"Unsubscribed": 1' in question.message or "Notes=Unsubscribed" in question.options


def test_remarks_and_tags_are_heard() -> None:
    (question,) = read_file(sheet("Kommentar", "hat sich abgemeldet", "nett")).questions
    assert question.options == ("--gone", "Kommentar=hat sich abgemeldet")
    assert len(read_file('email,tags\na@x.example,"vip, unsubscribed"\n').questions) == 1


def test_a_hint_about_a_plain_refusal_names_the_short_one_beside_it() -> None:
    question = read_file(sheet("xq7", "ok", "do not mail", "STOP")).questions[0]
    assert question.options == ("--gone", "xq7=do not mail", "--gone", "xq7=STOP")


@pytest.mark.parametrize(
    ("yes", "no"), [("yes", "no"), ("1", "0"), ("ja", "nee"), ("TRUE", "FALSE")]
)
def test_yes_and_no_below_an_unknown_heading_is_named_and_no_question(yes: str, no: str) -> None:
    read = read_file(sheet("xq7", yes, yes, no))
    assert read.questions == []
    assert read.unexplained == [f'"xq7" ("{yes}": 2, "{no}": 1)']


@pytest.mark.parametrize(
    ("heading", "values", "answers"),
    [
        ("xq7", ("yes", "yes"), {}),
        ("xq7", ("yes", "no", "blue"), {}),
        ("SMS Marketing", ("yes", "no"), {}),
        ("xq7", ("yes", "no"), {"gone": ("xq7=no",)}),
        ("xq7", ("yes", "no"), {"consent": ("xq7=yes",)}),
    ],
)
def test_columns_that_are_explained_or_no_answers_are_not_named(
    heading: str, values: tuple[str, ...], answers: dict[str, Any]
) -> None:
    assert read_file(sheet(heading, *values), **answers).unexplained == []


def test_a_presets_yes_and_no_are_known_in_other_languages() -> None:
    text = "EMAIL;NOM;SMS;OPT_IN;ADDED_TIME\na@x.example;A;;Oui;\nb@x.example;B;;Non;\n"
    assert read_file(text).words == ["mail", "left out"]


def test_a_status_column_in_any_of_the_languages_needs_no_answer() -> None:
    read = read_file(
        sheet(
            "Status", "aktiv", "abgemeldet", "désabonné", "disiscritto", "uitgeschreven", "bounced"
        )
    )
    assert read.questions == []
    assert read.words == ["mail", *["unsubscribed"] * 4, "hard_bounce"]


def test_a_status_column_without_a_known_word_is_asked_about_and_no_answer_proposed() -> None:
    (question,) = read_file(sheet("Status", "VIP", "Lead")).questions
    assert question.options == ()
    assert '--plain "Status"' in question.hint
    assert read_file(sheet("Status", "VIP", "Lead"), plain=("status",)).words == ["mail", "mail"]


def test_what_an_answer_leaves_open_is_asked_again() -> None:
    read = read_file(sheet("Abgemeldet", "ja", "nein", "gebeten"), gone=("Abgemeldet=ja",))
    (question,) = read.questions
    assert question.options == ("--gone", "Abgemeldet=gebeten")


def test_the_heading_and_the_value_say_what_kind_of_leaving_it_was() -> None:
    read = read_file(sheet("Spam complaint", "yes", ""), gone=("Spam complaint=yes",))
    assert read.words == ["complaint", "mail"]
    read = read_file(sheet("Notes", "bounced", ""), gone=("notes=Bounced",))
    assert read.words == ["hard_bounce", "mail"]


def test_gone_is_stronger_than_plain() -> None:
    read = read_file(sheet("Abgemeldet", "ja", ""), gone=("Abgemeldet=*",), plain=("Abgemeldet",))
    assert read.words == ["unsubscribed", "mail"]


def test_many_values_are_named_by_a_star() -> None:
    days = [f"{day:02}.05.2024" for day in range(1, 9)]
    (question,) = read_file(sheet("Abgemeldet seit", *days, "")).questions
    assert question.options == ("--gone", "Abgemeldet seit=*")
    read = read_file(sheet("Abgemeldet seit", *days, ""), gone=("Abgemeldet seit=*",))
    assert read.words == [*["unsubscribed"] * 8, "mail"]


@pytest.mark.parametrize(
    "answer", [{"gone": ("nowhere=1",)}, {"plain": ("nowhere",)}, {"gone": ("x",)}]
)
def test_an_answer_about_no_column_is_wrong_usage(answer: dict[str, tuple[str, ...]]) -> None:
    with pytest.raises(UsageError):
        read_file(sheet("Abgemeldet", "ja"), **answer)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "option"),
    [
        ("suppression_list.csv", "unsubscribed"),
        ("unsubscribes-2024.csv", "unsubscribed"),
        ("Opt-outs.csv", "unsubscribed"),
        ("abgemeldet.csv", "unsubscribed"),
        ("Abmeldungen Mai.csv", "unsubscribed"),
        ("bounces.csv", "bounced"),
        ("hard-bounces_1.csv", "bounced"),
        ("spam-complaints.csv", "complained"),
        ("désabonnés.csv", "unsubscribed"),
        ("bajas.csv", "unsubscribed"),
        ("disiscritti.csv", "unsubscribed"),
        ("uitgeschreven.csv", "unsubscribed"),
        ("descadastrados.csv", "unsubscribed"),
    ],
)
def test_a_name_of_people_who_left_is_asked_about(name: str, option: str) -> None:
    text = "email,first_name\na@x.example,Ana\n"
    (question,) = read_file(text, name).questions
    assert question.options == ("--as", option)
    assert read_file(text, name, file_status=option).words != ["mail"]
    assert read_file(text, name, file_status="subscribed").words == ["mail"]
    assert read_file("email,status\na@x.example,active\n", name).questions == []


@pytest.mark.parametrize("name", ["people.csv", "bounce-house-guests.csv", "subscribers.csv"])
def test_other_names_are_not_asked_about(name: str) -> None:
    assert read_file("email\na@x.example\n", name).questions == []


def test_the_worse_sign_wins_whatever_the_operator_says_of_the_file() -> None:
    text = "email,status\na@x.example,complained\nb@x.example,active\n"
    assert read_file(text, file_status="unsubscribed").words == ["complaint", "unsubscribed"]


def test_mailchimps_reason_is_stronger_than_its_files_name() -> None:
    text = "Email Address,UNSUB_TIME,UNSUB_REASON,LEID\na@x.example,,SPAM,1\n"
    assert read_file(text, "unsubscribed_members_a1.csv").words == ["complaint"]


def test_ambiguous_dates_are_asked_about_once() -> None:
    text = "email,consent_at,last_active\na@x.example,03/04/2024,05/06/2024\n"
    (question,) = read_file(text).questions
    assert "--dates day-first" in question.hint
    assert read_file(text, date_order=DateOrder.DAY_FIRST).words == ["mail"]
    assert read_file(text + "b@x.example,30/04/2024,\n").questions == []


@pytest.mark.parametrize(
    "cell",
    [
        "'ana@x.example",
        "\u200bana@x.example",
        "ａｎａ＠ｘ．example",
        "<ana@x.example>",
        "Ana <ana@x.example>",
        "Zoë M. <ana@x.example>;",
        '"""Cruz, Ana"" <ana@x.example>"',
        "an\u00ada@x.example",
    ],
)
def test_signs_around_and_inside_an_address_lead_to_the_same_person(cell: str) -> None:
    (decision,) = read_file(f"email\n{cell}\n").decisions
    assert getattr(decision, "key", "") == "ana@x.example"
    assert getattr(decision, "email", "") == "ana@x.example"


@pytest.mark.parametrize("heading", ["E-mail 1 - Value", "billing_email", "Subscriber", "Courriel"])
def test_other_headings_of_addresses_are_known(heading: str) -> None:
    assert read_file(f"name,{heading}\nAna,ana@x.example\n").words == ["mail"]


def test_the_operator_can_name_the_column_of_addresses() -> None:
    assert read_file("Kontakt,Name\nana@x.example,Ana\n", email="kontakt").words == ["mail"]


@pytest.mark.parametrize(
    ("refusing", "agreeing"),
    [
        ({"unsubscribed": True}, {"unsubscribed": False}),
        ({"unsubscribed": True}, {"city": "Rome"}),
        ({"newsletter": {"opt_out": "yes"}}, {"newsletter": {"opt_out": "no"}}),
        ({"lists": [{"n": 1, "status": "unsubscribed"}]}, {"lists": [{"n": 1, "status": "on"}]}),
        ({"consent": {"email": False, "sms": True}}, {"consent": {"email": True, "sms": False}}),
        ({"gdpr": {"marketing": 0}}, {"gdpr": {"marketing": 1}}),
        ({"do-not-mail": 1}, {"do-not-mail": 0}),
        ({"abgemeldet_am": "2024-05-01"}, {"abgemeldet_am": None}),
        ({"state": "bounced"}, {"state": "fine"}),
        ({"note": "please unsubscribe"}, {"note": ""}),
    ],
)
@pytest.mark.parametrize("heading", ["attributes", "meta", "Custom fields"])
def test_a_no_inside_of_json_is_asked_about_and_answered(
    heading: str, refusing: dict[str, object], agreeing: dict[str, object]
) -> None:
    cells = [json.dumps(each).replace('"', '""') for each in (refusing, agreeing)]
    text = f'email,{heading}\na@x.example,"{cells[0]}"\nb@x.example,"{cells[1]}"\n'
    (question,) = read_file(text).questions
    assert f"{heading}." in question.message
    option, value = question.options[:2]
    is_consent = option == "--consent"
    answered = read_file(text, consent=[value] if is_consent else [], gone=[value][is_consent:])
    assert answered.questions == []
    assert answered.words[0] != "mail"
    assert answered.words[1] == "mail"
    assert read_file(text, plain=[heading]).questions == []


def test_json_that_says_no_nowhere_is_no_question() -> None:
    cell = json.dumps({"city": "Rome", "plants": ["rose"], "sms": {"consent": False}, "n": 0})
    text = 'email,attributes\na@x.example,"{}"\n'.format(cell.replace('"', '""'))
    assert read_file(text).questions == []


@pytest.mark.parametrize(
    ("heading", "value"),
    [
        ("Legal basis for processing contact's data", "Not applicable"),
        ("Rechtsgrundlage", "nicht zutreffend"),
        ("Base légale", "sans objet"),
        ("Base jurídica", "no aplica"),
    ],
)
def test_no_legal_basis_is_a_question_with_and_without_a_preset(heading: str, value: str) -> None:
    text = f'Email;Lifecycle Stage;Contact owner;"{heading}"\na@x.example;lead;Bo;{value}\n'
    read = read_file(text)
    assert read.columns.tool == "HubSpot"
    (question,) = read.questions
    assert value in question.message
    assert read_file(text, gone=question.options[1::2]).words == ["unsubscribed"]
    assert len(read_file(f'Email;"{heading}"\na@x.example;{value}\n').questions) == 1


def test_a_heading_that_asks_about_mail_is_no_column_of_addresses() -> None:
    read = read_file("Mail?;E-Mail\nja;a@x.example\nnein;b@x.example\n", gone=["Mail?=nein"])
    assert read.words == ["mail", "unsubscribed"]
