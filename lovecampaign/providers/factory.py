"""Opens the provider that ``LOVECAMPAIGN_PROVIDER`` names, and imports only that one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from lovecampaign.core.errors import UsageError
from lovecampaign.core.settings import DEFAULT_SENDGRID_URL, Settings
from lovecampaign.core.suggestions import did_you_mean
from lovecampaign.providers.base.addresses import is_loopback
from lovecampaign.providers.base.maildir import MaildirProvider
from lovecampaign.providers.base.memory import MemoryProvider
from lovecampaign.providers.base.provider import Provider

if TYPE_CHECKING:
    from lovecampaign.providers.smtp.ahead.policy import ServerNotes
    from lovecampaign.providers.smtp.connect import Security

MAX_CONNECTIONS = 100
_SUBMISSION_PORT = 587  # RFC 6409
_SUBMISSIONS_PORT = 465  # RFC 8314


def open_provider(
    settings: Settings, notes: ServerNotes | None = None, processes: int = 1
) -> Provider:
    """The provider of a workspace, not yet connected. ``notes`` remember what SMTP servers can do.

    ``processes`` share the connections: ``?connections=N`` keeps to the limit of a server.
    Raises UsageError, which never shows the URL: it may hold a password.
    """
    scheme, colon, _ = settings.provider_url.partition(":")
    opener = _SCHEMES.get(scheme.strip().lower())
    if opener is None or not colon:
        raise UsageError(
            "LOVECAMPAIGN_PROVIDER must start with one of " + ", ".join(f"{s}:" for s in _SCHEMES),
            hint="for a first try: LOVECAMPAIGN_PROVIDER=maildir:outbox",
        )
    return opener(settings, notes, processes)


def _open_maildir(settings: Settings, _notes: ServerNotes | None, _processes: int) -> Provider:
    path = settings.provider_url.partition(":")[2].strip()
    if not path:
        raise UsageError(
            "LOVECAMPAIGN_PROVIDER has no folder",
            hint="write the folder after the colon: maildir:outbox",
        )
    return MaildirProvider(settings.workspace / path, name=f"maildir:{path}")


class _Keep(StrEnum):
    YES = "yes"
    NO = "no"


def _open_memory(settings: Settings, _notes: ServerNotes | None, _processes: int) -> Provider:
    options = _options(_split(settings.provider_url), {"keep": _Keep})
    return MemoryProvider(keeps=options.get("keep") != _Keep.NO)


def _open_smtp(settings: Settings, notes: ServerNotes | None, processes: int) -> Provider:
    from lovecampaign.providers.smtp.connect import Security

    url = _split(settings.provider_url)
    security = Security.LOOPBACK if is_loopback(_host(url)) else Security.STARTTLS
    return _smtp_provider(url, security, _SUBMISSION_PORT, notes, processes)


def _open_smtps(settings: Settings, notes: ServerNotes | None, processes: int) -> Provider:
    from lovecampaign.providers.smtp.connect import Security

    url = _split(settings.provider_url)
    return _smtp_provider(url, Security.TLS, _SUBMISSIONS_PORT, notes, processes)


def _open_sendgrid(settings: Settings, _notes: ServerNotes | None, processes: int) -> Provider:
    from lovecampaign.providers.sendgrid.batching import MAX_RECIPIENTS
    from lovecampaign.providers.sendgrid.connection import Endpoint
    from lovecampaign.providers.sendgrid.provider import (
        CONNECTIONS,  # urllib3 only where it is used
        SendGridProvider,
    )

    if settings.sendgrid_api_key is None:
        raise UsageError(
            "SENDGRID_API_KEY is not set",
            hint="put it into .env in the workspace, or into the environment",
        )
    options = _options(_split(settings.provider_url), {"people": MAX_RECIPIENTS})
    url = _split(settings.sendgrid_base_url, "SENDGRID_BASE_URL")
    is_default = settings.sendgrid_base_url == DEFAULT_SENDGRID_URL
    endpoint = Endpoint(
        host=_host(url, "SENDGRID_BASE_URL"),
        port=url.port or (443 if url.scheme == "https" else 80),
        is_tls=_requires_tls(url),
        prefix=url.path.rstrip("/"),
    )
    return SendGridProvider(
        endpoint,
        settings.sendgrid_api_key,
        name="sendgrid:" if is_default else f"sendgrid: at {endpoint.host}:{endpoint.port}",
        connections=max(1, CONNECTIONS // processes),
        max_recipients=int(options.get("people", MAX_RECIPIENTS)),
    )


#: By URL scheme.
_SCHEMES: Mapping[str, Callable[[Settings, ServerNotes | None, int], Provider]] = {
    "maildir": _open_maildir,
    "smtp": _open_smtp,
    "smtps": _open_smtps,
    "sendgrid": _open_sendgrid,
    "memory": _open_memory,
}


def _smtp_provider(
    url: SplitResult,
    security: Security,
    default_port: int,
    notes: ServerNotes | None,
    processes: int,
) -> Provider:
    from lovecampaign.providers.smtp.ahead.policy import AheadMode
    from lovecampaign.providers.smtp.connect import SmtpTarget, TimeLimits
    from lovecampaign.providers.smtp.provider import (
        CLAIMS_PER_CONNECTION,
        DEFAULT_CONNECTIONS,
        SmtpProvider,
    )

    if url.path.strip("/") or url.fragment:
        raise _unreadable("LOVECAMPAIGN_PROVIDER")
    options = _options(url, {"connections": MAX_CONNECTIONS, "timeout": 3600, "ahead": AheadMode})
    timeout = int(options.get("timeout", 0))
    server = SmtpTarget(
        host=_host(url),
        port=url.port or default_port,
        security=security,
        user=unquote(url.username) if url.username else None,
        password=unquote(url.password) if url.password else None,
        limits=TimeLimits.all_of(timeout) if timeout else TimeLimits(),
    )
    connections = int(options.get("connections", DEFAULT_CONNECTIONS))
    if connections < processes:
        raise UsageError(
            f"{processes} processes share {connections} connections to the server",
            hint=f"use fewer --processes, or write ?connections={2 * processes} into "
            "LOVECAMPAIGN_PROVIDER, if the server allows so many",
        )
    provider = SmtpProvider(
        server,
        connections=connections // processes,
        ahead=AheadMode(options.get("ahead", AheadMode.AUTO)),
        notes=notes,
    )
    # As many at once as one process would claim: a commit for fewer costs each message more.
    provider.claim_size = CLAIMS_PER_CONNECTION * connections
    return provider


def _options(url: SplitResult, known: Mapping[str, int | type[StrEnum]]) -> dict[str, str]:
    """Parse ``?connections=N&ahead=auto``: whole numbers from 1 to a maximum, or words."""
    options: dict[str, str] = {}
    for name, value in parse_qsl(url.query, keep_blank_values=True):
        if name not in known:
            hint = did_you_mean(name, known) or f"known: {', '.join(known)}"
            raise UsageError("LOVECAMPAIGN_PROVIDER has an unknown option", hint=hint)
        allowed = known[name]
        if isinstance(allowed, int):
            _require_number(name, value, allowed)
        elif value not in list(allowed):
            raise UsageError(
                f"{name} in LOVECAMPAIGN_PROVIDER is not one of {', '.join(allowed)}",
                hint=f"leave it out, or write ?{name}={next(iter(allowed))}",
            )
        options[name] = value
    return options


def _require_number(name: str, value: str, maximum: int) -> None:
    if not value.isdecimal() or not 1 <= int(value) <= maximum:
        raise UsageError(
            f"{name} in LOVECAMPAIGN_PROVIDER is not a number from 1 to {maximum}",
            hint=f"write ?{name}=10, for example",
        )


def _split(url: str, variable: str = "LOVECAMPAIGN_PROVIDER") -> SplitResult:
    try:
        parts = urlsplit(url.strip())
        _ = parts.port  # raises ValueError
    except ValueError:
        raise _unreadable(variable) from None  # the message would show part of the URL
    return parts


def _host(url: SplitResult, variable: str = "LOVECAMPAIGN_PROVIDER") -> str:
    if not url.hostname:
        raise _unreadable(variable)
    return url.hostname


def _requires_tls(url: SplitResult) -> bool:
    if url.scheme == "https":
        return True
    if url.scheme == "http" and is_loopback(_host(url, "SENDGRID_BASE_URL")):
        return False
    raise UsageError(
        "SENDGRID_BASE_URL is not https, so the key would be sent in plain text",
        hint=f"write {DEFAULT_SENDGRID_URL}, or https://api.eu.sendgrid.com",
    )


def _unreadable(variable: str) -> UsageError:
    return UsageError(
        f"{variable} cannot be read as a URL",
        hint="smtp://USER:PASSWORD@HOST:PORT, with characters like / # @ : of user and password "
        "written as %2F %23 %40 %3A"
        if variable == "LOVECAMPAIGN_PROVIDER"
        else f"write it like {DEFAULT_SENDGRID_URL}",
    )
