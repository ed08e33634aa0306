"""Who joined after today's letter has it inside their welcome, and is told so."""

from __future__ import annotations

from datetime import timedelta

from lovecampaign.cli.resources.timeline import find_timeline
from lovecampaign.core.settings import Settings
from lovecampaign.delivery.transactional.worker import send_transactional
from lovecampaign.store.database.engine import Database
from tests.support.signup import welcome
from tests.support.stage import DAY_1, Stage

JOINED = DAY_1 + timedelta(hours=2)


def reasons(stage: Stage, address: str) -> dict[str, str | None]:
    timeline = find_timeline(stage.database, stage.campaign, address, stage.clock.now())
    return {entry.key: entry.reason for entry in timeline.entries if entry.key.startswith("day")}


def be_welcomed(stage: Stage, subscriber_id: int) -> None:
    welcome(stage, subscriber_id, stage.clock.now())
    with stage.sender() as sender:
        send_transactional(sender, [stage.campaign], lambda _campaign: lambda _email: ())


def test_the_day_inside_a_welcome_is_in_digest_and_not_missed(
    settings: Settings, database: Database
) -> None:
    stage = Stage(settings, database, days=3)
    stage.add_readers(2)
    stage.send()
    newcomer, _imported = stage.add_readers(2, joined_at=JOINED, name="new")
    stage.clock.move_to(JOINED)
    address, other = "new1@readers.example", "new2@readers.example"
    assert reasons(stage, address)["day-01"] == "joined_after"  # the welcome has not gone out

    be_welcomed(stage, newcomer)
    assert stage.states("welcome") == {"sent": 1}

    assert reasons(stage, address) == {"day-01": "in_digest", "day-02": None, "day-03": None}
    assert reasons(stage, other)["day-01"] == "joined_after"  # nobody welcomed them
    assert stage.states("day-01") == {"sent": 2}


def test_a_later_day_is_theirs_and_an_earlier_one_was_missed(
    settings: Settings, database: Database
) -> None:
    stage = Stage(settings, database, days=3)
    stage.add_readers(1)
    stage.send()
    day_2 = timedelta(days=1)
    stage.send(DAY_1 + day_2)
    [newcomer] = stage.add_readers(1, joined_at=JOINED + day_2, name="new")
    stage.clock.move_to(JOINED + day_2)
    be_welcomed(stage, newcomer)

    assert reasons(stage, "new1@readers.example") == {
        "day-01": "joined_after",
        "day-02": "in_digest",
        "day-03": None,
    }
