"""Settings from the environment and ``.env``; no repr shows a secret."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from lovecampaign.core.errors import UsageError

DEFAULT_PROVIDER = "maildir:outbox"
DEFAULT_DATABASE_URL = "sqlite:///lovecampaign.db"
DEFAULT_PUBLIC_URL = "http://127.0.0.1:8028"
DEFAULT_FORM_LIMIT = "20/10m"
DEFAULT_FORM_LIMIT_NETWORK = "200/10m"
DEFAULT_SENDGRID_URL = "https://api.sendgrid.com"


class Engine(StrEnum):
    """What delivers the batches that ``run`` plans."""

    IN_PROCESS = "in-process"  #: the process that plans them
    PROCRASTINATE = "procrastinate"  #: workers on any number of machines


def secret_command(variable: str, random_bytes: int = 32) -> str:
    """The shell command that adds a random secret to ``.env``, readable by its owner only.

    Of two lines for one variable, the last one counts.
    """
    line = rf"printf '\n{variable}=%s\n' $(openssl rand -hex {random_bytes})"
    return f"{line} >> .env; chmod 600 .env"


MAKE_A_KEY = secret_command("LOVECAMPAIGN_SECRET_KEY")
#: Example addresses for hints.
ADDRESS_EXAMPLES = {
    "LOVECAMPAIGN_PUBLIC_URL": "https://letters.example.com",
    "LOVECAMPAIGN_MEDIA_URL": "https://pictures.example.com",
    "SENDGRID_BASE_URL": DEFAULT_SENDGRID_URL,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that the environment decides (docs/reference.md, "Settings")."""

    #: The folder that holds ``campaigns/`` and ``templates/email/``.
    workspace: Path
    #: May hold a password.
    provider_url: str = field(default=DEFAULT_PROVIDER, repr=False)
    database_url: str = field(default=DEFAULT_DATABASE_URL, repr=False)
    #: The way around a pooler, for locks and notifications; None: ``database_url``.
    database_direct_url: str | None = field(default=None, repr=False)
    engine: Engine = Engine.IN_PROCESS
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
    #: ``imaps://…`` with a password, or ``maildir:PATH``.
    inbox_url: str | None = field(default=None, repr=False)
    inbound_secret: str | None = field(default=None, repr=False)
    trusted_proxies: tuple[str, ...] = ()
    #: How often one address, and one network, may ask for mail: ``20/10m``.
    form_limit: str = DEFAULT_FORM_LIMIT
    form_limit_network: str = DEFAULT_FORM_LIMIT_NETWORK

    def require_secret_keys(self) -> tuple[str, ...]:
        """The signing keys; raises UsageError with the command that makes one."""
        if not self.secret_keys:
            message = "LOVECAMPAIGN_SECRET_KEY is not set, so no link in a mail could be signed"
            raise UsageError(message, hint=f"in the workspace, type: {MAKE_A_KEY}")
        return self.secret_keys

    def require_web_addresses(self) -> None:
        """Raises UsageError for the first variable with an unusable web address."""
        for variable, fault in self.find_address_faults():
            message = f"{variable} {fault}"
            raise UsageError(message, hint=f"write it like {ADDRESS_EXAMPLES[variable]}")

    def find_address_faults(self) -> Iterator[tuple[str, str]]:
        """The variables with an unusable web address, each with the reason."""
        addresses = {"LOVECAMPAIGN_PUBLIC_URL": self.public_url}
        if not self.media_url.startswith(self.public_url):
            addresses["LOVECAMPAIGN_MEDIA_URL"] = self.media_url
        if self.provider_url.strip().lower().startswith("sendgrid:"):
            addresses["SENDGRID_BASE_URL"] = self.sendgrid_base_url
        for variable, address in addresses.items():
            if fault := find_address_fault(address):
                yield variable, fault


def find_address_fault(address: str) -> str | None:
    """Why links cannot begin with this address; None for a usable one.

    The reason never repeats the address: it may hold a password.
    """
    from urllib.parse import urlsplit  # lazy: it costs a third of --help

    if not address.isprintable() or " " in address:
        return "holds a space or a character that cannot be shown"
    try:
        parts = urlsplit(address)
        _ = parts.port  # checks it
    except ValueError:
        return "cannot be read as a web address"
    faults = {
        "does not begin with https:// or http://": parts.scheme not in {"http", "https"},
        "names no host": not (parts.hostname or "").strip("."),
        "holds a user or a password, which every subscriber would see": "@" in parts.netloc,
        "holds a ? or a #, but paths are added at its end": parts.query or parts.fragment,
    }
    return next((fault for fault, is_so in faults.items() if is_so), None)


