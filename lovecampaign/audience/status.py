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
_WORDS: dict[str, ImportStatus] = {
    **dict.fromkeys(
        ("", "active", "subscribed", "enabled", "confirmed", "cold", "opted in", "opt in", "optin"),
        ACTIVE,
    ),
    **dict.fromkeys(
        ("unsubscribed", "unsubscribe", "cancelled", "canceled", "opted out", "opt out", "optout",
         "unsub"),
        UNSUBSCRIBED,
    ),
    **dict.fromkeys(
        ("bounced", "bounce", "cleaned", "hard bounced", "hard bounce", "undeliverable"), BOUNCED
    ),
    "soft bounces": ImportStatus(reason=SuppressionReason.SOFT_BOUNCES),
    **dict.fromkeys(
        ("complained", "complaint", "spam complaint", "spam", "marked as spam", "abuse", "junk"),
        COMPLAINED,
    ),
    **dict.fromkeys(
        ("blocklisted", "blacklisted", "blocked", "suppressed", "manual", "do not mail"), BLOCKED
    ),
    **dict.fromkeys(
        ("unconfirmed", "not confirmed", "pending", "inactive", "awaiting confirmation"),
        UNCONFIRMED,
    ),
    **dict.fromkeys(
        ("nonsubscribed", "non subscribed", "not subscribed", "transactional"), NO_CONSENT
    ),
    **dict.fromkeys(("disabled", "archived", "deleted"), SWITCHED_OFF),
}  # fmt: skip
_GAPS = re.compile(r"[\s_-]+")


@lru_cache(maxsize=1024)  # a file repeats a handful of words a million times
def parse_status(word: str) -> ImportStatus:
    """The status of a cell; an unknown word is a refusal that quotes it."""
    known = _WORDS.get(_GAPS.sub(" ", word.strip().casefold()))
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
