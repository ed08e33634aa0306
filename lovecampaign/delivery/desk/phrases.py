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
    "nobody else has ever complained",
    "nobody else complained",
    "no one else has ever complained",
    "no one else complained",
    "not my job",
    "no one else has complained",
    "you are the only one who",
    "you're the only one who",
    "it's always been done that way",
    "it has always been done that way",
    "it is always done that way",
    "that's how it's always been done",
    "that's how we've always done it",
    "that's the way it's always been done",
    "that's the way we've always done it",
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
    "personne d'autre ne s'est jamais plaint",
    "personne ne s'est plaint",
    "personne ne s'est jamais plaint",
    "vous êtes la seule à",
    "vous êtes le seul à",
    "on a toujours fait comme ça",
    "on a toujours fait ainsi",
    "ça a toujours été fait comme ça",
    "cela a toujours été fait ainsi",
    "ça s'est toujours fait comme ça",
    "c'est comme ça depuis toujours",
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
    "sonst hat sich noch niemand beschwert",
    "hat sich sonst niemand beschwert",
    "hat sich sonst noch niemand beschwert",
    "niemand sonst hat sich beschwert",
    "es hat sich noch niemand beschwert",
    "außer ihnen hat sich niemand beschwert",
    "sie sind die einzige, die",
    "sie sind der einzige, der",
    "das haben wir schon immer so gemacht",
    "das haben wir immer so gemacht",
    "das wurde schon immer so gemacht",
    "das wurde immer so gemacht",
    "das machen wir immer so",
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
    "nadie se ha quejado",
    "nunca se ha quejado nadie",
    "usted es el único que",
    "usted es la única que",
    "siempre se ha hecho así",
    "siempre se ha hecho de esta manera",
    "siempre se ha hecho de esa manera",
    "siempre lo hemos hecho así",
    "es nuestra política",
    "debería haber leído",
    "no puedo hacer nada",
    "no podemos hacer nada",
    "cálmese",
    # Italian
    "non è il mio problema",
    "non è mio problema",
    "non è un mio problema",
    "non è un problema mio",
    "non è un nostro problema",
    "nessun altro si è lamentato",
    "nessun altro si è mai lamentato",
    "nessuno si è mai lamentato",
    "lei è l'unico che",
    "lei è l'unica che",
    "si è sempre fatto così",
    "è sempre stato fatto così",
    "è sempre stato così",
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
    "não é meu problema",
    "mais ninguém se queixou",
    "mais ninguém reclamou",
    "ninguém mais se queixou",
    "ninguém mais reclamou",
    "é a única pessoa que",
    "sempre se fez assim",
    "sempre foi feito assim",
    "foi sempre feito assim",
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
    "niemand anders heeft ooit geklaagd",
    "verder heeft niemand geklaagd",
    "mijn probleem niet",
    "u bent de enige die",
    "zo doen we dat altijd",
    "zo is het altijd gedaan",
    "zo is het altijd gegaan",
    "dat is altijd zo gedaan",
    "het is altijd zo gedaan",
    "dat hebben we altijd zo gedaan",
    "dat is ons beleid",
    "u had moeten lezen",
    "ik kan er niets aan doen",
    "daar kunnen we niets aan doen",
    "rustig maar",
)
_NOT_WORDS = re.compile(r"[^\w']+")


def _plain(text: str) -> str:
    """Words in lower case without accents, single spaces, typographic apostrophes as typed ones."""
    folded = unicodedata.normalize("NFKD", text).casefold()
    folded = "".join(one for one in folded if not unicodedata.combining(one))
    folded = folded.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    return f" {_NOT_WORDS.sub(' ', folded).strip()} "


_PLAIN_PHRASES = tuple((_plain(phrase), phrase) for phrase in _PHRASES)


def find_phrases(text: str) -> Sequence[str]:
    """The phrases that a text has, in the order of the list."""
    plain = _plain(text)
    return [phrase for words, phrase in _PLAIN_PHRASES if words in plain]
