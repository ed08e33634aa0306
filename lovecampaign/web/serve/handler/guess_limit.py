"""Slows guessing of secrets down: wrong guesses are counted in the database, for all processes.

The links of letters have no such limit: their signatures have 80 bits and more, and leaving must
never wait for what others did.
"""

from __future__ import annotations

import hmac
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from starlette.requests import Request

from lovecampaign.store.database.engine import Database
from lovecampaign.store.maintenance.access import count_guesses, record_guess
from lovecampaign.web.serve.http.client_address import TrustedProxies, is_direct, network_of

_LOG = logging.getLogger(__name__)
WINDOW = timedelta(minutes=15)
#: Counts at which a warning is logged, beside each multiple of the last.
_LOGGED_AT = (1, 10, 50)
#: The key of all addresses together.
_EVERYONE = ""


class GuessKind(StrEnum):
    """The secrets that can be guessed over the network."""

    DASHBOARD_PASSWORD = "dashboard password"  # noqa: S105 - no secret
    REDEEM_SIGNATURE = "signature of a redemption call"


@dataclass(frozen=True, slots=True, kw_only=True)
class GuessLimits:
    """Wrong guesses in a quarter of an hour, from which on no further one is looked at."""

    address: int
    network: int
    #: None: others' wrong guesses block no one.
    everyone: int | None


LIMITS: Mapping[GuessKind, GuessLimits] = {
    GuessKind.DASHBOARD_PASSWORD: GuessLimits(address=5, network=20, everyone=100),
    # A shop must be able to report a purchase, whatever others send meanwhile.
    GuessKind.REDEEM_SIGNATURE: GuessLimits(address=20, network=60, everyone=None),
}


class GuessLimiter:
    """Blocks clients after too many wrong guesses. Keeps hashes of addresses, for half an hour."""

    def __init__(self, database: Database, key: str, proxies: TrustedProxies) -> None:
        self._database = database
        self._key = key.encode()
        self._proxies = proxies

    def is_blocked(self, kind: GuessKind, request: Request, now: datetime) -> bool:
        """Whether a guess of this client must not be looked at now.

        The common limit does not hold for this machine itself, so that an operator gets in by an
        SSH tunnel while others guess. Behind a proxy that is not trusted all clients have one
        address: only the common limit can hold.
        """
        limits, who = LIMITS[kind], self._who(request)
        counts = count_guesses(self._database, kind, list(who.values()), now, WINDOW)
        caps = {"address": limits.address, "network": limits.network}
        if not self._proxies.is_client_known(request):
            caps = {}
        is_local = is_direct(request) and request.scope["client_address"].is_loopback
        if limits.everyone is not None and not is_local:
            caps["everyone"] = limits.everyone
        return any(counts[who[name]] >= cap for name, cap in caps.items())

    def note_wrong(self, kind: GuessKind, request: Request, now: datetime) -> None:
        """Count a wrong guess, and warn in the log as they become many."""
        who = list(self._who(request).values())
        counts = record_guess(self._database, kind, who, now, WINDOW)
        count = counts[_EVERYONE]
        if count in _LOGGED_AT or count % _LOGGED_AT[-1] == 0:
            _LOG.warning("Wrong guesses of the %s in a quarter of an hour: %d", kind.value, count)
        if count == LIMITS[kind].everyone:
            _LOG.warning(
                "Further guesses of the %s have to wait, except from this machine itself "
                "(an SSH tunnel)",
                kind.value,
            )

    def _who(self, request: Request) -> Mapping[str, str]:
        address = request.scope["client_address"]
        return {
            "address": self._hash(f"address {address}"),
            "network": self._hash(f"network {network_of(address)}"),
            "everyone": _EVERYONE,
        }

    def _hash(self, text: str) -> str:
        return hmac.digest(self._key, f"guess {text}".encode(), "sha256").hex()[:32]
