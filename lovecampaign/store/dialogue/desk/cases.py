"""Cases: a complaint or request that is led through five steps, each with owner and date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.store.dialogue.desk.waiting import FOLLOW_THROUGH
from lovecampaign.store.tables import (
    campaign,
    desk_answer,
    desk_case,
    desk_exception,
    desk_letter,
    desk_step,
    subscriber,
)


class CaseStep(StrEnum):
    """The five steps, in order."""

    GREET = "greet"  #: say that a person is there
    LISTEN = "listen"  #: ask, and hear all of it
    NEXT = "next"  #: say the next step and when
    THANK = "thank"
    FOLLOW_THROUGH = FOLLOW_THROUGH  #: done by its message alone


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow:
    """A step of a case."""

    step: CaseStep
    owner: str
    due_at: datetime
    done_at: datetime | None
    note: str

    def is_overdue(self, now: datetime) -> bool:
        return self.done_at is None and self.due_at <= now


@dataclass(frozen=True, slots=True, kw_only=True)
class ExceptionRow:
    """An exception to a rule of the house, made for a person."""

    rule: str
    because: str
    cost: str
    currency: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A case with its steps and exceptions."""

    id: int
    subscriber_id: int
    email: str
    name: str
    campaign_id: int | None
    campaign_key: str | None
    mail_id: int | None
    about: str
    owner: str
    opened_at: datetime
    closed_at: datetime | None
    reopened_at: datetime | None
    steps: Sequence[StepRow]
    exceptions: Sequence[ExceptionRow]

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    @property
    def next_step(self) -> StepRow | None:
        """The first one that is not done."""
        return next((step for step in self.steps if step.done_at is None), None)

    def is_overdue(self, now: datetime) -> bool:
        """Whether the promise of a step was not kept."""
        return self.is_open and any(step.is_overdue(now) for step in self.steps)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCase:
    """A case to open."""

    subscriber_id: int
    campaign_id: int | None
    mail_id: int | None
    about: str
    owner: str
    #: When each step is due.
    due: Mapping[CaseStep, datetime]


def open_case(connection: Connection, new: NewCase, now: datetime) -> int:
    """Open a case; its letter is on the case's owner from now on."""
    case_id: int = connection.execute(
        sa.insert(desk_case)
        .values(
            subscriber_id=new.subscriber_id,
            campaign_id=new.campaign_id,
            mail_id=new.mail_id,
            about=new.about,
            owner=new.owner,
            opened_at=now,
        )
        .returning(desk_case.c.id)
    ).scalar_one()
    rows = [
        {"case_id": case_id, "step": step.value, "owner": new.owner, "due_at": new.due[step]}
        for step in CaseStep
    ]
    connection.execute(sa.insert(desk_step), rows)
    if new.mail_id is not None:
        connection.execute(
            sa.update(desk_letter)
            .where(desk_letter.c.mail_id == new.mail_id, desk_letter.c.owner == "")
            .values(owner=new.owner, taken_at=now)
        )
    return case_id


def find_case(connection: Connection, id_: int) -> Case | None:
    return next(iter(_read(connection, desk_case.c.id == id_)), None)


def find_open_case(connection: Connection, subscriber_id: int) -> Case | None:
    """The newest open case of a subscriber."""
    is_theirs = desk_case.c.subscriber_id == subscriber_id
    found = _read(connection, is_theirs, desk_case.c.closed_at.is_(None))
    return found[-1] if found else None


def list_cases(
    connection: Connection, *, is_open: bool | None = True, subscriber_id: int | None = None
) -> Sequence[Case]:
    """Cases, oldest first; ``is_open`` None is all of them."""
    conditions: list[sa.ColumnElement[bool]] = []
    if is_open is not None:
        closed = desk_case.c.closed_at
        conditions.append(closed.is_(None) if is_open else closed.is_not(None))
    if subscriber_id is not None:
        conditions.append(desk_case.c.subscriber_id == subscriber_id)
    return _read(connection, *conditions)


def finish_step(
    connection: Connection, case_id: int, step: CaseStep, note: str, now: datetime
) -> bool:
    """Mark a step as done; False where it was done before."""
    statement = (
        sa.update(desk_step)
        .where(
            desk_step.c.case_id == case_id,
            desk_step.c.step == step.value,
            desk_step.c.done_at.is_(None),
        )
        .values(done_at=now, note=note)
    )
    return connection.execute(statement).rowcount > 0


