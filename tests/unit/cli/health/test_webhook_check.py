"""``doctor`` tells whether SendGrid can report what becomes of mail."""

from __future__ import annotations

from pathlib import Path

from lovecampaign.cli.health.health_finding import HealthState
from lovecampaign.cli.health.web_check import check_webhook
from lovecampaign.core.settings import Settings
from lovecampaign.testing.sendgrid_events import Webhook


def look(key: str | None, provider: str = "sendgrid:") -> list[HealthState]:
    settings = Settings(
        workspace=Path(),
        provider_url=provider,
        public_url="https://letters.bloom.example",
        sendgrid_webhook_public_key=key,
    )
    return [finding.state for finding in check_webhook(settings)]


def test_a_key_that_can_be_read_is_good() -> None:
    assert look(Webhook().public_key) == [HealthState.GOOD]


def test_no_key_is_doubtful_where_sendgrid_sends_and_nothing_where_it_does_not() -> None:
    assert look(None) == [HealthState.DOUBTFUL]
    assert look(None, "maildir:outbox") == []


def test_what_is_no_key_is_wrong() -> None:
    assert look("SG.not-a-key") == [HealthState.WRONG]
