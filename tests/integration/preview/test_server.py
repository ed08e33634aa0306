"""The preview as it answers: its doors, its pages, its end."""

from __future__ import annotations

import contextlib
import http.client
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path

import pytest

from lovecampaign.testing.campaigns import day_file, write_campaign
from tests.chaos.commands import fork_command as lovecampaign
from tests.chaos.process_parent import FRESH
from tests.support.processes.preview import RunningPreview, running_preview

ORIGIN_OF_OTHERS = "https://evil.example"
#: What only a subscriber's page, a report and the calendar file need.
LOADED_ON_USE = {
    "lovecampaign.delivery.prepare.notes",
    "lovecampaign.render.plain.event_title",
    "lovecampaign.store.reports.campaign_report",
    "lovecampaign.store.reports.subscriber_timeline",
}


@pytest.fixture(scope="module")
def preview(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPreview]:
    workspace = tmp_path_factory.mktemp("workspace")
    write_campaign(workspace, settings={"skip": [7]}, files={"days/07-day-7.md": None})
    with running_preview(workspace) as running:
        yield running


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPreview]:
    workspace = tmp_path_factory.mktemp("shared")
    write_campaign(workspace, days=2)
    (workspace / "people.csv").write_text("email\njoana@example.com\n")
    importing = ("subscribers", "import", "people.csv", "--list", "readers", "--apply")
    lovecampaign(*importing, cwd=workspace, LOVECAMPAIGN_SECRET_KEY="test-key").done()
    with running_preview(workspace, "--share") as running:
        yield running


def form_token(preview: RunningPreview) -> str:
    found = re.search(r'name="token" value="([^"]+)"', preview.get("/email/day-02").text)
    assert found is not None
    return found[1]


def letters_in(workspace: Path) -> list[Path]:
    return list((workspace / "outbox" / "new").glob("*"))


class TestDoors:
    """Who gets in."""

    def test_it_listens_on_this_machine_only(self, preview: RunningPreview) -> None:
        assert preview.url == f"http://127.0.0.1:{preview.port}/"
        with socket.socket() as other:  # 127.0.0.2 is this machine too, and not where it listens
            assert other.connect_ex(("127.0.0.2", preview.port)) != 0

    @pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:1", ""])
    def test_a_host_that_is_not_ours_gets_nothing(self, preview: RunningPreview, host: str) -> None:
        for path in ("/", "/email/day-02", "/static/preview.js", "/events"):
            answer = preview.get(path, Host=host)
            assert answer.status in (400, 421)
            assert "Test Month" not in answer.text

    def test_pages_may_load_nothing_from_elsewhere_and_frames_run_nothing(
        self, preview: RunningPreview
    ) -> None:
        page = preview.get("/email/day-02").headers["content-security-policy"]
        frame = preview.get("/frame/day-02").headers["content-security-policy"]

        assert page.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
        assert "frame-ancestors 'none'" in page
        assert "script-src" not in frame
        assert "default-src 'none'" in frame
        for policy in (page, frame):
            assert "http" not in policy

    def test_nothing_is_written_that_a_page_could_run_or_style_inline(
        self, preview: RunningPreview
    ) -> None:
        for path in ("/", "/email/day-02", "/reader", "/day/2027-02-28"):
            page = preview.get(path).text
            assert not re.search(r"<[^>]+\s(?:style|on\w+)=|<style|<script(?! src=)", page)


class TestPages:
    """What stands on them."""

    def test_the_month_shows_every_day_with_kind_and_subject(self, preview: RunningPreview) -> None:
        page = preview.get("/").text

        assert page.count('class="day') >= 28
        assert "Day 2: a small thing for you" in page
        assert "kind-story" in page
        assert "no letter" in page
        assert "early access for insiders" in page
        assert "Bloom for life, at the insiders&#39; price: 59 EUR" in page

    def test_a_reader_is_named_by_the_address(self, preview: RunningPreview) -> None:
        assert "Hi Sam," in preview.get("/frame/day-02").text
        assert "Hi friend," in preview.get("/frame/day-02?as=no-name").text
        assert "what they get" in preview.get("/?as=robin").text.lower()

    def test_what_is_not_there_is_said_kindly(self, preview: RunningPreview) -> None:
        for path in (
            "/email/day-99",
            "/?as=nobody",
            "/?as=7",
            "/frame/day-02?mode=pink",
            "/day/soon",
            "/i/none",
        ):
            answer = preview.get(path)
            assert answer.status == 404
            assert "Nothing is here" in answer.text

    def test_the_calendar_can_be_taken_home(self, preview: RunningPreview) -> None:
        answer = preview.get("/calendar.ics")

        assert answer.headers["content-type"].startswith("text/calendar")
        assert answer.text.count("BEGIN:VEVENT") == 30
        assert "attachment" in answer.headers["content-disposition"]

    def test_an_email_is_told_in_all_its_parts(self, preview: RunningPreview) -> None:
        page = preview.get("/email/day-02").text

        for part in ("In the inbox", "List-Unsubscribe", "kB of HTML", "Gmail clips at 102.0 kB"):
            assert part in page
        assert "https://bloom.example/day-2" in page
        assert 'sandbox="allow-same-origin"' in page

    def test_no_database_is_made_by_looking(self, preview: RunningPreview) -> None:
        preview.get("/people?q=a")

        assert list(preview.workspace.glob("*.db*")) == []


