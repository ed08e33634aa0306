"""Which saves the preview notices, and which it passes over."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lovecampaign.testing.campaigns import day_file, launch_file, write_campaign
from lovecampaign.web.preview.live.file_watcher import FileWatcher
from lovecampaign.web.reload import used_files

#: For a busy machine; what is noticed takes a tenth of it.
PATIENCE_SECONDS = 10
LAUNCH = {"copy": "../../shared/launch.md", "template": "launch", "to": "audience"}


class Workspace:
    """A campaign that uses files all over its workspace, and who watches it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.write("shared/launch.md", launch_file("launch") + "\n[[image: art/far.png | Far]]\n")
        self.write("shared/codes.csv", "code\nA-1\n")
        self.write("shared/linked.png", "old")
        self.write("art/far.png", "old")
        self.write("art/logo.png", "old")
        self.folder = write_campaign(
            root,
            days=2,
            settings={
                "launch": {"emails": {"launch": LAUNCH}},
                "deals": {"insider": {"codes": "../../shared/codes.csv"}},
                "brand": {"logo": "../../art/logo.png"},
            },
            files={"days/02-day-2.md": day_file(2, body="[[image: pictures/link.png | Linked]]")},
        )
        (self.folder / "pictures").mkdir()
        (self.folder / "pictures" / "link.png").symlink_to(root / "shared" / "linked.png")
        self.bursts = 0
        self.bugs: list[BaseException] = []
        self.on_burst: Callable[[], object] = lambda: None
        self._noticed = threading.Condition()

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    @contextlib.contextmanager
    def watched(self, *, is_polling: bool = False) -> Iterator[None]:
        watcher = FileWatcher(self.folder, self.root, self._notice, is_polling=is_polling)
        watcher.start(self.bugs.append)
        time.sleep(0.5)  # the watchers look at what is there first
        try:
            yield
        finally:
            watcher.stop()

    def _notice(self) -> None:
        with self._noticed:
            self.on_burst()
            self.bursts += 1
            self._noticed.notify_all()

    def notices(self, change: Callable[[], object], seconds: float = PATIENCE_SECONDS) -> bool:
        """Whether a change is noticed."""
        with self._noticed:
            before = self.bursts
            change()
            return self._noticed.wait_for(lambda: self.bursts > before, seconds)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


def test_whatever_the_campaign_uses_is_noticed_wherever_it_lies(workspace: Workspace) -> None:
    with workspace.watched():
        for name in (
            "campaigns/test-month/days/02-day-2.md",
            "campaigns/test-month/days/03-day-3.md",
            "templates/email/letter.mjml.j2",
            "shared/launch.md",
            "shared/codes.csv",
            "shared/linked.png",
            "art/far.png",
            "art/logo.png",
        ):
            path = workspace.root / name
            old = path.read_text() if path.exists() else ""
            assert workspace.notices(lambda: path.write_text(old + "\n")), name  # noqa: B023 - at once


def test_the_rest_of_the_workspace_is_passed_over(workspace: Workspace) -> None:
    with workspace.watched():
        for name in ("lovecampaign.db-wal", "outbox/new/1", "art/other.png", "shared/notes.md"):
            workspace.write(name, "new")

        assert not workspace.notices(lambda: workspace.write("art/other.png", "newer"), 0.6)


def test_a_file_that_is_named_before_it_is_there_is_noticed_when_it_comes(
    workspace: Workspace,
) -> None:
    settings = workspace.folder / "campaign.yaml"
    text = settings.read_text().replace("../../shared/launch.md", "../../words/late/launch.md")
    with workspace.watched():
        assert workspace.notices(lambda: settings.write_text(text))
        time.sleep(1.2)  # a person makes the next file later than that

        assert workspace.notices((workspace.root / "words").mkdir)
        time.sleep(1.2)
        assert workspace.notices(lambda: workspace.write("words/late/launch.md", "Hello"))


def test_a_burst_of_saves_is_one_change(workspace: Workspace) -> None:
    def save_often() -> None:
        for number in range(30):
            workspace.write("shared/launch.md", launch_file("launch") + str(number))

    with workspace.watched():
        assert workspace.notices(save_often)
        time.sleep(0.6)

        assert workspace.bursts <= 3


def test_polling_notices_the_second_of_two_quick_saves(workspace: Workspace) -> None:
    """Though the poller compares times in whole seconds."""
    told: list[str] = []
    file = workspace.root / "art" / "far.png"
    with workspace.watched(is_polling=True):
        time.sleep(1.1)
        workspace.on_burst = lambda: told.append(file.read_text())
        assert workspace.notices(lambda: file.write_text("first"))
        file.write_text("final")
        time.sleep(1.5)

    assert told[-1] == "final"


def test_polling_notices_a_save_in_the_second_of_its_first_look(workspace: Workspace) -> None:
    told: list[str] = []
    file = workspace.folder / "days" / "01-day-1.md"
    workspace.on_burst = lambda: told.append(file.read_text())
    time.sleep(1.0 - time.time() % 1.0)
    file.write_text(day_file(1, "The first"))
    with workspace.watched(is_polling=True):  # which takes half of the second
        file.write_text(day_file(1, "The final"))
        time.sleep(1.5)

    assert "The final" in told[-1]


def test_polling_notices_too(workspace: Workspace) -> None:
    with workspace.watched(is_polling=True):
        time.sleep(1.1)  # the poller compares times in whole seconds
        assert workspace.notices(lambda: workspace.write("art/far.png", "another and longer"))
        assert workspace.notices(
            lambda: workspace.write("campaigns/test-month/days/01-day-1.md", day_file(1))
        )


def test_files_outside_the_workspace_are_never_looked_at(workspace: Workspace) -> None:
    settings = workspace.folder / "campaign.yaml"
    settings.write_text(settings.read_text().replace("../../shared", "../../.."))

    assert all(
        path.is_relative_to(workspace.root) for path in used_files(workspace.folder, workspace.root)
    )
