"""After ``kill -9`` the flight's notes and the server's log agree about what has left."""

from __future__ import annotations

import contextlib
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lovecampaign.testing.received import read_log

SENDER = """
import os, sys
from pathlib import Path
from lovecampaign.providers.factory import open_provider
from lovecampaign.core.settings import Settings
from lovecampaign.testing.messages import make_message

class Journal:
    def __init__(self, path):
        self.file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    def writing(self, delivery_id):
        os.write(self.file, f"writing {delivery_id}\\n".encode())
    def answered(self, outcome):
        os.write(self.file, f"{outcome.kind} {outcome.delivery_id}\\n".encode())

url, base, journal = sys.argv[1:]
provider = open_provider(Settings(
    workspace=Path(), provider_url=url, sendgrid_base_url=base, sendgrid_api_key="SG.x"))
for outcome in provider.send(map(make_message, range(5000)), Journal(journal)):
    pass
"""


@contextlib.contextmanager
def running(module: str, log: Path) -> Iterator[int]:
    command = [sys.executable, "-m", f"lovecampaign.testing.{module}", "--log", str(log)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield int(server.stdout.readline().removeprefix("listening on "))
        server.terminate()


@pytest.mark.parametrize(
    ("module", "url", "in_the_air"),
    [("smtp_server", "smtp://127.0.0.1:{port}", 4), ("sendgrid_server", "sendgrid:", 8)],
)
def test_what_is_in_doubt_after_a_kill_is_at_most_what_was_on_the_wire(
    tmp_path: Path, module: str, url: str, in_the_air: int
) -> None:
    log, journal = tmp_path / "log", tmp_path / "journal"
    with running(module, log) as port:
        base = f"http://127.0.0.1:{port}"
        arguments = [sys.executable, "-c", SENDER, url.format(port=port), base, str(journal)]
        with subprocess.Popen(arguments) as sender:
            while len(read_log(log)) < 20:
                assert sender.poll() is None, "the sender ended before it was killed"
                time.sleep(0.01)
            time.sleep(random.uniform(0, 0.1))
            sender.kill()
        time.sleep(0.2)  # what was in the air lands

    notes = [line.split() for line in journal.read_text().splitlines()]
    writing = {delivery_id for note, delivery_id in notes if note == "writing"}
    accepted = {delivery_id for note, delivery_id in notes if note == "accepted"}
    taken = read_log(log)
    assert set(taken.values()) == {1}, "nothing is sent twice"
    assert accepted <= set(taken) <= writing
    assert len(writing - accepted) <= in_the_air
