"""Environment and ``.env`` → frozen settings. Secrets are kept out of every repr."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lovecampaign.errors import UsageError

DEFAULT_PROVIDER = "maildir:outbox"
DEFAULT_DATABASE_URL = "sqlite:///lovecampaign.db"
DEFAULT_PUBLIC_URL = "http://127.0.0.1:8028"
DEFAULT_SENDGRID_URL = "https://api.sendgrid.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that the environment decides (INTERFACE.md, "Workspace and settings")."""

    #: The folder that holds ``campaigns/`` and ``templates/email/``.
    workspace: Path
    #: May hold a password: never shown whole.
    provider_url: str = field(default=DEFAULT_PROVIDER, repr=False)
    database_url: str = field(default=DEFAULT_DATABASE_URL, repr=False)
    public_url: str = DEFAULT_PUBLIC_URL
    media_url: str = DEFAULT_PUBLIC_URL + "/i"
    #: The first signs, all verify. Empty until ``new`` or the environment gives one.
    secret_keys: tuple[str, ...] = field(default=(), repr=False)
    retired_keys: tuple[str, ...] = field(default=(), repr=False)
    sendgrid_api_key: str | None = field(default=None, repr=False)
    sendgrid_base_url: str = DEFAULT_SENDGRID_URL
    sendgrid_webhook_public_key: str | None = None
    dashboard_password: str | None = field(default=None, repr=False)
    redeem_secret: str | None = field(default=None, repr=False)
    trusted_proxies: tuple[str, ...] = ()

    def require_secret_keys(self) -> tuple[str, ...]:
        """The signing keys; raises UsageError that says how to get one."""
        if not self.secret_keys:
            raise UsageError(
                "LOVECAMPAIGN_SECRET_KEY is not set, so no link in a mail could be signed",
                hint="type: lovecampaign new NAME (it writes one to .env), or set the variable",
            )
        return self.secret_keys


def read_settings(workspace: Path, environment: Mapping[str, str]) -> Settings:
    """Settings of a workspace: its ``.env`` under the environment, which wins."""
    values = {**_read_env_file(workspace / ".env"), **environment}
    public_url = _text(values, "LOVECAMPAIGN_PUBLIC_URL", DEFAULT_PUBLIC_URL).rstrip("/")
    return Settings(
        workspace=workspace,
        provider_url=_text(values, "LOVECAMPAIGN_PROVIDER", DEFAULT_PROVIDER),
        database_url=_text(values, "LOVECAMPAIGN_DATABASE_URL", DEFAULT_DATABASE_URL),
        public_url=public_url,
        media_url=_text(values, "LOVECAMPAIGN_MEDIA_URL", public_url + "/i").rstrip("/"),
        secret_keys=_texts(values, "LOVECAMPAIGN_SECRET_KEY"),
        retired_keys=_texts(values, "LOVECAMPAIGN_RETIRED_KEYS"),
        sendgrid_api_key=values.get("SENDGRID_API_KEY") or None,
        sendgrid_base_url=_text(values, "SENDGRID_BASE_URL", DEFAULT_SENDGRID_URL).rstrip("/"),
        sendgrid_webhook_public_key=values.get("SENDGRID_WEBHOOK_PUBLIC_KEY") or None,
        dashboard_password=values.get("LOVECAMPAIGN_DASHBOARD_PASSWORD") or None,
        redeem_secret=values.get("LOVECAMPAIGN_REDEEM_SECRET") or None,
        trusted_proxies=_texts(values, "LOVECAMPAIGN_TRUSTED_PROXIES"),
    )


def _read_env_file(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    from dotenv import dotenv_values  # only workspaces that have the file pay for it

    try:
        found = dotenv_values(path, interpolate=False)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path.name} in the workspace cannot be read: {error}") from error
    return {name: value for name, value in found.items() if value is not None}


def _text(values: Mapping[str, str], name: str, default: str) -> str:
    return values.get(name, "").strip() or default


def _texts(values: Mapping[str, str], name: str) -> tuple[str, ...]:
    parts = (part.strip() for part in values.get(name, "").split(","))
    return tuple(part for part in parts if part)