def finish_steps(connection: Connection, case_id: int, note: str, now: datetime) -> None:
    """Mark all steps before the follow-through as done."""
    for step in CaseStep:
        if step is not CaseStep.FOLLOW_THROUGH:
            finish_step(connection, case_id, step, note, now)


def change_step(
    connection: Connection, case_id: int, step: CaseStep, values: Mapping[str, object]
) -> None:
    """Another ``owner`` or ``due_at`` for a step."""
    if values:
        connection.execute(
            sa.update(desk_step)
            .where(desk_step.c.case_id == case_id, desk_step.c.step == step.value)
            .values(**values)
        )


def reopen_case(
    connection: Connection, case_id: int, due: Mapping[CaseStep, datetime], now: datetime
) -> bool:
    """Open a closed case again, with every step but the greeting to do; False for an open one."""
    statement = (
        sa.update(desk_case)
        .where(desk_case.c.id == case_id, desk_case.c.closed_at.is_not(None))
        .values(closed_at=None, reopened_at=now)
    )
    if connection.execute(statement).rowcount == 0:
        return False
    for step in CaseStep:
        if step is not CaseStep.GREET:
            change_step(connection, case_id, step, {"done_at": None, "due_at": due[step]})
    return True


def find_followed_case(connection: Connection, transactional_id: int) -> int | None:
    """The case of a follow-through message."""
    found: int | None = connection.scalar(
        sa.select(desk_answer.c.case_id).where(
            desk_answer.c.transactional_id == transactional_id,
            desk_answer.c.case_id.is_not(None),
        )
    )
    return found


def _read(connection: Connection, *conditions: sa.ColumnElement[bool]) -> list[Case]:
    rows = connection.execute(
        sa.select(
            desk_case,
            subscriber.c.email,
            subscriber.c.first_name,
            subscriber.c.last_name,
            campaign.c.key.label("campaign_key"),
        )
        .join(subscriber, subscriber.c.id == desk_case.c.subscriber_id)
        .outerjoin(campaign, campaign.c.id == desk_case.c.campaign_id)
        .where(*conditions)
        .order_by(desk_case.c.opened_at, desk_case.c.id)
    ).all()
    ids = [row.id for row in rows]
    steps, exceptions = _read_steps(connection, ids), _read_exceptions(connection, ids)
    return [
        Case(
            id=row.id,
            subscriber_id=row.subscriber_id,
            email=row.email,
            name=f"{row.first_name} {row.last_name}".strip(),
            campaign_id=row.campaign_id,
            campaign_key=row.campaign_key,
            mail_id=row.mail_id,
            about=row.about,
            owner=row.owner,
            opened_at=row.opened_at,
            closed_at=row.closed_at,
            reopened_at=row.reopened_at,
            steps=steps.get(row.id, []),
            exceptions=exceptions.get(row.id, []),
        )
        for row in rows
    ]


def _read_steps(connection: Connection, ids: Sequence[int]) -> Mapping[int, list[StepRow]]:
    order = list(CaseStep)
    found: dict[int, list[StepRow]] = {}
    for row in connection.execute(sa.select(desk_step).where(desk_step.c.case_id.in_(ids))):
        step = StepRow(
            step=CaseStep(row.step),
            owner=row.owner,
            due_at=row.due_at,
            done_at=row.done_at,
            note=row.note,
        )
        found.setdefault(row.case_id, []).append(step)
    for steps in found.values():
        steps.sort(key=lambda each: order.index(each.step))
    return found


def _read_exceptions(
    connection: Connection, ids: Sequence[int]
) -> Mapping[int, list[ExceptionRow]]:
    query = sa.select(desk_exception).where(desk_exception.c.case_id.in_(ids))
    found: dict[int, list[ExceptionRow]] = {}
    for row in connection.execute(query.order_by(desk_exception.c.id)):
        exception = ExceptionRow(
            rule=row.rule,
            because=row.because,
            cost=row.cost,
            currency=row.currency,
            by=row.by,
            at=row.at,
        )
        found.setdefault(row.case_id, []).append(exception)
    return found
