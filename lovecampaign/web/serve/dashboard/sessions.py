"""Who is at the dashboard? One password, and a signed cookie for a working day.

The signature is made with the password too: when it is changed, every session ends.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from itsdangerous import BadData, URLSafeSerializer

from lovecampaign.store.database.types import from_microseconds, to_microseconds

COOKIE = "lovecampaign_dashboard"
#: Then the password is asked for again.
LONGEST = timedelta(hours=12)
_SALT = "lovecampaign dashboard session"
_SIGNING = {"key_derivation": "hmac", "digest_method": hashlib.sha256}


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Somebody who knew the password."""

    #: Random; the seals of forms name it, so that a form of one session is none of another.
    id: str
    began_at: datetime


class Sessions:
    """Begins sessions and knows them again. Safe between threads; survives a restart."""

    def __init__(self, keys: Sequence[str], password: str) -> None:
        self._password = _digest(password)
        bound = [hmac.digest(key.encode(), self._password, "sha256") for key in reversed(keys)]
        self._box = URLSafeSerializer(bound, salt=_SALT, signer_kwargs=_SIGNING)
        self._lock = threading.Lock()
        #: Sessions that were left, until their cookies would be worth nothing anyway.
        self._left: dict[str, datetime] = {}

    def admits(self, password: str) -> bool:
        """Whether this is the password; takes as long for a near miss as for a far one."""
        return hmac.compare_digest(_digest(password), self._password)

    def begin(self, now: datetime) -> str:
        """The value of a new session's cookie."""
        return str(self._box.dumps([secrets.token_urlsafe(16), to_microseconds(now)]))

    def find(self, cookie: str, now: datetime) -> Session | None:
        """The session of a cookie; None for one that is not ours, too old, or was left."""
        session = self._read(cookie)
        if session is None or not timedelta(0) <= now - session.began_at <= LONGEST:
            return None
        with self._lock:
            return None if session.id in self._left else session

    def leave(self, session: Session, now: datetime) -> None:
        """From now on its cookie opens nothing, whoever holds a copy of it."""
        with self._lock:
            self._left = {id_: at for id_, at in self._left.items() if now - at <= LONGEST}
            self._left[session.id] = now

    def _read(self, cookie: str) -> Session | None:
        try:
            id_, began_at = self._box.loads(cookie)
            return Session(id=str(id_), began_at=from_microseconds(int(began_at)))
        except (BadData, TypeError, ValueError, OverflowError):
            return None


def _digest(password: str) -> bytes:
    return hashlib.sha256(password.encode()).digest()