class TestSendMeThis:
    """A test message, and who may ask for one."""

    def test_it_leaves_as_a_marked_test(self, preview: RunningPreview) -> None:
        form = {
            "token": form_token(preview),
            "key": "day-03",
            "as": "no-name",
            "to": "me@my.example",
        }
        before = len(letters_in(preview.workspace))
        answer = preview.post("/send", form, Origin=preview.origin)
        letters = [path.read_text() for path in letters_in(preview.workspace)]

        assert (answer.status, '"ok":true' in answer.text) == (200, True)
        assert len(letters) == before + 1
        assert any("To: me@my.example" in each and "[Test]" in each for each in letters)
        assert any("Hi friend," in each for each in letters)

    @pytest.mark.parametrize("origin", [ORIGIN_OF_OTHERS, "null", ""])
    def test_a_page_from_elsewhere_cannot_send(self, preview: RunningPreview, origin: str) -> None:
        form = {"token": form_token(preview), "key": "day-03", "as": "sam", "to": "me@my.example"}
        before = len(letters_in(preview.workspace))

        assert preview.post("/send", form, Origin=origin).status == 403
        assert (
            preview.post("/send", {**form, "token": "guess"}, Origin=preview.origin).status == 403
        )
        assert preview.get("/send").status == 405
        assert len(letters_in(preview.workspace)) == before

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"to": "me@"}, "is not an email address"),
            ({"key": "day-99"}, "no email day-99"),
            ({"as": "nobody"}, "no such reader"),
        ],
    )
    def test_what_cannot_be_sent_is_said(
        self, preview: RunningPreview, changes: dict[str, str], words: str
    ) -> None:
        form = {"token": form_token(preview), "key": "day-03", "as": "sam", "to": "me@my.example"}
        answer = preview.post("/send", form | changes, Origin=preview.origin)

        assert '"ok":false' in answer.text
        assert words in answer.text


class TestEnd:
    """Ctrl-C."""

    @pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)])
    def test_it_ends_at_once_although_a_page_is_open(
        self, tmp_path: Path, number: signal.Signals, code: int
    ) -> None:
        write_campaign(tmp_path, days=2)
        with (
            running_preview(tmp_path, program=FRESH) as running,
            urllib.request.urlopen(running.origin + "/events", timeout=10) as events,
        ):
            assert events.readline() == b"event: state\n"
            began = time.monotonic()
            ended, err = running.stop(number)
            took = time.monotonic() - began

        assert ended == code
        assert took < 3
        assert "Traceback" not in err

    def test_a_port_that_is_taken_is_said(self, preview: RunningPreview) -> None:
        said = lovecampaign("preview", "--port", str(preview.port), cwd=preview.workspace)

        assert said.code == 2
        assert "--port 0" in said.err


