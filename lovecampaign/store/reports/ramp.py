"""The invitation for ``plan`` and ``check``: waves so far, waves to come, and day 1."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.campaign.model.campaign import INVITATION, Campaign, Email
from lovecampaign.schedule.waves import (
    DomainState,
    Wave,
    foresee_waves,
    largest_size,
    wave_instants,
)
from lovecampaign.store.database.engine import Database
from lovecampaign.store.database.types import DomainOf
from lovecampaign.store.eligibility.schedule import Schedule, load_schedule
from lovecampaign.store.planning.planning_task import HORIZON
from lovecampaign.store.planning.waves import count_by_day
from lovecampaign.store.tables import email, subscriber


@dataclass(frozen=True, slots=True, kw_only=True)
class CrowdedDomain:
    """A receiving domain that gets much more on day 1 than in any wave before."""

    domain: str
    recipients: int
    largest_wave: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ramp:
    """The waves of an invitation, past and to come, by receiving domain."""

    waves: Sequence[Wave]
    #: Eligible subscribers with a wave only after day 1.
    unreached: int
    #: Recipients of day 1: who has said yes so far, and who will not have been asked.
    day_1: int
    crowded: Sequence[CrowdedDomain]


def report_ramp(database: Database, campaign: Campaign, now: datetime) -> Ramp | None:
    """The ramp at ``now``; None without an invitation. Read-only.

    It counts all subscribers by receiving domain: some seconds for a million.
    """
    invitation, asked = campaign.invitation, campaign.find_email(INVITATION)
    if invitation is None or asked is None:
        return None
    first_day = next(iter(campaign.day_emails), None)
    with database.read() as connection:
        emails = [asked, *([first_day] if first_day else [])]
        schedule = load_schedule(connection, campaign, emails, now)
        waiting = _count_recipients(connection, schedule, asked)
        past, coming, states = _read_states(connection, schedule, waiting)
        said_yes = _count_yes(connection, schedule, first_day) if first_day else {}
    foreseen = foresee_waves(invitation, coming, states)
    unreached = Counter({name: each.waiting + each.planned for name, each in states.items()})
    for wave in foreseen:
        unreached.subtract(wave.sizes)
    waves = [*past, *foreseen]
    largest, day_1 = _largest(waves), Counter(said_yes) + unreached
    return Ramp(
        waves=waves,
        unreached=unreached.total(),
        day_1=day_1.total(),
        crowded=[
            CrowdedDomain(domain=domain, recipients=number, largest_wave=largest[domain])
            for domain, number in day_1.most_common()
            if number > largest_size(invitation, largest[domain])
        ],
    )


def count_in_due_wave(connection: Connection, schedule: Schedule) -> int:
    """How many subscribers without a row the next pass would add to the wave that is due.

    Needs the slots of the invitation.
    """
    invitation, asked = schedule.campaign.invitation, schedule.campaign.find_email(INVITATION)
    if invitation is None or asked is None:
        return 0
    waiting = _count_recipients(connection, schedule, asked)
    _, coming, states = _read_states(connection, schedule, waiting)
    due = [at for at in coming if at <= schedule.now]
    left_over = sum(state.planned for state in states.values())
    return sum(wave.size for wave in foresee_waves(invitation, due, states)) - left_over


def _largest(waves: Sequence[Wave]) -> Counter[str]:
    largest: Counter[str] = Counter()
    for wave in waves:
        largest |= Counter(wave.sizes)
    return largest


def _count_recipients(
    connection: Connection,
    schedule: Schedule,
    one: Email,
    condition: sa.ColumnElement[bool] | None = None,
) -> Mapping[str, int]:
    """Eligible subscribers without a row, by receiving domain."""
    record, disposition = schedule.record, schedule.disposition_of(one)
    email_id = record.email_ids.get(one.key, 0) if record else 0
    domain = DomainOf(subscriber.c.address_key).label("domain")
    query = disposition.select_without_row(email_id, domain, sa.func.count().label("number"))
    conditions = [disposition.is_recipient, *([] if condition is None else [condition])]
    rows = connection.execute(query.where(*conditions).group_by("domain"))
    return {row.domain: row.number for row in rows}


def _count_yes(connection: Connection, schedule: Schedule, first_day: Email) -> Mapping[str, int]:
    """Recipients of the first letter who have chosen it, by receiving domain."""
    has_chosen = schedule.disposition_of(first_day).eligibility.has_chosen
    return _count_recipients(connection, schedule, first_day, has_chosen)


def _read_states(
    connection: Connection, schedule: Schedule, waiting: Mapping[str, int]
) -> tuple[Sequence[Wave], Sequence[datetime], Mapping[str, DomainState]]:
    """The waves so far, the instants of the others, and the domains before those."""
    instants, now = wave_instants(schedule.campaign), schedule.now
    begun = [at for at in instants if at <= now]
    record = schedule.record
    email_id = record.email_ids.get(INVITATION) if record else None
    if email_id is None or not begun:
        ahead = instants if not begun else [*begun[-1:], *instants[len(begun) :]]
        return (), ahead, {name: DomainState(waiting=each) for name, each in waiting.items()}
    planned_at = connection.scalar(sa.select(email.c.planned_at).where(email.c.id == email_id))
    is_planned = planned_at is not None and planned_at >= begun[-1] - HORIZON
    done = len(begun) if is_planned else len(begun) - 1
    by_day: dict[int, dict[str, int]] = defaultdict(dict)
    for domain, day, size in connection.execute(count_by_day(email_id, begun)):
        by_day[day][domain] = size
    past = [Wave(at=begun[day], sizes=by_day[day]) for day in sorted(by_day) if day < done]
    left_over, largest = by_day.get(done, {}), _largest(past)
    states = {
        name: DomainState(
            waiting=waiting.get(name, 0), largest=largest[name], planned=left_over.get(name, 0)
        )
        for name in {*waiting, *left_over}
    }
    return past, instants[done:], states
