"""The contract of both dispatchers: whatever delivers, each due delivery goes out once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

from lovecampaign.campaign.model.campaign import Email
from lovecampaign.core.message import FaultKind, Message, Outcome, OutcomeKind
from lovecampaign.core.problems import Problem
from lovecampaign.delivery.engine.dispatch import QueueDispatcher
from lovecampaign.delivery.loop.send import PassOptions, send_due
from lovecampaign.delivery.prepare.readiness import Checker, EditPolicy
from lovecampaign.providers.base.memory import accept_all
from lovecampaign.providers.base.outcomes import AddressedMessage, Verdict, transient
from lovecampaign.store.ledger.campaigns import cancel_email, find_campaign, pause, resume
from tests.integration.engine.conftest import Heard, make_worker, no_problems
from tests.support.stage import DAY_1, Stage

#: Delivers all that is due, as ``run`` and its workers do.
DeliverDue = Callable[..., None]


@pytest.fixture(params=["in-process", "procrastinate"])
def deliver_due(request: pytest.FixtureRequest, stage: Stage, heard: Heard) -> DeliverDue:
    """One pass of ``run``, and of a worker where the engine has some."""
    has_workers = request.param == "procrastinate"

    def deliver(check: Checker = no_problems) -> None:
        options = PassOptions(
            on_edit=EditPolicy(keeps_frozen=True),
            dispatcher=QueueDispatcher() if has_workers else None,
        )
        with stage.sender() as sender:
            send_due(sender, stage.campaign, options, check)
        if has_workers:
            make_worker(stage, heard, check=check).run_until_idle()
        assert heard.bugs == []

    return deliver


def test_each_due_delivery_goes_out_once(stage: Stage, deliver_due: DeliverDue) -> None:
    stage.add_readers(45)
    deliver_due()
    deliver_due()
    assert stage.states("day-01") == {"sent": 45}
    assert len(stage.addresses()) == len(set(stage.addresses())) == 45


def test_nothing_goes_out_during_a_pause(stage: Stage, deliver_due: DeliverDue) -> None:
    stage.add_readers(3)
    with stage.sender() as sender:
        send_due(sender, stage.campaign, PassOptions(limit=1), no_problems)
    record = find_campaign(stage.database, stage.campaign)
    assert record is not None
    with stage.database.write() as connection:
        pause(connection, record.id, DAY_1, "for a test")
    deliver_due()
    assert len(stage.addresses()) == 1
    with stage.database.write() as connection:
        resume(connection, record.id)
    deliver_due()
    assert len(stage.addresses()) == 3


def test_a_cancelled_email_is_not_sent(stage: Stage, deliver_due: DeliverDue) -> None:
    stage.add_readers(3)
    with stage.sender() as sender:
        send_due(sender, stage.campaign, PassOptions(limit=1), no_problems)
    record = find_campaign(stage.database, stage.campaign)
    assert record is not None
    with stage.database.write() as connection:
        cancel_email(connection, record.email_ids["day-01"], DAY_1)
    deliver_due()
    assert stage.states("day-01") == {"sent": 1, "cancelled": 2}


def test_an_email_with_mistakes_waits_until_they_are_fixed(
    stage: Stage, deliver_due: DeliverDue
) -> None:
    def refuse(_email: Email) -> list[Problem]:
        return [Problem(code="LC999", message="a mistake")]

    stage.add_readers(3)
    deliver_due(refuse)
    assert stage.states("day-01") == {"planned": 3}
    deliver_due()
    assert stage.states("day-01") == {"sent": 3}


def test_a_transient_failure_is_tried_again_when_it_is_due(
    stage: Stage, deliver_due: DeliverDue
) -> None:
    def defer_one(message: Message) -> Verdict:
        if message.to.email.startswith("reader2@"):
            return transient("try later")
        return accept_all(message)

    stage.add_readers(3)
    stage.memory.script = defer_one
    deliver_due()
    assert stage.states("day-01") == {"sent": 2, "planned": 1}
    stage.memory.script = accept_all
    deliver_due()
    assert stage.states("day-01") == {"sent": 2, "planned": 1}
    stage.clock.move_to(DAY_1 + timedelta(minutes=2))
    deliver_due()
    assert stage.states("day-01") == {"sent": 3}


def test_the_claims_of_a_dead_process_are_taken_over(stage: Stage, deliver_due: DeliverDue) -> None:
    class Dies(Exception):
        pass

    def die_at_the_third(message: Message) -> Verdict:
        if len(stage.memory.sent) == 2:
            raise Dies
        return accept_all(message)

    stage.add_readers(5)
    stage.memory.script = die_at_the_third
    with pytest.raises(Dies):
        stage.send()
    assert stage.states("day-01") == {"claimed": 5}
    stage.memory.script = accept_all
    deliver_due()
    assert stage.states("day-01") == {"sent": 5}
    assert len(stage.addresses()) == len(set(stage.addresses())) == 5


def test_several_may_start_at_once(stage: Stage, deliver_due: DeliverDue) -> None:
    stage.add_readers(60)
    machines = [threading.Thread(target=deliver_due) for _ in range(3)]
    for each in machines:
        each.start()
    for each in machines:
        each.join()
    deliver_due()
    assert stage.states("day-01") == {"sent": 60}
    assert len(stage.addresses()) == len(set(stage.addresses())) == 60


class _Away(Verdict):
    """No connection: no byte was written."""

    def on(self, message: AddressedMessage) -> Outcome:
        return super().on(message)._replace(is_unasked=True)


def test_a_provider_that_takes_no_more_loses_nothing(stage: Stage, deliver_due: DeliverDue) -> None:
    def leave(message: Message) -> Verdict:
        if len(stage.memory.sent) < 2:
            return accept_all(message)
        return _Away(kind=OutcomeKind.TRANSIENT, fault=FaultKind.PROVIDER, detail="no answer")

    stage.add_readers(4)
    stage.memory.script = leave
    deliver_due()
    assert stage.states("day-01") == {"sent": 2, "planned": 2}
    stage.memory.script = accept_all
    deliver_due()
    assert stage.states("day-01") == {"sent": 4}
