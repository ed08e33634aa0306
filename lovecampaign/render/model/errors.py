"""Why could one person's email not be rendered?"""

from __future__ import annotations

from lovecampaign.core.errors import LovecampaignError
from lovecampaign.core.problems import Place


class RenderError(LovecampaignError):
    """One person's email cannot be made; everybody else's may still go.

    It names no address and no value of the person: it goes into logs and the ledger.
    """

    def __init__(self, reason: str, *, place: Place | None = None, hint: str | None = None) -> None:
        super().__init__(f"{place}: {reason}" if place else reason, hint=hint)
        #: What went wrong, for who shows the place beside it.
        self.reason = reason
        self.place = place
