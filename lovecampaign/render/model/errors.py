"""The error of rendering one message."""

from __future__ import annotations

from lovecampaign.core.errors import LovecampaignError
from lovecampaign.core.problems import Place


class RenderError(LovecampaignError):
    """One recipient's message cannot be rendered; others may still be.

    It is logged and stored in the ledger, so it contains no address and no personal value.
    """

    def __init__(
        self,
        reason: str,
        *,
        place: Place | None = None,
        hint: str | None = None,
        is_about_subscriber: bool = False,
    ) -> None:
        super().__init__(f"{place}: {reason}" if place else reason, hint=hint)
        #: The message without the place.
        self.reason = reason
        self.place = place
        #: Whether a value of the subscriber is the cause, and not the email.
        self.is_about_subscriber = is_about_subscriber
