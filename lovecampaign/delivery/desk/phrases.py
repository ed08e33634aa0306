"""Phrases that a customer must never hear, in the languages of the pages."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

#: Each means one of: it is not my problem, you are the only one, we have always done it so, it is
#: our policy, you should have read it, calm down, I can do nothing.
_PHRASES = (
    # English
    "not my problem",
    "not our problem",
    "not my department",
    "nobody else has complained",
    "no one else has complained",
    "you are the only one who",
    "you're the only one who",
    "it's always been done that way",
    "it has always been done that way",
    "we have always done it that way",
    "we've always done it that way",
    "that's our policy",
    "that is our policy",
    "it's company policy",
    "you should have read",
    "there is nothing i can do",
    "there's nothing i can do",
    "there is nothing we can do",
    "calm down",
    # French
    "ce n'est pas mon problème",
    "ce n'est pas notre problème",
    "c'est pas mon problème",
    "personne d'autre ne s'est plaint",
    "vous êtes la seule à",
    "vous êtes le seul à",
    "on a toujours fait comme ça",
    "nous avons toujours fait comme ça",
    "c'est notre règlement",
    "vous auriez dû lire",
    "je ne peux rien faire",
    "nous ne pouvons rien faire",
    "calmez-vous",
    # German
    "nicht mein problem",
    "nicht unser problem",
    "sonst hat sich niemand beschwert",
    "außer ihnen hat sich niemand beschwert",
    "sie sind die einzige, die",
    "sie sind der einzige, der",
    "das haben wir schon immer so gemacht",
    "das war schon immer so",
    "so sind unsere regeln",
    "sie hätten lesen müssen",
    "da kann ich nichts machen",
    "da können wir nichts machen",
    "beruhigen sie sich",
    # Spanish
    "no es mi problema",
    "no es nuestro problema",
    "nadie más se ha quejado",
    "usted es el único que",
    "usted es la única que",
    "siempre se ha hecho así",
    "siempre lo hemos hecho así",
    "es nuestra política",
    "debería haber leído",
    "no puedo hacer nada",
    "no podemos hacer nada",
    "cálmese",
    # Italian
    "non è un mio problema",
    "non è un problema mio",
    "non è un nostro problema",
    "nessun altro si è lamentato",
    "lei è l'unico che",
    "lei è l'unica che",
    "si è sempre fatto così",
    "abbiamo sempre fatto così",
    "è la nostra politica",
    "avrebbe dovuto leggere",
    "non posso farci niente",
    "non possiamo farci niente",
    "si calmi",
    # Portuguese
    "não é problema meu",
    "não é problema nosso",
    "não é o meu problema",
    "mais ninguém se queixou",
    "ninguém mais reclamou",
    "é a única pessoa que",
    "sempre se fez assim",
    "sempre fizemos assim",
    "é a nossa política",
    "deveria ter lido",
    "não posso fazer nada",
    "não podemos fazer nada",
    "acalme-se",
    # Dutch
    "niet mijn probleem",
    "niet ons probleem",
    "niemand anders heeft geklaagd",
    "u bent de enige die",
    "zo doen we dat altijd",
    "dat hebben we altijd zo gedaan",
    "dat is ons beleid",
    "u had moeten lezen",
    "ik kan er niets aan doen",
    "daar kunnen we niets aan doen",
    "rustig maar",
)
_NOT_WORDS = re.compile(r"[^\w']+")


def _plain(text: str) -> str:
    """Words in lower case with single spaces, typographic apostrophes as typed ones."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    folded = folded.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    return f" {_NOT_WORDS.sub(' ', folded).strip()} "


_PLAIN_PHRASES = tuple((_plain(phrase), phrase) for phrase in _PHRASES)


def find_phrases(text: str) -> Sequence[str]:
    """The phrases that a text has, in the order of the list."""
    plain = _plain(text)
    return [phrase for words, phrase in _PLAIN_PHRASES if words in plain]
