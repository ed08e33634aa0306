"""What the desk owes: waiting letters and open cases with their promises."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.engine import Connection

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.delivery.desk.promise import promised_at
from lovecampaign.store.dialogue.desk.cases import Case, list_cases
from lovecampaign.store.dialogue.desk.letters import DeskLetter, list_letters


@dataclass(frozen=True, slots=True, kw_only=True)
class PromisedLetter:
    """A letter, and when its answer is promised."""

    letter: DeskLetter
    due_at: datetime

    def is_overdue(self, now: datetime) -> bool:
        return self.letter.done_at is None and self.due_at <= now


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """All that waits, oldest first."""

    letters: Sequence[PromisedLetter]
    cases: Sequence[Case]
    now: datetime

    @property
    def overdue_letters(self) -> Sequence[PromisedLetter]:
        return [one for one in self.letters if one.is_overdue(self.now)]

    @property
    def overdue_cases(self) -> Sequence[Case]:
        return [case for case in self.cases if case.is_overdue(self.now)]

    @property
    def overdue_count(self) -> int:
        return len(self.overdue_letters) + len(self.overdue_cases)


def read_overview(
    connection: Connection, campaign_of: Callable[[str | None], Campaign], now: datetime
) -> Overview:
    """``campaign_of``: by id; for None, or one that cannot be read, any of the workspace."""
    letters = [promise(letter, campaign_of) for letter in list_letters(connection)]
    return Overview(letters=letters, cases=list_cases(connection), now=now)


def promise(letter: DeskLetter, campaign_of: Callable[[str | None], Campaign]) -> PromisedLetter:
    due_at = promised_at(campaign_of(letter.campaign_key), letter.at)
    return PromisedLetter(letter=letter, due_at=due_at)