class TestShare:
    """For a phone on the same network."""

    def test_nobody_gets_in_without_the_link(self, shared: RunningPreview) -> None:
        for path in ("/", "/email/day-01", "/frame/day-01", "/events", "/static/preview.js"):
            assert shared.get(path).status == 403
        assert shared.get("/?key=guess").status == 403
        assert shared.get("/", Cookie="lovecampaign_preview=guess").status == 403

    def test_the_link_opens_every_page_and_hides_its_key(self, shared: RunningPreview) -> None:
        path = shared.url.removeprefix(shared.origin)
        first = shared.get(path + "&as=robin")
        cookie = first.headers["set-cookie"]

        assert (first.status, first.headers["location"]) == (303, "/?as=robin")
        assert "HttpOnly" in cookie
        assert "samesite=strict" in cookie.lower()
        ours = cookie.partition(";")[0]
        assert shared.get("/", Cookie=ours).status == 200
        # Programs at other ports of this machine share the browser's cookies.
        assert shared.get("/", Cookie=f"of@another=1; {ours}").status == 200

    def test_another_device_sees_made_up_readers_and_sends_nothing(
        self, shared: RunningPreview
    ) -> None:
        path = shared.url.removeprefix(shared.origin)
        cookie = shared.get(path).headers["set-cookie"].partition(";")[0]

        def get(path: str) -> str:
            """As a device that is not this one: 127.0.0.2 stands for it."""
            device = http.client.HTTPConnection(
                "127.0.0.1", shared.port, timeout=10, source_address=("127.0.0.2", 0)
            )
            with contextlib.closing(device):
                device.request("GET", path, headers={"Cookie": cookie})
                return device.getresponse().read().decode()

        assert "Send me this" in shared.get("/email/day-01", Cookie=cookie).text
        assert "Day 1" in get("/email/day-01")
        assert "Send me this" not in get("/email/day-01")
        assert "joana@" in shared.get("/people?q=joa", Cookie=cookie).text
        assert get("/people?q=joa") == "[]"
        assert "Nothing is here" in get("/?as=1")
        day = "/day/2027-02-02"
        assert "joana@" in shared.get(day, Cookie=cookie).text
        assert "Sam Reader" in get(day)
        assert "joana@" not in get(day)
        assert "1</b> of 1 person" in shared.get("/count/day-02", Cookie=cookie).text
        assert "person" not in get("/count/day-02")


class TestExport:
    """A copy on disk."""

    def test_every_page_and_picture_is_there_and_nothing_leads_outside(
        self, tmp_path: Path
    ) -> None:
        write_campaign(tmp_path, days=3)
        said = lovecampaign("preview", "--export", "copy", "--json", cwd=tmp_path).done()
        copy = tmp_path / "copy"
        pages = {path.relative_to(copy).as_posix() for path in copy.rglob("*.html")}

        assert said.data["files"] == sum(path.is_file() for path in copy.rglob("*"))
        assert {"index.html", "email-day-01.html", "frames/day-01-dark.html"} <= pages
        for name in pages:
            for address in addresses_in((copy / name).read_text()):
                assert (copy / address).exists(), f"{name} names {address}"

    def test_it_tells_what_check_finds_out_about_the_people_on_the_lists(
        self, tmp_path: Path
    ) -> None:
        warnings = warnings_about_people(tmp_path)
        lovecampaign("preview", "--export", "copy", "--json", cwd=tmp_path).done()
        month = unescape((tmp_path / "copy" / "index.html").read_text())
        day = unescape((tmp_path / "copy" / "email-day-02.html").read_text())

        assert "no mistakes" not in month
        for warning in warnings:
            assert warning in month + day

    def test_nothing_is_overwritten(self, tmp_path: Path) -> None:
        write_campaign(tmp_path, days=2)
        (tmp_path / "copy").mkdir()
        (tmp_path / "copy" / "mine.txt").touch()
        said = lovecampaign("preview", "--export", "copy", cwd=tmp_path)

        assert said.code == 2
        assert "is not empty" in said.err

    def test_a_campaign_that_cannot_be_read_leaves_no_half_copy(self, tmp_path: Path) -> None:
        write_campaign(tmp_path, days=2, settings={"start": "soon"})
        said = lovecampaign("preview", "--export", "copy", cwd=tmp_path)

        assert said.code == 1
        assert not (tmp_path / "copy").exists()


def addresses_in(page: str) -> set[str]:
    """What our own pages link to; emails link to the world, and that goes nowhere."""
    if 'class="top"' not in page:
        return set()
    found = re.findall(r'(?:href|src|data-(?:light|dark|inverted))="([^"#]+)"', page)
    return {address for address in found if not address.startswith("data:")}


def warnings_about_people(workspace: Path) -> list[str]:
    """What ``check`` says of a month in which a letter needs a field that one of two has."""
    body = "Hello,\n\nhow is {{ fields.pet }}?"
    write_campaign(workspace, days=3, files={"days/02-day-2.md": day_file(2, body=body)})
    (workspace / "people.csv").write_text(
        "email,pet\njoana@example.com,Rex\nsam@example.com,\n", encoding="utf-8"
    )
    importing = ("subscribers", "import", "people.csv", "--list", "readers", "--apply")
    lovecampaign(*importing, cwd=workspace, LOVECAMPAIGN_SECRET_KEY="test-key").done()
    said = lovecampaign("check", "--json", cwd=workspace)
    warnings = [str(one["message"]) for one in said.json["errors"] + said.json["warnings"]]
    assert any("1 of 2 readers have no field pet" in one for one in warnings)
    return warnings


