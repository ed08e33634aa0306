"""Strength of secrets, as checked by ``doctor``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lovecampaign.cli.maintain.health_finding import HealthFinding, doubtful
from lovecampaign.core.settings import Settings, how_to_make_secret

#: 32 hexadecimal digits are 128 bits, which cannot be guessed; RFC 4086, section 7.2.
LEAST_KEY_LENGTH = 32
#: Random text of that length has more different characters; "aaaa…" has not.
LEAST_KEY_LETTERS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class _SecretRule:
    """A secret of the settings, and how strong it must be."""

    name: str
    variable: str
    least_length: int
    least_letters: int
    #: What an attacker could do with it.
    risk: str
    #: Random bytes of a good one.
    bytes: int


#: Online guessing: five attempts in a quarter of an hour (docs/operating.md).
_PASSWORD = _SecretRule(
    name="dashboard",
    variable="LOVECAMPAIGN_DASHBOARD_PASSWORD",
    least_length=12,
    least_letters=5,
    risk="it lets an attacker pause the campaign",
    bytes=9,
)
#: Offline guessing, from one signed call.
_REDEEM = _SecretRule(
    name="redemption",
    variable="LOVECAMPAIGN_REDEEM_SECRET",
    least_length=16,
    least_letters=LEAST_KEY_LETTERS,
    risk="it lets an attacker mark codes as used",
    bytes=32,
)


def is_weak_key(key: str) -> bool:
    return len(key) < LEAST_KEY_LENGTH or len(set(key)) < LEAST_KEY_LETTERS


def check_secrets(settings: Settings) -> Iterator[HealthFinding]:
    """The dashboard's password and the shop's secret, if they are set; neither is shown."""
    values = ((_PASSWORD, settings.dashboard_password), (_REDEEM, settings.redeem_secret))
    for secret, value in values:
        if value is not None and _is_weak(secret, value):
            yield doubtful(
                secret.name,
                f"{secret.variable} is short enough to be guessed; {secret.risk}",
                f"type: cd {settings.workspace} && "
                f"{how_to_make_secret(secret.variable, secret.bytes)}",
            )


def _is_weak(secret: _SecretRule, value: str) -> bool:
    return len(value) < secret.least_length or len(set(value)) < secret.least_letters
