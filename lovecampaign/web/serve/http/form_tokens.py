"""Was this form written by us, for this, and how long ago?

A sealed form carries its purpose and the time of its making under a signature. Nothing is
stored for it, and no cookie is set. A form of one purpose is no form for another.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache

from itsdangerous import BadData, Signer

from lovecampaign.store.database.types import from_microseconds, to_microseconds

#: The hidden field of every form of ours.
FIELD = "seal"
#: A page may stay open for a day.
LONGEST = timedelta(days=1)


class Seals:
    """Seals forms and opens seals. The first key seals, all of them open."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = list(reversed(keys))  # itsdangerous signs with the last
        #: By purpose: making one takes as long as opening a seal.
        self._signer = lru_cache(maxsize=64)(self._make_signer)

    def seal(self, purpose: str, now: datetime) -> str:
        """For the hidden field."""
        return self._signer(purpose).sign(str(to_microseconds(now))).decode()

    def age(self, purpose: str, seal: str, now: datetime) -> timedelta | None:
        """How long the visitor had the form; None for a seal that is not ours, or too old."""
        try:
            made_at = from_microseconds(int(self._signer(purpose).unsign(seal)))
        except (BadData, ValueError, OverflowError):
            return None
        age = now - made_at
        return age if timedelta(0) <= age <= LONGEST else None

    def _make_signer(self, purpose: str) -> Signer:
        return Signer(self._keys, salt=f"lovecampaign form {purpose}")
