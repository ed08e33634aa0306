"""The status words of other tools' exports, mapped to mailable, suppressed or rejected."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from lovecampaign.audience.subscriber import SuppressionReason
from lovecampaign.audience.vocabulary.words import NO, YES, word_of

_RANKS = {
    None: 1,
    SuppressionReason.SOFT_BOUNCES: 2,
    SuppressionReason.MANUAL: 3,
    SuppressionReason.UNSUBSCRIBED: 4,
    SuppressionReason.HARD_BOUNCE: 5,
    SuppressionReason.COMPLAINT: 6,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportStatus:
    """The status of a row; mailable without a reason and a refusal."""

    #: The address is suppressed for good.
    reason: SuppressionReason | None = None
    #: Why the row is rejected without a suppression.
    refusal: str = ""

    @property
    def rank(self) -> int:
        """Of several statuses of a row, the one with the highest rank counts."""
        return _RANKS[self.reason] if self.reason or self.refusal else 0


ACTIVE = ImportStatus()
UNSUBSCRIBED = ImportStatus(reason=SuppressionReason.UNSUBSCRIBED)
BOUNCED = ImportStatus(reason=SuppressionReason.HARD_BOUNCE)
COMPLAINED = ImportStatus(reason=SuppressionReason.COMPLAINT)
BLOCKED = ImportStatus(reason=SuppressionReason.MANUAL)
UNCONFIRMED = ImportStatus(refusal="they have not confirmed")
NO_CONSENT = ImportStatus(refusal="they never asked for these emails")
SWITCHED_OFF = ImportStatus(refusal="they are switched off in the tool that this file comes from")

#: What one cell says.
StatusReader = Callable[[str], ImportStatus]
#: The words of the presets' TOML files.
STATUS_OF_PRESET = {
    "yes": ACTIVE,
    "unsubscribed": UNSUBSCRIBED,
    "bounced": BOUNCED,
    "complained": COMPLAINED,
    "manual": BLOCKED,
    "unconfirmed": UNCONFIRMED,
    "no-consent": NO_CONSENT,
    "off": SWITCHED_OFF,
}
#: The words of ``import --as``.
STATUS_OF_OPTION = {
    "unsubscribed": UNSUBSCRIBED,
    "bounced": BOUNCED,
    "complained": COMPLAINED,
    "manual": BLOCKED,
    "subscribed": ACTIVE,
}
#: The word for each reason in our export; the import reads them all.
STATUS_WORDS = {
    SuppressionReason.UNSUBSCRIBED: "unsubscribed",
    SuppressionReason.HARD_BOUNCE: "bounced",
    SuppressionReason.SOFT_BOUNCES: "soft_bounces",
    SuppressionReason.COMPLAINT: "complained",
    SuppressionReason.MANUAL: "suppressed",
}
ACTIVE_WORD = "active"
UNCONFIRMED_WORD = "unconfirmed"

#: Of exports, and of sheets in English, German, French, Spanish, Italian, Dutch and Portuguese;
#: without accents, with ``_`` for gaps.
_WORDS_OF = {
    ACTIVE: "active subscribed enabled confirmed cold opted_in opt_in optin valid deliverable "
    "aktiv angemeldet abonniert eingetragen bestatigt bestaetigt "
    "actif active abonne abonnee inscrit inscrite confirme confirmee "
    "activo activa suscrito suscrita confirmado confirmada "
    "attivo attiva iscritto iscritta confermato confermata "
    "actief ingeschreven aangemeld geabonneerd bevestigd "
    "ativo ativa subscrito subscrita assinante inscrita inscrito",
    UNSUBSCRIBED: "unsubscribed unsubscribe cancelled canceled opted_out opt_out optout unsub left "
    "unsubscribed_by_user unsubscribed_by_admin "
    "abgemeldet ausgetragen abbestellt gekundigt widerrufen abgemeldete "
    "desabonne desabonnee desinscrit desinscrite "
    "baja dado_de_baja dada_de_baja de_baja desuscrito desuscrita cancelado cancelada "
    "disiscritto disiscritta cancellato cancellata "
    "uitgeschreven afgemeld opgezegd descadastrado descadastrada desinscrito desinscrita "
    "descadastrados cancelou",
    BOUNCED: "bounced bounce cleaned hard_bounced hard_bounce hardbounce undeliverable "
    "unzustellbar nicht_zustellbar gebounced rebond rebondi npai non_distribuable "
    "rebotado rebotada rebote devuelto rimbalzato respinto non_recapitabile "
    "onbestelbaar devolvido devolvida nao_entregue invalid ungultig rejete rejetee",
    ImportStatus(reason=SuppressionReason.SOFT_BOUNCES): "soft_bounces",
    COMPLAINED: "complained complaint spam_complaint spam marked_as_spam abuse abused junk "
    "spam_report reported_spam reported_as_spam beschwerde spam_beschwerde plainte "
    "queja reclamo segnalato_come_spam klacht reclamacao denuncia",
    BLOCKED: "blocklisted blacklisted blocked suppressed manual do_not_mail do_not_contact "
    "do_not_email gesperrt blockiert bloque bloquee bloqueado bloqueada bloccato bloccata "
    "geblokkeerd nicht_kontaktieren ne_pas_contacter no_contactar non_contattare "
    "niet_mailen nao_contactar keine_werbung",
    UNCONFIRMED: "unconfirmed not_confirmed pending inactive awaiting_confirmation unactivated "
    "unverified unbestatigt unbestaetigt nicht_bestatigt ausstehend inaktiv "
    "non_confirme non_confirmee en_attente inactif no_confirmado sin_confirmar pendiente "
    "inactivo inactiva non_confermato in_attesa inattivo niet_bevestigd onbevestigd "
    "in_afwachting inactief nao_confirmado pendente inativo inativa",
    NO_CONSENT: "nonsubscribed non_subscribed not_subscribed never_subscribed transactional "
    "nicht_angemeldet non_abonne non_inscrit no_suscrito non_iscritto niet_ingeschreven "
    "nao_inscrito",
    SWITCHED_OFF: "disabled archived deleted removed deactivated deaktiviert geloscht geloescht "
    "desactive supprime desactivado eliminado disattivato eliminato gedeactiveerd "
    "verwijderd desativado excluido",
}
_STATUS_BY_WORD = {word: status for status, words in _WORDS_OF.items() for word in words.split()}


def is_status_word(cell: str) -> bool:
    return word_of(cell) in _STATUS_BY_WORD


@lru_cache(maxsize=1024)  # a file repeats a handful of words a million times
def parse_status(word: str) -> ImportStatus:
    """The status of a cell; an unknown word is a refusal that quotes it."""
    slug = word_of(word)
    known = _STATUS_BY_WORD.get(slug) if slug else ACTIVE
    if known is None:
        return unknown_status(word)
    return known


def unknown_status(word: str) -> ImportStatus:
    """The refusal of a word that the column's values do not include."""
    shown = word if len(word) <= 40 else word[:39] + "…"
    return ImportStatus(refusal=f"the status {shown!r} is unknown")