def read_settings(workspace: Path, environment: Mapping[str, str]) -> Settings:
    """The settings of a workspace; the environment overrides its ``.env``."""
    values = {**_read_env_file(workspace / ".env"), **environment}
    public_url = _text(values, "LOVECAMPAIGN_PUBLIC_URL", DEFAULT_PUBLIC_URL).rstrip("/")
    return Settings(
        workspace=workspace,
        provider_url=_text(values, "LOVECAMPAIGN_PROVIDER", DEFAULT_PROVIDER),
        database_url=_text(values, "LOVECAMPAIGN_DATABASE_URL", DEFAULT_DATABASE_URL),
        database_direct_url=_text(values, "LOVECAMPAIGN_DATABASE_DIRECT_URL", "") or None,
        engine=_engine(_text(values, "LOVECAMPAIGN_ENGINE", Engine.IN_PROCESS)),
        public_url=public_url,
        media_url=_text(values, "LOVECAMPAIGN_MEDIA_URL", public_url + "/i").rstrip("/"),
        secret_keys=_texts(values, "LOVECAMPAIGN_SECRET_KEY"),
        retired_keys=_texts(values, "LOVECAMPAIGN_RETIRED_KEYS"),
        sendgrid_api_key=values.get("SENDGRID_API_KEY") or None,
        sendgrid_base_url=_text(values, "SENDGRID_BASE_URL", DEFAULT_SENDGRID_URL).rstrip("/"),
        sendgrid_webhook_public_key=values.get("SENDGRID_WEBHOOK_PUBLIC_KEY") or None,
        dashboard_password=values.get("LOVECAMPAIGN_DASHBOARD_PASSWORD") or None,
        redeem_secret=values.get("LOVECAMPAIGN_REDEEM_SECRET") or None,
        inbox_url=values.get("LOVECAMPAIGN_INBOX") or None,
        inbound_secret=values.get("LOVECAMPAIGN_INBOUND_SECRET") or None,
        trusted_proxies=_texts(values, "LOVECAMPAIGN_TRUSTED_PROXIES"),
        form_limit=_text(values, "LOVECAMPAIGN_FORM_LIMIT", DEFAULT_FORM_LIMIT),
        form_limit_network=_text(
            values, "LOVECAMPAIGN_FORM_LIMIT_NETWORK", DEFAULT_FORM_LIMIT_NETWORK
        ),
    )


def _read_env_file(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f".env in the workspace cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        message = ".env in the workspace cannot be read: it is not text in UTF-8"
        raise UsageError(message, hint="write it again with a text editor") from error
    return dict(_parse_env(text))


def _parse_env(text: str) -> Iterator[tuple[str, str]]:
    """Names and values; errors name the line but never quote it, since it may hold a secret."""
    from dotenv.parser import parse_stream  # lazy: only workspaces with the file need it

    for binding in parse_stream(io.StringIO(text)):
        if binding.error or (binding.key is not None and binding.value is None):
            written = binding.original.string
            blank = written[: len(written) - len(written.lstrip())]
            raise UsageError(
                f"line {binding.original.line + blank.count(chr(10))} of .env in the workspace "
                "is not NAME=VALUE, or has a quote that is not closed",
                hint="fix that line, or put # before it",
            )
        if binding.key is not None and binding.value is not None:
            yield binding.key, binding.value


def _engine(text: str) -> Engine:
    try:
        return Engine(text)
    except ValueError:
        raise UsageError(
            f"LOVECAMPAIGN_ENGINE names no engine: {text}",
            hint=f"write {' or '.join(Engine)}",
        ) from None


def _text(values: Mapping[str, str], name: str, default: str) -> str:
    return values.get(name, "").strip() or default


def _texts(values: Mapping[str, str], name: str) -> tuple[str, ...]:
    parts = (part.strip() for part in values.get(name, "").split(","))
    return tuple(part for part in parts if part)
