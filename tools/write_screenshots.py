"""Screenshots of all pages of ``serve``: light, dark, and on a phone.

python -m tools.write_screenshots           the pages in docs/
python -m tools.write_screenshots FOLDER    all pages
"""

from __future__ import annotations

import contextlib
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from playwright.sync_api import FloatRect, Page, ViewportSize, sync_playwright

from lovecampaign.core.clock import FixedClock
from lovecampaign.core.settings import Settings
from lovecampaign.core.tokens import Purpose, RowKey
from lovecampaign.store import tables
from lovecampaign.store.checkout.waitlist import notify_campaign_waitlist
from lovecampaign.store.database.engine import Database
from lovecampaign.store.database.schema_version import open_database
from tests.browser.conftest import FLAGS
from tests.integration.serve.support.dashboard import PASSWORD
from tests.support.example_shop import INSIDER, READER, example_shop, import_people, paris
from tests.support.processes.shop import RunningShop, blog
from tests.support.serving import Serving, serving
from tools.small_pictures import make_small

DOCS = Path(__file__).parents[1] / "docs"
FOLDER = DOCS / "screenshots" / "pages"
PUBLIC_URL = "https://letters.bloom.example"
#: A message's column with a margin; the usual size of a phone.
DESK: ViewportSize = {"width": 720, "height": 560}
PHONE: ViewportSize = {"width": 390, "height": 700}
#: A letter beside the email that it answers.
WIDE: ViewportSize = {"width": 1180, "height": 700}
ANA, DORA, EMIL = "ana@reader.example", "dora@readers.example", "emil@readers.example"
#: Longer pages are cut.
TALLEST = 1_600
#: More than the minimum time for a form.
A_WHILE = timedelta(seconds=5)
#: Edited files are checked once a second.
SEEN_SECONDS = 1.5


@dataclass
class Studio:
    """A running shop with a movable clock, and a browser for screenshots."""

    folder: Path
    #: Names of pages; empty for all.
    wanted: frozenset[str]
    shop: RunningShop
    database: Database
    clock: FixedClock
    served: Serving
    page: Page
    blank: Page

    def shoot(self, name: str, desk: ViewportSize = DESK) -> None:
        """Save the current page in three looks, if it is wanted."""
        if self.wanted and name not in self.wanted:
            return
        self.page.evaluate("document.activeElement?.blur()")
        looks = (("light", "light", desk), ("dark", "dark", desk), ("phone", "light", PHONE))
        for look, scheme, size in looks:
            self.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            self.page.set_viewport_size({"width": size["width"], "height": size["height"]})
            height = min(TALLEST, self.page.evaluate("document.documentElement.scrollHeight"))
            clip = FloatRect(x=0, y=0, width=size["width"], height=height)
            picture = self.page.screenshot(clip=clip, full_page=True)
            small = make_small(self.blank, picture)
            (self.folder / f"{name}-{look}.png").write_bytes(small)

    def show(self, name: str, path: str, desk: ViewportSize = DESK) -> None:
        self.page.goto(self.served.url + path)
        self.shoot(name, desk)

    def press(self, name: str, button: str) -> None:
        self.page.get_by_role("button", name=button).click()
        self.page.wait_for_load_state()
        self.shoot(name)

    def at(self, now: datetime, *, send: bool = False) -> None:
        self.clock.move_to(now)
        if send:
            self.shop.send(now)

    def token(self, address: str, purpose: Purpose = Purpose.LINKS) -> str:
        """The token of the last message to an address."""
        query = (
            sa.select(sa.func.max(tables.delivery.c.id))
            .join(tables.subscriber, tables.subscriber.c.id == tables.delivery.c.subscriber_id)
            .where(tables.subscriber.c.email == address, tables.delivery.c.state == "sent")
        )
        return self._signed(purpose, query)

    def asked(self, purpose: Purpose) -> str:
        """The token of the last transactional mail."""
        return self._signed(purpose, sa.select(sa.func.max(tables.transactional.c.id)))

    def _signed(self, purpose: Purpose, query: sa.Select[Any]) -> str:
        with self.database.read() as connection:
            return self.served.token(purpose, connection.execute(query).scalar_one())


def joining(studio: Studio) -> None:
    now = paris("02-04 14:00")
    studio.at(now)
    studio.show("home", "/")
    studio.show("join-insiders", "/join/insiders")
    studio.show("snippet", "/join/readers/embed")
    with tempfile.TemporaryDirectory() as folder, blog(Path(folder), studio.served.url) as url:
        studio.page.goto(url)
        studio.page.get_by_label("Your email address").wait_for()
        studio.shoot("embedded")
    studio.show("join", "/join/readers")
    studio.page.get_by_label("Your email address").fill("ana@gmial.com")
    studio.press("join-slip", "Yes, put me on the list")
    studio.page.get_by_label("Your email address").fill(ANA)
    studio.at(now + A_WHILE)
    studio.press("join-sent", "Yes, put me on the list")
    link = f"/confirm/{studio.asked(Purpose.CONFIRM)}"
    studio.at(now + timedelta(days=8))
    studio.show("confirm-expired", link)
    studio.at(now + timedelta(minutes=5))
    studio.show("confirm", link)
    studio.press("confirmed", "Yes, put me on the list")
    studio.show("confirmed-before", link)


