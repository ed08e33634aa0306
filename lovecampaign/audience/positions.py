"""Where does a row of a subscribers' file hold what?"""

from __future__ import annotations

from lovecampaign.audience.columns import Column, Columns
from lovecampaign.audience.subscriber import SuppressionReason


class Positions:
    """Where each column's cell stands in a row; one that a file lacks: behind the last.

    Numbers, since each of a million rows asks twenty times, and an enum takes longer to look up
    than a cell.
    """

    def __init__(self, columns: Columns) -> None:
        self.columns = columns
        self.status = columns.status
        self.fields = tuple((name, at) for at, name in columns.fields.items())
        self.email = self._of(Column.EMAIL)
        self.first_name = self._of(Column.FIRST_NAME)
        self.last_name = self._of(Column.LAST_NAME)
        self.full_name = self._of(Column.FULL_NAME)
        self.timezone = self._of(Column.TIMEZONE)
        self.tags = self._of(Column.TAGS)
        self.attributes = self._of(Column.ATTRIBUTES)
        self.consent_at = self._of(Column.CONSENT_AT)
        self.confirmed_at = self._of(Column.CONFIRMED_AT)
        self.consent_kind = self._of(Column.CONSENT_KIND)
        self.consent_source = self._of(Column.CONSENT_SOURCE)
        self.consent_expires = self._of(Column.CONSENT_EXPIRES)
        self.last_active_at = self._of(Column.LAST_ACTIVE_AT)
        self.unsubscribed_at = self._of(Column.UNSUBSCRIBED_AT)
        self.unsubscribe_reason = self._of(Column.UNSUBSCRIBE_REASON)
        self.bounced_at = self._of(Column.BOUNCED_AT)
        self.complained_at = self._of(Column.COMPLAINED_AT)
        leaving = {Column.UNSUBSCRIBED_AT, Column.BOUNCED_AT, Column.COMPLAINED_AT}
        #: Whether anything but the status tells who left.
        self.tells_leaving = bool(columns.standing) or not leaving.isdisjoint(columns.positions)

    def _of(self, column: Column) -> int:
        at = self.columns.find(column)
        return self.columns.count if at is None else at

    def since(self, reason: SuppressionReason) -> int:
        """The cell that tells since when somebody gets no mail."""
        if reason is SuppressionReason.HARD_BOUNCE:
            return self.bounced_at
        return self.complained_at if reason is SuppressionReason.COMPLAINT else self.unsubscribed_at
