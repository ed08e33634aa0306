"""Why could one person's email not be rendered?"""

from __future__ import annotations

from lovecampaign.errors import LovecampaignError
from lovecampaign.problems import Place


class RenderError(LovecampaignError):
    """One person's email cannot be made; everybody else's may still go.

    The message names no address and no value of the person: it goes into logs and the ledger.
    """

    def __init__(
        self, message: str, *, place: Place | None = None, hint: str | None = None
    ) -> None:
        super().__init__(f"{place}: {message}" if place else message, hint=hint)
        self.place = place