def choosing(studio: Studio) -> None:
    studio.at(paris("02-13 10:00"), send=True)
    link = f"/p/{studio.token(READER)}"
    studio.show("preferences", link)
    studio.page.get_by_label("Pause, for how many days?").fill("three")
    studio.press("preferences-wrong", "Save")
    studio.page.get_by_label("Pause, for how many days?").fill("3")
    studio.press("preferences-saved", "Save")
    for what, button in (("download", "Show me what you keep"), ("move", "Change my address")):
        studio.page.goto(studio.served.url + link)
        studio.press("link-by-mail", button)
        studio.show(f"mailed-{what}", f"/p/{studio.asked(Purpose.MAILED)}")
    studio.page.get_by_label("Your new address").fill("bob@new.example")
    studio.press("mailed-move-sent", "Send a link there")
    studio.show("mailed-change-address", f"/p/{studio.asked(Purpose.MAILED)}")
    studio.page.goto(studio.served.url + link)
    studio.page.get_by_role("button", name="Show me what you keep").click()
    studio.page.goto(f"{studio.served.url}/p/{studio.asked(Purpose.MAILED)}")
    studio.press("everything", "Show it here")


def forgetting(studio: Studio) -> None:
    link = f"/p/{studio.token(EMIL)}"
    studio.page.goto(studio.served.url + link)
    studio.page.get_by_role("button", name="Forget me").click()
    mailed = f"/p/{studio.asked(Purpose.MAILED)}"
    studio.at(studio.clock.now() + timedelta(hours=2))
    studio.show("mailed-expired", mailed)
    studio.at(studio.clock.now() - timedelta(hours=2))
    studio.show("mailed-forget", mailed)
    studio.press("forgotten", "Yes, forget me")


def hearing_early(studio: Studio) -> None:
    link = f"/p/{studio.token(DORA)}?insiders=1"
    studio.show("insiders", link)
    studio.press("insiders-joined", "Yes, tell me early")
    studio.show("insiders-member", link)
    studio.at(paris("02-28 11:00"))
    studio.show("insiders-too-late", f"/p/{studio.token(READER)}?insiders=1")


def leaving(studio: Studio) -> None:
    studio.at(paris("02-13 10:00"))
    studio.show("leave", f"/u/{studio.token(READER)}")
    studio.press("left", "Yes, leave")
    studio.press("back", "I did not mean to")


def reading(studio: Studio) -> None:
    studio.show("letter", f"/v/{studio.token(READER, Purpose.VIEW)}")
    studio.show("letter-shared", f"/v/{studio.token(READER, Purpose.SHARE)}?share=1")
    studio.show("nothing-here", "/u/no-such-token")
    studio.show("test-link", "/u/test")
    missing_row = RowKey(999_999, 1)
    studio.show("unknown-link", f"/u/{studio.served.site.signer.sign(Purpose.LINKS, missing_row)}")


def buying(studio: Studio) -> None:
    early = f"/d/{studio.token(READER, Purpose.DEAL)}"
    studio.at(paris("02-27 08:30"))
    studio.show("deal-early", early)
    studio.show("deal-not-yet", f"/d/{studio.token(INSIDER, Purpose.DEAL)}")
    studio.at(paris("02-27 10:00"), send=True)
    carla, dora = studio.token(INSIDER, Purpose.DEAL), studio.token(DORA, Purpose.DEAL)
    studio.show("letter-early", f"/v/{studio.token(INSIDER, Purpose.SHARE)}")
    studio.at(paris("02-27 12:00"))
    studio.show("deal", f"/d/{carla}")
    claim(studio, carla)
    studio.show("deal-claimed", f"/d/{carla}")
    waiting(studio, dora)
    for time_of_day in ("15:00", "17:00"):
        studio.at(paris(f"02-27 {time_of_day}"))
        claim(studio, carla)
    studio.at(paris("02-27 19:00"))
    studio.show("deal-unreserved", f"/d/{carla}")
    studio.at(paris("02-28 11:00"))
    studio.show("offer", early)
    studio.at(paris("03-04 09:00"))
    studio.show("deal-closed", f"/d/{carla}")
    studio.shop.type("buyers", "add", INSIDER, "--now", studio.clock.now().isoformat())
    studio.show("deal-bought", f"/d/{carla}")


def claim(studio: Studio, token: str) -> None:
    """Claim a unit, and go on to the checkout."""
    studio.page.goto(f"{studio.served.url}/d/{token}")
    studio.page.get_by_role("button").click()
    studio.page.wait_for_url("https://bloom.example/**")


