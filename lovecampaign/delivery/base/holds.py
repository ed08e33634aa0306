"""What holds mail: our own sending limit, and a pause because the server rejects us."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.engine import Connection

from lovecampaign.delivery.base.provider_state import ProviderState
from lovecampaign.delivery.base.sender import SendingProcess
from lovecampaign.delivery.base.tally import without_addresses
from lovecampaign.store.ledger.campaigns import find_mail_hold
from lovecampaign.store.ledger.provider_holds import ProviderHold, find_hold, hold_provider


def record_hold(connection: Connection, sender: SendingProcess, state: ProviderState) -> None:
    """Tell all processes that our sending limit is reached."""
    if state.quota is not None:
        wait = timedelta(seconds=state.quota.retry_after_seconds or 0.0)
        hold = ProviderHold(
            until=sender.clock.now() + wait, reason=without_addresses(state.quota.detail)
        )
        hold_provider(connection, sender.provider.name, hold)


def find_quota(sender: SendingProcess) -> str:
    """The server's words about our sending limit, which still holds; '' where none does."""
    with sender.database.read() as connection:
        hold = find_hold(connection, sender.provider.name, sender.clock.now())
    return hold.reason if hold else ""


def why_mail_waits(sender: SendingProcess, campaign_key: str) -> str | None:
    """Why the transactional mail of a campaign is not sent now; None: it is."""
    if quota := find_quota(sender):
        return f"our sending limit is reached: {quota}"
    with sender.database.read() as connection:
        return find_mail_hold(connection, campaign_key)