def test_a_running_preview_tells_what_check_finds_out_about_the_people_on_the_lists(
    tmp_path: Path,
) -> None:
    warnings = warnings_about_people(tmp_path)
    with running_preview(tmp_path) as running:

        def are_told() -> bool:
            pages = unescape(running.get("/").text + running.get("/email/day-02").text)
            return all(warning in pages for warning in warnings)

        assert eventually(are_told)


def test_a_campaign_that_cannot_be_read_is_explained_and_appears_once_fixed(
    tmp_path: Path,
) -> None:
    folder = write_campaign(tmp_path, days=2, settings={"start": "soon"})
    with running_preview(tmp_path) as running:
        page = running.get("/").text
        assert "campaign.yaml:" in page
        assert "Fix this" in page

        file = folder / "campaign.yaml"
        file.write_text(file.read_text().replace("start: soon", "start: 2027-02-01"))
        assert eventually(lambda: "Day 1: a small thing" in running.get("/").text)


def test_an_email_that_was_never_without_a_mistake_shows_the_mistake(tmp_path: Path) -> None:
    files = {"days/01-day-1.md": day_file(1, body="Hi {{ first_nme }}")}
    write_campaign(tmp_path, days=2, files=files)
    with running_preview(tmp_path) as running:
        answer = running.get("/email/day-01")

        assert answer.status == 200
        assert "Nothing to show before this is fixed" in answer.text
        assert "first_nme" in answer.text
        assert running.get("/frame/day-01").text == ""


def test_a_database_that_is_none_is_as_if_there_were_none(tmp_path: Path) -> None:
    write_campaign(tmp_path, days=2)
    (tmp_path / "lovecampaign.db").write_bytes(b"no database at all " * 200)
    with running_preview(tmp_path) as running:
        assert "Subscribers appear here once some are imported" in running.get("/").text
        assert running.get("/?as=1").status == 404


def test_a_database_that_fails_while_it_is_read_is_said_in_words(tmp_path: Path) -> None:
    write_campaign(tmp_path, days=2)
    (tmp_path / "people.csv").write_text("email\njoana@example.com\n")
    importing = ("subscribers", "import", "people.csv", "--list", "readers", "--apply")
    lovecampaign(*importing, cwd=tmp_path, LOVECAMPAIGN_SECRET_KEY="test-key").done()
    with contextlib.closing(sqlite3.connect(tmp_path / "lovecampaign.db")) as database:
        database.execute("ALTER TABLE delivery RENAME TO elsewhere")
    with running_preview(tmp_path) as running:
        answer = running.get("/day/2027-02-01")

        assert answer.status == 503
        assert "The database does not answer" in answer.text
        assert "moved, deleted or replaced" in answer.text
        assert "Day 1" in running.get("/").text


def test_a_provider_that_makes_no_sense_is_told_before_anything_begins(tmp_path: Path) -> None:
    write_campaign(tmp_path, days=2)
    said = lovecampaign("preview", cwd=tmp_path, LOVECAMPAIGN_PROVIDER="pigeon:home")

    assert said.code == 2
    assert "LOVECAMPAIGN_PROVIDER" in said.err


def test_polling_sees_saves_too(tmp_path: Path) -> None:
    folder = write_campaign(tmp_path, days=2)
    with running_preview(tmp_path, "--poll") as running:
        assert "Day 1: a small thing" in running.get("/").text
        (folder / "days" / "01-day-1.md").write_text(day_file(1, "A new subject"))
        assert eventually(lambda: "A new subject" in running.get("/").text)


def eventually(holds: Callable[[], bool], seconds: float = 8) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.05)
    return False


def test_help_imports_none_of_it() -> None:
    code = (
        "import sys\nfrom lovecampaign.cli import main\nsys.argv = ['lovecampaign', '--help']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print([name for name in ('starlette', 'uvicorn', 'watchfiles', 'jinja2', 'icalendar')"
        " if name in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert said.stdout.strip().endswith("[]")


def test_start_loads_no_reports_and_no_calendar_files() -> None:
    code = "import sys, lovecampaign.web.preview.server; print(*sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    loaded = set(said.stdout.split())
    assert "lovecampaign.web.preview.readers.subscriber_lookup" in loaded
    assert loaded & LOADED_ON_USE == set()
