"""The services of a running ``serve``, shared by all pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from lovecampaign.core.clock import Clock
from lovecampaign.core.settings import Settings
from lovecampaign.core.tokens import TokenSigner
from lovecampaign.store.database.engine import Database
from lovecampaign.web.serve.content.i18n import Translations
from lovecampaign.web.serve.content.live_campaigns import LiveCampaigns
from lovecampaign.web.serve.content.templates import TemplateRenderer
from lovecampaign.web.serve.handler.guess_limit import GuessLimiter
from lovecampaign.web.serve.handler.unknown_links import UnknownLinks
from lovecampaign.web.serve.http.client_address import TrustedProxies, read_proxies
from lovecampaign.web.serve.http.form_tokens import FormTokens
from lovecampaign.web.serve.http.metrics import Metrics
from lovecampaign.web.serve.http.rate_limit import RateLimiter, read_rate_limits
from lovecampaign.web.serve.http.request_body import BodyBudget
from lovecampaign.web.serve.http.security import Hosts

#: How long a page waits for another write on SQLite before it answers 503.
PATIENCE_SECONDS = 3.0


class TransactionalMailer(Protocol):
    """Sends the mail that pages request."""

    def wake(self) -> None:
        """New mail is queued: send it now."""
        ...

    def is_alive(self) -> bool:
        """Whether queued mail will be sent."""
        ...

    def why_waiting(self, campaign_key: str | None = None) -> str | None:
        """Why queued mail waits, of one campaign or of any; None: it goes out."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A running ``serve``."""

    settings: Settings
    database: Database
    signer: TokenSigner
    clock: Clock
    campaigns: LiveCampaigns
    translations: Translations
    renderer: TemplateRenderer
    form_tokens: FormTokens
    hosts: Hosts
    rate_limiter: RateLimiter
    body_budget: BodyBudget
    guesses: GuessLimiter
    proxies: TrustedProxies
    metrics: Metrics
    mailer: TransactionalMailer
    unknown_links: UnknownLinks
    #: Writes a bug's details to a file; returns its path.
    note_bug: Callable[[BaseException], Path]


def make_site(
    *,
    settings: Settings,
    database: Database,
    clock: Clock,
    mailer: TransactionalMailer,
    note_bug: Callable[[BaseException], Path],
) -> Site:
    """Raises UsageError for invalid settings."""
    keys = settings.require_secret_keys()
    settings.require_web_addresses()
    hosts = Hosts.of(settings)
    proxies = read_proxies(settings.trusted_proxies)
    patient = database.with_busy_timeout(PATIENCE_SECONDS)
    return Site(
        settings=settings,
        database=patient,
        signer=TokenSigner(keys, settings.retired_keys),
        clock=clock,
        campaigns=LiveCampaigns(settings.workspace),
        translations=Translations(settings.workspace),
        renderer=TemplateRenderer(hosts.root),
        form_tokens=FormTokens(keys),
        hosts=hosts,
        rate_limiter=RateLimiter(read_rate_limits(settings)),
        body_budget=BodyBudget(),
        guesses=GuessLimiter(patient, keys[0], proxies),
        proxies=proxies,
        metrics=Metrics(database),
        mailer=mailer,
        unknown_links=UnknownLinks(),
        note_bug=note_bug,
    )
