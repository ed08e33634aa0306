from __future__ import annotations

import pytest

from lovecampaign.delivery.inbox.sorting.stop import says_stop


@pytest.mark.parametrize(
    "text",
    [
        "STOP",
        "Stop.",
        "unsubscribe",
        "Please unsubscribe me from this list. Thanks!",
        "Hi,\n\nplease remove me from your mailing list.\n\nRegards,\nAna",
        "No more emails please",
        "I don't want to receive these emails anymore.",
        "désabonner",
        "Merci de me désinscrire.",
        "Bonjour, je ne souhaite plus recevoir vos mails. Cordialement",
        "Bitte abmelden",
        "Ich möchte keine E-Mails mehr erhalten.",
        "Bitte tragen Sie mich aus Ihrem Verteiler aus. Danke",
        "Darme de baja por favor",
        "No quiero recibir más correos. Gracias.",
        "Cancellatemi dalla lista, grazie",
        "Non voglio più ricevere queste email",
        "Quero cancelar a subscrição",
        "Não quero receber mais e-mails, obrigado",
        "Graag uitschrijven",
        "Ik wil geen mails meer ontvangen",
        "Stop. Unsubscribe.",
        "Unsubscribe\n\nAna Smith",
        "Could you please remove me from the list?",
        "Please don't send me any more emails",
        "Ne m'envoyez plus de mails",
        "Bitte löschen Sie mich aus Ihrem Verteiler",
        "Hiermit melde ich mich vom Newsletter ab",
        "No me escriban más",
        "Smettete di inviarmi email",
        "Deixem de me enviar emails",
        "Stuur mij geen mails meer",
    ],
)
def test_a_reply_that_only_says_stop_is_one(text: str) -> None:
    assert says_stop(text, "Re: Day 1")


@pytest.mark.parametrize(
    "text",
    [
        "Please don't stop!",
        "I could not stop reading.",
        "Stop by when you are in Lisbon!",
        "How do I unsubscribe my mother, who died last week?",
        "Please stop sending the launch letters; I love the others.",
        "N'arrêtez pas !",
        "Bitte nicht aufhören",
        "Cancelar? Nunca!",
        "Leave me alone with this book, haha.",
        "Non voglio aspettare! Quando apre?",
        "Stop, I have a question: where is my order?",
        "Thanks",
        "",
    ],
)
def test_a_letter_with_the_word_stop_is_a_letter(text: str) -> None:
    assert not says_stop(text, "Re: Day 1")


def test_a_subject_alone_counts_where_it_is_the_readers_own() -> None:
    assert says_stop("", "Unsubscribe")
    assert not says_stop("", "Re: Stop")
