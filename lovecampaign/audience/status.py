"""The status words of other tools' exports, mapped to mailable, suppressed or rejected."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from lovecampaign.audience.subscriber import SuppressionReason


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
        return 2 if self.reason else 1 if self.refusal else 0


ACTIVE = ImportStatus()
UNSUBSCRIBED = ImportStatus(reason=SuppressionReason.UNSUBSCRIBED)
BOUNCED = ImportStatus(reason=SuppressionReason.HARD_BOUNCE)
COMPLAINED = ImportStatus(reason=SuppressionReason.COMPLAINT)
BLOCKED = ImportStatus(reason=SuppressionReason.MANUAL)
UNCONFIRMED = ImportStatus(refusal="they have not confirmed")
NO_CONSENT = ImportStatus(refusal="they never asked for these emails")
SWITCHED_OFF = ImportStatus(refusal="they are switched off in the tool that this file comes from")

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

#: Kit: active, inactive (did not confirm), cancelled, bounced, complained, cold. Mailchimp:
#: subscribed, unsubscribed, cleaned, pending, nonsubscribed, transactional, archived. listmonk:
#: enabled, disabled, blocklisted; of a subscription: confirmed, unconfirmed, unsubscribed.
_WORDS_OF = {
    ACTIVE: "active subscribed enabled confirmed cold opted_in opt_in optin",
    UNSUBSCRIBED: "unsubscribed unsubscribe cancelled canceled opted_out opt_out optout unsub",
    BOUNCED: "bounced bounce cleaned hard_bounced hard_bounce undeliverable",
    ImportStatus(reason=SuppressionReason.SOFT_BOUNCES): "soft_bounces",
    COMPLAINED: "complained complaint spam_complaint spam marked_as_spam abuse junk",
    BLOCKED: "blocklisted blacklisted blocked suppressed manual do_not_mail",
    UNCONFIRMED: "unconfirmed not_confirmed pending inactive awaiting_confirmation",
    NO_CONSENT: "nonsubscribed non_subscribed not_subscribed transactional",
    SWITCHED_OFF: "disabled archived deleted",
}
_STATUS_BY_WORD = {word: status for status, words in _WORDS_OF.items() for word in words.split()}
_GAPS = re.compile(r"[\s_-]+")


@lru_cache(maxsize=1024)  # a file repeats a handful of words a million times
def parse_status(word: str) -> ImportStatus:
    """The status of a cell; an unknown word is a refusal that quotes it."""
    slug = _GAPS.sub("_", word.strip().casefold())
    known = _STATUS_BY_WORD.get(slug) if slug else ACTIVE
    if known is None:
        shown = word if len(word) <= 40 else word[:39] + "…"
        return ImportStatus(refusal=f"the status {shown!r} is unknown")
    return known


def status_from_file_name(name: str) -> ImportStatus | None:
    """Mailchimp exports one file per status, and only the file name states it."""
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


def status_from_unsubscribe_reason(reason_given: str) -> ImportStatus:
    """Unsubscribed, or complained if Mailchimp's reason says so."""
    words = reason_given.casefold()
    return COMPLAINED if "abuse" in words or "spam" in words else UNSUBSCRIBED
