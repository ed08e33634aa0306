"""Images: which are served, with which headers, and how long."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from lovecampaign.campaign.files.load import load_campaign
from lovecampaign.core.settings import Settings
from lovecampaign.providers.base.memory import MemoryProvider
from lovecampaign.testing.campaigns import day_file
from tests.support.fast_databases import open_new_database
from tests.support.serving import Serving, serving, with_settings
from tests.support.stage import Stage

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d49444154789c6360000002000001e221bc330000000049454e44ae426082"
)
OTHER_PNG = PNG + b"another"
COPY = "Hi,\n\nSee this:\n\n[[image: images/bowl.png | A bowl]]\n"


class FarAway(MemoryProvider):
    """Takes mail that others receive."""

    leaves_machine = True


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A month with an image on day 2, and an unused image beside it."""
    chosen = Settings(workspace=tmp_path, secret_keys=("test-key",))
    database = open_new_database(chosen)
    files = {
        "images/bowl.png": PNG,
        "images/unused.png": OTHER_PNG,
        "images/page.html": b"<script>1</script>",
        "days/01-day-1.md": day_file(1, body=COPY),
    }
    yield Stage(chosen, database, days=2, files=files)
    database.close()


@pytest.fixture
def served(stage: Stage) -> Iterator[Serving]:
    with serving(stage.settings, stage.database, stage.clock) as running:
        yield running


def name_of(content: bytes, ending: str = ".png") -> str:
    return hashlib.sha256(content).hexdigest() + ending


class TestServed:
    def test_a_used_picture_is_served_for_ever(self, served: Serving) -> None:
        answer = served.get(f"/i/{name_of(PNG)}")

        assert (answer.status, answer.body) == (200, PNG)
        assert answer.headers["content-type"] == "image/png"
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")

    def test_what_no_email_shows_is_not_served(self, served: Serving) -> None:
        for name in (
            name_of(OTHER_PNG),
            name_of(PNG, ".html"),
            hashlib.sha256(PNG).hexdigest(),
            "bowl.png",
            name_of(b"<script>1</script>", ".html"),
        ):
            assert served.get(f"/i/{name}").status == 404, name

    def test_a_picture_outlives_its_file_for_the_letters_that_show_it(
        self, stage: Stage, served: Serving
    ) -> None:
        assert served.get(f"/i/{name_of(PNG)}").status == 200
        (stage.folder / "images" / "bowl.png").write_bytes(OTHER_PNG)

        assert served.get(f"/i/{name_of(PNG)}").body == PNG
        with serving(stage.settings, stage.database, stage.clock) as tomorrow:
            assert tomorrow.get(f"/i/{name_of(PNG)}").body == PNG
            assert tomorrow.get(f"/i/{name_of(OTHER_PNG)}").body == OTHER_PNG

    def test_a_name_never_stands_for_other_bytes(self, stage: Stage, served: Serving) -> None:
        assert served.get(f"/i/{name_of(PNG)}").status == 200
        (stage.folder / "images" / "bowl.png").write_bytes(OTHER_PNG)
        [kept] = (stage.settings.workspace / ".lovecampaign" / "pictures").iterdir()
        kept.write_bytes(b"something else")

        assert served.get(f"/i/{name_of(PNG)}").status == 404


class TestBeforeASend:
    def sending(self, stage: Stage, media_url: str) -> None:
        stage.settings = with_settings(stage.settings, media_url=media_url)
        stage.provider = FarAway()
        stage.add_readers(2)

    def test_a_picture_that_answers_goes_out(self, stage: Stage, served: Serving) -> None:
        self.sending(stage, served.url + "/i")

        assert stage.send().sent == 2
        assert [(line["route"], line["status"]) for line in served.log] == [("/i/{name}", 200)]

    def test_a_picture_that_does_not_answer_holds_its_letter_back(
        self, stage: Stage, served: Serving
    ) -> None:
        self.sending(stage, served.url + "/nothing")
        report = stage.send()
        [problem] = report.problems

        assert (report.sent, report.remaining) == (0, 2)
        assert stage.states("day-01") == {"planned": 2}
        assert problem.is_error
        assert str(problem.place).endswith("days/01-day-1.md:10:10")
        assert "answers 404, not 200" in problem.message

    def test_nobody_there_is_told_as_such(self, stage: Stage) -> None:
        self.sending(stage, "http://127.0.0.1:1/i")

        assert "does not answer" in stage.send().problems[0].message

    def test_a_page_in_place_of_a_picture_is_found(self, stage: Stage, served: Serving) -> None:
        self.sending(stage, served.url + "/healthz?")

        assert "not with a picture" in stage.send().problems[0].message

    def test_mail_that_stays_here_needs_no_server(self, stage: Stage) -> None:
        self.sending(stage, "http://127.0.0.1:1/i")
        stage.provider = MemoryProvider()

        assert stage.send().sent == 2

    def test_a_letter_without_pictures_needs_no_server(self, stage: Stage) -> None:
        (stage.folder / "days" / "01-day-1.md").write_text(day_file(1))
        assert load_campaign(stage.folder, stage.settings.workspace).campaign is not None
        stage.load()
        self.sending(stage, "http://127.0.0.1:1/i")

        assert stage.send().sent == 2
