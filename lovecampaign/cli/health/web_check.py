"""Checks of ``doctor`` about web addresses: those in mail, the webhook's and the public URL."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from urllib.parse import urlsplit

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.cli.health.health_finding import HealthFinding, doubtful, good, unknown, wrong
from lovecampaign.core.errors import LovecampaignError, ProblemsFound
from lovecampaign.core.settings import ADDRESS_EXAMPLES, Settings
from lovecampaign.delivery.prepare.image_check import find_fault
from lovecampaign.render.model.content import read_content
from lovecampaign.web.serve.webhooks.sendgrid_signature import verifier

EVENTS_PATH = "/webhooks/sendgrid"
_SECONDS = 3.0
_NAMES = {"LOVECAMPAIGN_PUBLIC_URL": "public url", "LOVECAMPAIGN_MEDIA_URL": "media url"}


def check_web_addresses(settings: Settings) -> Iterator[HealthFinding]:
    """Faults of the addresses that mail links to."""
    for variable, fault in settings.find_address_faults():
        if variable in _NAMES:  # the provider reports the others
            hint = f"write it like {ADDRESS_EXAMPLES[variable]}"
            yield wrong(_NAMES[variable], f"{variable} {fault}", hint)


def check_webhook(settings: Settings) -> Iterator[HealthFinding]:
    """Whether SendGrid can report events."""
    key = settings.sendgrid_webhook_public_key
    if key is None:
        if settings.provider_url.strip().lower().startswith("sendgrid:"):
            yield doubtful(
                "events",
                "SENDGRID_WEBHOOK_PUBLIC_KEY is not set, so bounces and complaints stay unknown",
                f"in SendGrid, point the event webhook to {settings.public_url}{EVENTS_PATH}, "
                "turn Signature Verification on, and copy its key",
            )
        return
    try:
        verifier(key)
    except LovecampaignError as error:
        yield wrong("events", error.message, error.hint or "")
    else:
        yield good("events", f"SendGrid's are received at {settings.public_url}{EVENTS_PATH}")


def check_public_url(settings: Settings, *, leaves_machine: bool) -> HealthFinding:
    """Whether the public address is reachable, and https where mail leaves the machine."""
    url = urlsplit(settings.public_url)
    if not leaves_machine:
        return good("public url", f"{settings.public_url}; mail stays on this machine")
    if url.scheme != "https":
        hint = "set LOVECAMPAIGN_PUBLIC_URL to the https address where serve is reached"
        return wrong("public url", f"{settings.public_url} is not an https address", hint)
    return _request_public_url(settings.public_url)


def _request_public_url(public_url: str) -> HealthFinding:
    import urllib3  # only where mail leaves the machine

    try:
        answer = urllib3.request(
            "GET", f"{public_url}/healthz", timeout=_SECONDS, retries=False, redirect=False
        )
    except urllib3.exceptions.HTTPError as error:
        return unknown("public url", f"could not reach {public_url}: {type(error).__name__}")
    if answer.status == 200:
        return good("public url", public_url)
    return doubtful(
        "public url",
        f"{public_url}/healthz answers {answer.status}",
        "check that lovecampaign serve runs behind that address",
    )


def find_picture_fault(settings: Settings, campaign: Campaign) -> str | None:
    """Why a picture of the campaign cannot be loaded as mail programs do; None where it can.

    One picture stands for all: each is checked before its letter is sent.
    """
    import urllib3

    name = next(_picture_names(campaign), "")
    if urlsplit(settings.media_url).scheme != "https":
        return f"{settings.media_url} is not an https address"
    address = f"{settings.media_url}/{name}"
    with urllib3.PoolManager(timeout=_SECONDS, retries=False) as pool:
        fault = find_fault(pool, address) if name else None
    return f"{address} {fault}" if fault else None


def _picture_names(campaign: Campaign) -> Iterator[str]:
    for email in campaign.emails:
        with contextlib.suppress(ProblemsFound):
            yield from (image.name for image in read_content(campaign, email).all_images.values())
