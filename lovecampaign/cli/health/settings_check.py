"""Health checks of the settings: their file, and secrets that can be guessed."""

from __future__ import annotations

from collections.abc import Iterator

from lovecampaign.cli.health.health_finding import HealthFinding, doubtful, good, wrong
from lovecampaign.core.settings import MAKE_A_KEY, Settings, secret_command

_OTHERS_MAY_READ = 0o077
#: 32 hexadecimal digits are 128 bits, which cannot be guessed; RFC 4086, section 7.2.
_MIN_KEY_LENGTH = 32
#: Random text of that length has more different characters; "aaaa…" has not.
_MIN_CHARACTERS = 8


def check_settings(settings: Settings) -> Iterator[HealthFinding]:
    """The key that signs links, and the permissions of its file."""
    file = settings.workspace / ".env"
    if not settings.secret_keys:
        hint = f"type: cd {settings.workspace} && {MAKE_A_KEY}"
        yield wrong("settings", "LOVECAMPAIGN_SECRET_KEY is not set", hint)
    elif file.is_file() and file.stat().st_mode & _OTHERS_MAY_READ:
        yield wrong("settings", f"other users can read {file}", f"type: chmod 600 {file}")
    elif any(_is_weak(key, _MIN_KEY_LENGTH) for key in settings.secret_keys):
        yield doubtful(
            "settings",
            "LOVECAMPAIGN_SECRET_KEY is weak: an attacker could guess it and forge links",
            "put a key of 32 random characters first, then a comma and the old key: links in mail "
            "that was sent go on working",
        )
    else:
        yield good("settings", f"workspace {settings.workspace}")


def check_secrets(settings: Settings) -> Iterator[HealthFinding]:
    """The dashboard's password and the webhooks' secrets, if they are set; none is shown."""
    password, secret = settings.dashboard_password, settings.redeem_secret
    inbound = settings.inbound_secret
    # Online guessing: five attempts in a quarter of an hour (docs/operating.md).
    if password is not None and _is_weak(password, 12, characters=5):
        variable, risk = "LOVECAMPAIGN_DASHBOARD_PASSWORD", "pause the campaign"
        yield _weak_secret(settings, "dashboard", variable, risk, random_bytes=9)
    # Offline guessing, from one signed call.
    if secret is not None and _is_weak(secret, 16):
        variable, risk = "LOVECAMPAIGN_REDEEM_SECRET", "mark codes as used"
        yield _weak_secret(settings, "redemption", variable, risk, random_bytes=32)
    if inbound is not None and _is_weak(inbound, 16):
        variable, risk = "LOVECAMPAIGN_INBOUND_SECRET", "send in mail that no server has checked"
        yield _weak_secret(settings, "inbound", variable, risk, random_bytes=16)


def _is_weak(secret: str, length: int, characters: int = _MIN_CHARACTERS) -> bool:
    return len(secret) < length or len(set(secret)) < characters


def _weak_secret(
    settings: Settings, name: str, variable: str, risk: str, random_bytes: int
) -> HealthFinding:
    return doubtful(
        name,
        f"{variable} is weak: an attacker could guess it and {risk}",
        f"type: cd {settings.workspace} && {secret_command(variable, random_bytes)}",
    )
