"""CSRF tokens: signed, with a purpose and the time of issue.

Nothing is stored for a token, and no cookie is set. A token of one purpose is not valid for
another.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache

from itsdangerous import BadData, Signer

from lovecampaign.store.database.types import from_microseconds, to_microseconds

#: The hidden field's name, also in forms embedded in other sites.
FIELD = "seal"
#: How long a page may stay open.
MAX_AGE = timedelta(days=1)


class FormTokens:
    """Signs and verifies tokens. The first key signs, all keys verify."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = list(reversed(keys))  # itsdangerous signs with the last
        #: By purpose: making a signer takes as long as verifying a token.
        self._signer = lru_cache(maxsize=64)(self._make_signer)

    def sign(self, purpose: str, now: datetime) -> str:
        return self._signer(purpose).sign(str(to_microseconds(now))).decode()

    def age(self, purpose: str, token: str, now: datetime) -> timedelta | None:
        """The token's age; None for one that is invalid or too old."""
        try:
            issued_at = from_microseconds(int(self._signer(purpose).unsign(token)))
        except (BadData, ValueError, OverflowError):
            return None
        age = now - issued_at
        return age if timedelta(0) <= age <= MAX_AGE else None

    def _make_signer(self, purpose: str) -> Signer:
        return Signer(self._keys, salt=f"lovecampaign form {purpose}")
