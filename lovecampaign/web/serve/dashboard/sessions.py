"""Dashboard sessions: one password, and a signed cookie valid for twelve hours.

The signing key is derived from the password too: changing it ends every session.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from itsdangerous import BadData, URLSafeSerializer

from lovecampaign.store.database.types import from_microseconds, to_microseconds

COOKIE = "lovecampaign_dashboard"
MAX_AGE = timedelta(hours=12)
_SALT = "lovecampaign dashboard session"
_SIGNING = {"key_derivation": "hmac", "digest_method": hashlib.sha256}


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A logged-in operator."""

    #: Random; form tokens are bound to it, so that one session's form is invalid in another.
    id: str
    began_at: datetime


class Sessions:
    """Signs and verifies the cookies of sessions, which survive a restart.

    The database knows which ones were logged out (``store/maintenance/access.py``).
    """

    def __init__(self, keys: Sequence[str], password: str) -> None:
        self._password = _digest(password)
        bound = [hmac.digest(key.encode(), self._password, "sha256") for key in reversed(keys)]
        self._serializer = URLSafeSerializer(bound, salt=_SALT, signer_kwargs=_SIGNING)

    def is_password(self, password: str) -> bool:
        """Compares in constant time."""
        return hmac.compare_digest(_digest(password), self._password)

    def begin(self, now: datetime) -> str:
        """The cookie's value for a new session."""
        return str(self._serializer.dumps([secrets.token_urlsafe(16), to_microseconds(now)]))

    def find(self, cookie: str, now: datetime) -> Session | None:
        """The cookie's session; None for an invalid or expired one."""
        session = self._read(cookie)
        is_valid = session is not None and timedelta(0) <= now - session.began_at <= MAX_AGE
        return session if is_valid else None

    def _read(self, cookie: str) -> Session | None:
        try:
            id_, began_at = self._serializer.loads(cookie)
            return Session(id=str(id_), began_at=from_microseconds(int(began_at)))
        except (BadData, TypeError, ValueError, OverflowError):
            return None


def _digest(password: str) -> bytes:
    return hashlib.sha256(password.encode()).digest()
