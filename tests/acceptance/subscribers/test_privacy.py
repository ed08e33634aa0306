"""What is private stays private, and what is erased is gone, while other commands run."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.acceptance.program import CLEAN_ENVIRONMENT, Shop, lovecampaign
from tests.support.processes.serve import running_serve

NOW = ("--now", "2027-02-01T09:30:00+01:00")
ANA = "ana@readers.example"


def files_with(folder: Path, words: str) -> list[str]:
    """The files that contain these words, in any case."""
    wanted = words.encode()
    files = (path for path in folder.rglob("*") if path.is_file())
    return [path.name for path in files if wanted in path.read_bytes().lower()]


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "nothing happened"
        time.sleep(0.05)


@contextlib.contextmanager
def running_run(folder: Path, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
    words = [sys.executable, "-m", "lovecampaign", "run", "--yes", "--json"]
    with subprocess.Popen(
        words,
        cwd=folder,
        env={**CLEAN_ENVIRONMENT, **settings},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)


def test_a_forgotten_address_is_in_no_file_while_serve_and_run_are_open(
    shop: Shop, tmp_path: Path
) -> None:
    (shop.folder / "people.csv").unlink()
    # A maildir outside: what was delivered is in its receiver's hands.
    outbox = tmp_path / "delivered"
    settings = {"LOVECAMPAIGN_PROVIDER": f"maildir:{outbox}"}
    sent = shop.data("send", "--yes", *NOW, **settings)
    assert sent["sent"]
    with (
        running_serve(shop.folder, **settings),
        running_run(shop.folder, **settings) as run,
    ):
        journals = shop.folder / ".lovecampaign"
        wait_until(lambda: len(list(journals.rglob("*.journal"))) >= 2 or run.poll() is not None)
        assert run.poll() is None
        assert files_with(shop.folder, ANA)
        lovecampaign("subscribers", "forget", ANA, "--yes", cwd=shop.folder).done()
        assert files_with(shop.folder, ANA) == []
        assert files_with(shop.folder, "ben@readers.example")
        assert run.poll() is None


def test_files_with_people_or_letters_are_their_owners_alone(shop: Shop) -> None:
    for path in shop.folder.glob("lovecampaign.db*"):
        path.unlink()
    script = f"""
        umask 000
        set -e
        P="{sys.executable} -m lovecampaign"
        $P subscribers import people.csv --apply --now 2027-01-20T12:00Z
        $P send --yes {" ".join(NOW)}
        $P subscribers export all.csv
        $P db backup copy.db
    """
    subprocess.run(
        ["bash", "-c", script], cwd=shop.folder, env=CLEAN_ENVIRONMENT, check=True, timeout=120
    )
    made = [
        *shop.folder.glob("lovecampaign.db*"),
        *(shop.folder / "outbox").rglob("*"),
        shop.folder / "outbox",
        shop.folder / ".lovecampaign",
        shop.folder / "all.csv",
        shop.folder / "copy.db",
    ]
    assert len(made) > 8
    assert {path: oct(path.stat().st_mode) for path in made if path.stat().st_mode & 0o077} == {}


def test_the_wal_is_as_private_as_its_database(shop: Shop) -> None:
    with running_serve(shop.folder):
        found = list(shop.folder.glob("lovecampaign.db-*"))
        assert {path.name for path in found} >= {"lovecampaign.db-wal", "lovecampaign.db-shm"}
        assert all(path.stat().st_mode & 0o077 == 0 for path in found)


def test_doctor_names_files_that_others_can_read(shop: Shop) -> None:
    shop.type("subscribers", "export", "all.csv").done()
    shop.type("db", "backup", "older.db").done()
    shop.type("send", "--yes", *NOW).done()
    assert "other users of this machine" not in shop.type("doctor").out
    opened = ("all.csv", "lovecampaign.db", "older.db", "outbox")
    for name in opened:
        (shop.folder / name).chmod(0o755)
    said = shop.type("doctor")
    for name in opened:
        assert name in said.out
    assert "chmod -R go= " in said.out
    fixing = next(line for line in said.out.splitlines() if "chmod -R" in line)
    subprocess.run(fixing.partition("type: ")[2], shell=True, check=True)
    assert "other users of this machine" not in shop.type("doctor").out


def test_a_password_in_the_query_of_a_database_url_is_never_shown(shop: Shop) -> None:
    url = "postgresql://127.0.0.1:9/bloom?user=ana&password=s3cret-Word&connect_timeout=1"
    for words in (("status",), ("doctor",), ("db", "copy", "sqlite:///lovecampaign.db", url)):
        for form in ((), ("--json",)):
            said = shop.type(*words, *form, LOVECAMPAIGN_DATABASE_URL=url)
            assert said.code != 0
            assert "s3cret-Word" not in said.out + said.err
    said = shop.type("db", "copy", "sqlite:///a.db", "sqlite:///b.db", url)
    assert said.code == 2
    assert "s3cret-Word" not in said.out + said.err
    assert json.loads(shop.type("doctor", "--json").out)["schema"]


def test_check_and_preview_show_no_private_file(shop: Shop) -> None:
    secret = "q8Zw-secret"
    folder = shop.folder / "campaigns" / "test-month"
    env = shop.folder / ".env"
    env.write_text(env.read_text() + f'NOTE="{{{{ {secret}: x"\n')
    day, second = folder / "days" / "01-day-1.md", folder / "days" / "02-day-2.md"
    second.write_text(second.read_text() + "\n[[image: ../../.env | Words]]\n")
    day.unlink()
    day.symlink_to("../../../.env")
    for form in ("text", "json", "github"):
        said = shop.type("check", "--format", form)
        assert said.code == 1
        assert "LC039" in said.out
        assert secret not in said.out + said.err
    said = shop.type("preview", "--export", "exported")
    shown = [path for path in shop.folder.rglob("exported/**/*") if path.is_file()]
    assert secret not in said.out + said.err
    assert not [path for path in shown if secret in path.read_text("utf-8", "replace")]
