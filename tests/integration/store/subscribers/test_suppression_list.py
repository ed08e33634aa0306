"""Suppressions are listed with the server's words, and those of bounces can be lifted."""

from __future__ import annotations

from datetime import timedelta

import pytest

from lovecampaign.audience.subscriber import SuppressionReason
from lovecampaign.core.message import FaultKind
from lovecampaign.core.settings import Settings
from lovecampaign.providers.base.memory import MemoryProvider
from lovecampaign.providers.base.outcomes import permanent
from lovecampaign.store.database.engine import Database
from lovecampaign.store.subscribers.suppression_list import (
    LiftFilter,
    lift,
    list_suppressions,
    plan_lift,
)
from lovecampaign.store.subscribers.suppressions import Suppression, suppress
from tests.support.stage import DAY_1, Stage

WORDS = "550 5.1.1 no such user, smtp authentication"


@pytest.fixture
def bounced(settings: Settings, database: Database) -> Stage:
    """Two readers, both suppressed for a bounce; the second one has left, too."""
    stage = Stage(settings, database)
    stage.add_readers(2)
    stage.provider = MemoryProvider(lambda _: permanent(WORDS, FaultKind.RECIPIENT))
    assert stage.send(DAY_1).failed == 2
    with stage.database.read() as connection:
        keys = sorted(one.address_key for one in list_suppressions(connection))
    left = Suppression(reason=SuppressionReason.UNSUBSCRIBED, source="one-click")
    suppress(stage.database, keys[1], left, DAY_1 + timedelta(hours=1))
    return stage


def test_the_words_are_those_of_the_server_or_of_the_source(bounced: Stage) -> None:
    with bounced.database.read() as connection:
        listed = list_suppressions(connection)
        assert len(list_suppressions(connection, SuppressionReason.HARD_BOUNCE)) == 2
    assert [(one.reason.value, one.words) for one in listed] == [
        ("unsubscribed", "one-click"),
        ("hard_bounce", WORDS),
        ("hard_bounce", WORDS),
    ]


def test_a_lift_of_bounces_brings_back_nobody_who_left(bounced: Stage) -> None:
    wanted = LiftFilter(reason=SuppressionReason.HARD_BOUNCE, since=DAY_1, words="SMTP auth")
    with bounced.database.write() as connection:
        plan = plan_lift(connection, wanted)
        lift(connection, plan, DAY_1 + timedelta(hours=2))
        staying = list_suppressions(connection)
    assert len(plan.lifted) == 2
    assert list(plan.kept.values()) == [SuppressionReason.UNSUBSCRIBED]
    assert [one.reason.value for one in staying] == ["unsubscribed"]


@pytest.mark.parametrize(
    "wanted",
    [
        LiftFilter(reason=SuppressionReason.HARD_BOUNCE, words="quota"),
        LiftFilter(reason=SuppressionReason.HARD_BOUNCE, since=DAY_1 + timedelta(days=1)),
        LiftFilter(reason=SuppressionReason.SOFT_BOUNCES),
        LiftFilter(reason=SuppressionReason.UNSUBSCRIBED),
    ],
)
def test_other_words_times_and_reasons_are_not_lifted(bounced: Stage, wanted: LiftFilter) -> None:
    with bounced.database.read() as connection:
        assert not plan_lift(connection, wanted).lifted
