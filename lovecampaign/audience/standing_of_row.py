"""How does somebody stand, by all that a row of a subscribers' file says of it?"""

from __future__ import annotations

from collections.abc import Sequence

from lovecampaign.audience.positions import Positions
from lovecampaign.audience.status import (
    ACTIVE,
    BOUNCED,
    COMPLAINED,
    ImportStatus,
    parse_status,
    status_from_unsubscribe_reason,
)

#: What tools write into a date column where there is no date.
_NO_DATE = frozenset({"", "-", "0", "null", "none", "n/a", "false", "no"})


def standing_of_row(at: Positions, cells: Sequence[str]) -> ImportStatus:
    """Where columns disagree, the worst of them counts."""
    worst = ACTIVE
    for position in at.status:
        standing = parse_status(cells[position])
        worst = worst if standing is ACTIVE else _worse(worst, standing)
    return _worst_of_the_rest(at, cells, worst) if at.tells_leaving else worst


def _worst_of_the_rest(at: Positions, cells: Sequence[str], worst: ImportStatus) -> ImportStatus:
    if at.columns.standing:
        worst = _worse(worst, at.columns.standing)
    if tells_date(cells[at.unsubscribed_at]):
        worst = _worse(worst, status_from_unsubscribe_reason(cells[at.unsubscribe_reason]))
    if tells_date(cells[at.bounced_at]):
        worst = _worse(worst, BOUNCED)
    if tells_date(cells[at.complained_at]):
        worst = _worse(worst, COMPLAINED)
    return worst


def tells_date(cell: str) -> bool:
    """Whether a date column is filled in, if only with something that we cannot read."""
    return bool(cell) and cell.casefold() not in _NO_DATE


def _worse(one: ImportStatus, other: ImportStatus) -> ImportStatus:
    return other if other.badness > one.badness else one
