"""Pictures of docs/heroes.md: a question, its answers on the wall, and a share card.

python -m tools.write_heroes_screenshots
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from datetime import timedelta
from pathlib import Path

from playwright.sync_api import Browser, ViewportSize, sync_playwright

from lovecampaign.core.settings import Settings
from lovecampaign.store.database.schema_version import open_database
from lovecampaign.testing.campaigns import day_file
from tests.browser.conftest import FLAGS
from tests.integration.serve.support.stories import Answers
from tests.support.paths import REPOSITORY
from tests.support.serving import serving
from tests.support.stage import DAY_1, Stage
from tools.small_pictures import make_small

FOLDER = REPOSITORY / "docs" / "screenshots" / "heroes"
QUESTION = "Who once brought you something green?"
STORIES = (
    ("My aunt Odile. A rhubarb, in a hat box, by train. It has outlived the train.", "Inès, Lyon"),
    (
        """My neighbour on the third floor, with whom I had not spoken in four years. He rang with a
jar of mint and said it was getting too much for him.

It was not the mint that was too much. We have had coffee every Sunday since.""",
        "Marc",
    ),
    ("A stranger at the bus stop.", "Tomasz, Gdańsk"),
    ("My daughter, four years old: a dandelion with its root and half the lawn.", "Bea"),
    ("The night nurse in ward 6. You know her.", "K. Adjei"),
)
LOOKS = {
    "light": (ViewportSize(width=1120, height=760), "light"),
    "dark": (ViewportSize(width=1120, height=760), "dark"),
    "phone": (ViewportSize(width=390, height=844), "light"),
}


def answers_on(stage: Stage) -> list[int]:
    readers = stage.add_readers(len(STORIES) + 1)
    stage.send(DAY_1 + timedelta(days=3))
    return readers


def shoot(browser: Browser, address: str, name: str, looks: tuple[str, ...]) -> None:
    for look in looks:
        viewport, scheme = LOOKS[look]
        page = browser.new_page(viewport=viewport, locale="en-GB", color_scheme=scheme)  # type: ignore[arg-type]
        page.goto(address)
        picture = page.screenshot(full_page=True)
        (FOLDER / f"{name}-{look}.png").write_bytes(make_small(browser.new_page(), picture))
        page.close()


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    workspace = Path(tempfile.mkdtemp())
    settings = Settings(workspace=workspace, secret_keys=("test-key",))
    asking = day_file(4, body=f"Hi.\n\n[[answer: {QUESTION}]]\n")
    with contextlib.closing(open_database(settings)) as database, sync_playwright() as playwright:
        stage = Stage(
            settings,
            database,
            days=4,
            files={"days/04-day-4.md": asking},
            settings_={"name": "Bloom", "brand": {"color": "#2f6b4f"}},
        )
        readers = answers_on(stage)
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        with serving(settings, database, stage.clock) as served:
            answers = Answers(stage=stage, served=served, readers=readers, day="day-04")
            shoot(browser, served.url + answers.link(len(STORIES)), "answer", ("phone",))
            for number, (text, name) in enumerate(STORIES):
                answers.write(number, text=text, name=name)
                answers.publish()
            shoot(browser, f"{served.url}/heroes/{stage.campaign.id}", "wall", ("light", "dark"))
            card = served.get(f"/card/{answers.card_token()}").body
            (FOLDER / "card.png").write_bytes(make_small(browser.new_page(), card))
        browser.close()
    shutil.rmtree(workspace)


if __name__ == "__main__":
    main()
