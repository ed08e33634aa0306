"""When does a pass end because of its provider? Where that refuses us as a whole, or is away."""

from __future__ import annotations

from lovecampaign.errors import Refused, Unreachable
from lovecampaign.message import Outcome
from lovecampaign.providers.base import Provider


def raise_if_closed(provider: Provider, refusal: Outcome | None, outage: Outcome | None) -> None:
    """Raises Refused for what it said about us, and Unreachable where there is no connection."""
    if refusal is not None:
        raise Refused(
            f"{provider.name} refuses us: {refusal.detail}",
            hint="check the provider's settings: lovecampaign doctor",
        )
    if outage is not None:
        raise Unreachable(
            f"{provider.name} is away: {outage.detail}",
            hint="nothing is lost: run the same command again; run waits by itself",
        )