#: The kinds of keys of a rule for values, besides a plain word.
ANY_OTHER, PART = "*", "~"


class ValueRule:
    """The meaning of a column's values: words, ``~part`` of a cell, ``""``, and ``*`` for the rest.

    An empty cell says nothing unless ``""`` is there, and an unknown word is a refusal. A yes or
    no is known in all languages where it is in one.
    """

    def __init__(self, meanings: Mapping[str, ImportStatus]) -> None:
        self._words = {
            word_of(value): status
            for value, status in meanings.items()
            if not value.startswith(PART) and value != ANY_OTHER
        }
        for words in (YES, NO):
            known = {self._words[word].rank: self._words[word] for word in words & set(self._words)}
            if len(known) == 1:
                status = next(iter(known.values()))
                self._words |= {word: self._words.get(word, status) for word in words}
        self._empty = meanings.get("", ACTIVE)
        self._parts = [
            (value[1:], status) for value, status in meanings.items() if value.startswith(PART)
        ]
        self._other = meanings.get(ANY_OTHER)
        self.read = lru_cache(maxsize=4096)(self._read)

    def _read(self, cell: str) -> ImportStatus:
        word = word_of(cell)
        if not cell:
            return self._empty
        if word in self._words:
            return self._words[word]
        statuses = [status for part, status in self._parts if part in word]
        if statuses:
            return max(statuses, key=lambda status: status.rank)
        return self._other or unknown_status(cell)


def worse(one: ImportStatus, other: ImportStatus) -> ImportStatus:
    return other if other.rank > one.rank else one


def status_from_file_name(name: str) -> ImportStatus | None:
    """Mailchimp exports one file per status, and its name states it."""
    for prefix, standing in _MAILCHIMP_FILES.items():
        if name.casefold().startswith(prefix):
            return standing
    return None


_MAILCHIMP_FILES = {
    "unsubscribed_": UNSUBSCRIBED,
    "cleaned_": BOUNCED,
    "nonsubscribed_": NO_CONSENT,
    "pending_": UNCONFIRMED,
}

#: What other tools write into a date column without a date.
_NO_DATE = frozenset({"", "-", "0", "null", "none", "n/a", "false", "no", "nein", "non", "nee"})
_ZERO_DATE = re.compile(r"0000-00-00.*|0001-01-01.*")


def is_filled(cell: str) -> bool:
    """Whether a date column has a value, readable or not."""
    return bool(cell) and cell.casefold() not in _NO_DATE and not _ZERO_DATE.fullmatch(cell)


def unsubscribed_by_date(cell: str) -> ImportStatus:
    return UNSUBSCRIBED if is_filled(cell) else ACTIVE


def bounced_by_date(cell: str) -> ImportStatus:
    return BOUNCED if is_filled(cell) else ACTIVE


def complained_by_date(cell: str) -> ImportStatus:
    return COMPLAINED if is_filled(cell) else ACTIVE


def status_from_unsubscribe_reason(reason_given: str) -> ImportStatus:
    """Unsubscribed for any reason, complained for spam, bounced for a bounce."""
    if not is_filled(reason_given):
        return ACTIVE
    words = reason_given.casefold()
    if "abuse" in words or "spam" in words or "complain" in words:
        return COMPLAINED
    return BOUNCED if "bounce" in words else UNSUBSCRIBED
