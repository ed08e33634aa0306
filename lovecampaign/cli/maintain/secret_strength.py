"""Could somebody guess what keeps strangers out? Looked at by ``doctor``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lovecampaign.cli.maintain.findings import Finding, doubtful
from lovecampaign.core.settings import Settings, secret_command

#: 32 letters of hexadecimal are 128 bits, which nobody guesses; RFC 4086, section 7.2.
LEAST_KEY_LENGTH = 32
#: Random text of that length has more different letters; "aaaa…" does not.
LEAST_KEY_LETTERS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class _Secret:
    """A secret that a person or a shop types in, and what it opens."""

    name: str
    variable: str
    least_length: int
    least_letters: int
    opens: str
    #: What to type to have a good one.
    bytes: int


#: Tried over the network, five times in a quarter of an hour (docs/operating.md).
_PASSWORD = _Secret(
    name="dashboard",
    variable="LOVECAMPAIGN_DASHBOARD_PASSWORD",
    least_length=12,
    least_letters=5,
    opens="who guesses it can hold the campaign",
    bytes=9,
)
#: Tried at home, where one signed call was overheard.
_REDEEM = _Secret(
    name="redemption",
    variable="LOVECAMPAIGN_REDEEM_SECRET",
    least_length=16,
    least_letters=LEAST_KEY_LETTERS,
    opens="who guesses it can say that codes were used",
    bytes=32,
)


def is_weak_key(key: str) -> bool:
    return len(key) < LEAST_KEY_LENGTH or len(set(key)) < LEAST_KEY_LETTERS


def look_at_secrets(settings: Settings) -> Iterator[Finding]:
    """The dashboard's password and the shop's secret, where they are set; what they are is not
    said.
    """
    values = ((_PASSWORD, settings.dashboard_password), (_REDEEM, settings.redeem_secret))
    for secret, value in values:
        if value is not None and _is_weak(secret, value):
            yield doubtful(
                secret.name,
                f"{secret.variable} is short enough to be guessed; {secret.opens}",
                f"type: cd {settings.workspace} && {secret_command(secret.variable, secret.bytes)}",
            )


def _is_weak(secret: _Secret, value: str) -> bool:
    return len(value) < secret.least_length or len(set(value)) < secret.least_letters
