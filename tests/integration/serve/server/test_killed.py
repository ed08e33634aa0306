"""``serve`` is killed in the middle of sending confirmations: nothing is lost, nothing doubled."""

from __future__ import annotations

import json
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from lovecampaign.core.tokens import Purpose, RowKey, TokenSigner
from lovecampaign.store import tables
from lovecampaign.store.signup.request import request_signup
from lovecampaign.testing.smtp_connection import SmtpServerOptions
from lovecampaign.testing.smtp_server import SmtpServer
from tests.chaos.commands import fork_command as lovecampaign
from tests.support.processes.serve import RunningServe, running_serve
from tests.support.signup import application, asked_rows, asked_states, record_of
from tests.support.stage import Stage

PEOPLE = 60


def ask_all(stage: Stage) -> None:
    record, now = record_of(stage), datetime.now(UTC)
    for number in range(PEOPLE):
        address = f"person{number}@reader.example"
        request_signup(stage.database, address, address, application(), record.id, now)


def states(stage: Stage) -> Counter[str]:
    return Counter(state for _, state in asked_states(stage.database))


def wait_until_settled(stage: Stage) -> None:
    until = time.monotonic() + 40
    while states(stage)["planned"] + states(stage)["claimed"]:
        assert time.monotonic() < until, states(stage)
        time.sleep(0.1)


def kill_after(server: SmtpServer, served: RunningServe, count: int) -> None:
    until = time.monotonic() + 20
    while len(server.received) < count:
        assert time.monotonic() < until
        time.sleep(0.005)
    assert served.process.kill()


def test_after_kill_9_every_confirmation_was_sent_once_or_is_in_doubt(
    stage: Stage, tmp_path: Path
) -> None:
    ask_all(stage)
    with SmtpServer(SmtpServerOptions(latency_seconds=0.01)) as server:
        settings = {
            "LOVECAMPAIGN_PROVIDER": f"smtp://127.0.0.1:{server.port}",
            "LOVECAMPAIGN_DATABASE_URL": stage.settings.database_url,
        }
        for count in (7, 25):
            with running_serve(tmp_path, **settings) as served:
                kill_after(server, served, count)
        with running_serve(tmp_path, **settings) as served:
            wait_until_settled(stage)
            assert served.stop().code == 0
        taken = server.counts

    signer = TokenSigner(["test-key"])
    assert set(taken.values()) == {1}
    doubtful = 0
    for row in asked_rows(stage.database):
        count = taken[signer.sign(Purpose.TRANSACTIONAL, RowKey(row.id, row.nonce))]
        assert (row.state, count) in {("sent", 1), ("in_doubt", 0), ("in_doubt", 1)}
        doubtful += row.state == "in_doubt"
    # What was on the wire: two messages for each connection of each process that was killed.
    assert doubtful <= 2 * 2 * 4


def test_what_was_asked_for_while_nobody_sent_goes_out_at_the_next_start(
    stage: Stage, tmp_path: Path
) -> None:
    ask_all(stage)
    began = datetime.now(UTC)
    with SmtpServer() as server:
        settings = {
            "LOVECAMPAIGN_PROVIDER": f"smtp://127.0.0.1:{server.port}",
            "LOVECAMPAIGN_DATABASE_URL": stage.settings.database_url,
        }
        with running_serve(tmp_path, **settings) as served:
            wait_until_settled(stage)
            ended = served.stop()
    assert (ended.code, states(stage)) == (0, Counter(sent=PEOPLE))
    assert ended.seconds < 2
    assert datetime.now(UTC) - began < timedelta(seconds=30)


def test_what_is_in_doubt_is_listed_for_the_operator(stage: Stage, tmp_path: Path) -> None:
    ask_all(stage)
    with stage.database.write() as connection:
        connection.execute(
            sa.update(tables.transactional)
            .where(tables.transactional.c.id == 1)
            .values(state="in_doubt", claimed_at=datetime.now(UTC))
        )

    url = stage.settings.database_url
    said = lovecampaign("in-doubt", "--json", cwd=tmp_path, LOVECAMPAIGN_DATABASE_URL=url)

    [listed] = json.loads(said.out)["data"]["asked"]
    assert (listed["kind"], listed["email"]) == ("confirm", "person0@reader.example")
    shown = lovecampaign("in-doubt", cwd=tmp_path, LOVECAMPAIGN_DATABASE_URL=url)
    assert "a person who misses it can ask again" in shown.out