def waiting(studio: Studio, dora: str) -> None:
    """The waitlist: with one unit only, and a claim that lapses."""
    file = studio.shop.folder / "campaigns" / "customer-love" / "campaign.yaml"
    written = file.read_text("utf-8")
    file.write_text(written.replace("quantity: 400", "quantity: 1"), "utf-8")
    time.sleep(SEEN_SECONDS)
    studio.show("deal-waitlist", f"/d/{dora}")
    studio.press("deal-waiting", "Put me in line")
    studio.at(paris("02-27 13:00"))
    [campaign] = studio.served.site.campaigns.all()
    notify_campaign_waitlist(studio.database, campaign, studio.clock.now())
    studio.show("deal-kept", f"/d/{dora}")
    file.write_text(written, "utf-8")
    time.sleep(SEEN_SECONDS)


def keeping_watch(studio: Studio) -> None:
    """The dashboard in the days of the launch."""
    studio.show("dashboard-login", "/dashboard")
    studio.page.get_by_label("Password").fill(PASSWORD)
    studio.page.get_by_role("button", name="Log in").click()
    studio.page.wait_for_load_state()
    while studio.page.get_by_text("Counting.").count():
        studio.page.reload()
    month = studio.page.url.removeprefix(studio.served.url)
    studio.show("dashboard-month", month)
    for page in ("people", "events", "in-doubt", "deals", "problems", "letters/early-access"):
        studio.show(f"dashboard-{page.partition('/')[0]}", f"{month}/{page}")


def answering(studio: Studio) -> None:
    """The reply desk, after a login: a letter, a case, and its last message."""
    letters = {
        READER: "Hello Ana,\n\nI tried the jam-jar test, and half of my tomato seeds are dead. "
        "Is it too late to sow new ones in March?\n\nBob",
        INSIDER: "My parcel came, but the bag with the beans was torn, and half of them are gone. "
        "I had wanted to sow them with my class on Friday.\n\nCarla",
    }
    studio.at(paris("03-04 09:00"))
    studio.show("help", f"/h/{studio.token(READER, Purpose.HELP)}")
    for address, text in letters.items():
        file = studio.shop.folder / "letter.eml"
        file.write_text(
            f"From: {address}\nSubject: Re: Your letter\nMessage-ID: <{address}>\n"
            "Date: Thu, 4 Mar 2027 08:30:00 +0100\n"
            f"In-Reply-To: <{studio.token(address, Purpose.DELIVERY)}@bloom.example>\n\n{text}\n"
        )
        now = studio.clock.now().isoformat()
        studio.shop.type("inbox", "sort", file, "--apply", "--now", now)
    studio.at(paris("03-04 11:00"))
    studio.show("desk", "/dashboard/desk", WIDE)
    studio.show("desk-letter", "/dashboard/desk/1", WIDE)
    studio.shop.type(
        *("cases", "open", "2", "--about", "The bag with the beans was torn", "--as", "Lucie"),
        *("--now", studio.clock.now().isoformat()),
    )
    studio.show("desk-case", "/dashboard/desk/case/1", WIDE)
    now = studio.clock.now().isoformat()
    for step in ("greet", "listen", "next", "thank"):
        studio.shop.type("cases", "step", "1", step, "--now", now)
    last = studio.shop.folder / "text.txt"
    last.write_text("Dear Carla,\n\ndid the new beans arrive in time for Friday?\n\nLucie\n")
    studio.shop.type("cases", "follow-through", "1", "--file", last, "--now", now)
    studio.show("not-solved", f"/p/{studio.asked(Purpose.MAILED)}")


SCENES = (
    *(joining, choosing, forgetting, hearing_early, leaving, reading, buying, keeping_watch),
    answering,
)


@contextlib.contextmanager
def studio_in(folder: Path, wanted: frozenset[str] = frozenset()) -> Iterator[Studio]:
    clock = FixedClock(paris("02-01 09:00"))
    with contextlib.ExitStack() as stack:
        workspace = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        shop = stack.enter_context(example_shop(workspace))
        import_people(shop, "readers", DORA, EMIL)
        shop.send(clock.now())
        settings = Settings(
            workspace=workspace,
            secret_keys=("test-key",),
            public_url=PUBLIC_URL,
            dashboard_password=PASSWORD,
        )
        database = stack.enter_context(contextlib.closing(open_database(settings)))
        served = stack.enter_context(serving(settings, database, clock))
        chromium = stack.enter_context(sync_playwright()).chromium
        path = shutil.which("chromium") or shutil.which("google-chrome")
        browser = stack.enter_context(chromium.launch(executable_path=path, args=list(FLAGS)))
        page = browser.new_page(timezone_id="Europe/Paris", locale="en-GB", reduced_motion="reduce")
        page.route("https://bloom.example/**", lambda route: route.fulfill(body="checkout"))
        yield Studio(folder, wanted, shop, database, clock, served, page, browser.new_page())


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with studio_in(folder, frozenset() if folder != FOLDER else shown_in_docs()) as studio:
        for scene in SCENES:
            scene(studio)


def shown_in_docs() -> frozenset[str]:
    text = "".join(file.read_text("utf-8") for file in sorted(DOCS.glob("*.md")))
    return frozenset(re.findall(r"screenshots/pages/([a-z-]+)-light\.png", text))


if __name__ == "__main__":
    main()
