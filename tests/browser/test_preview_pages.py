"""Looking at the month: calendar, one email, readers, keys and addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Request, expect

from lovecampaign.testing.campaigns import day_file, write_campaign
from tests.browser.conftest import NewPage
from tests.support.processes.preview import RunningPreview, running_preview

DARK_TEMPLATE = """\
<mjml lang="en"><mj-head><mj-title>x</mj-title><mj-style>
body { background: rgb(250, 247, 242); }
@media (prefers-color-scheme: dark) { body { background: rgb(31, 27, 24) !important; } }
</mj-style></mj-head><mj-body><mj-section><mj-column>{{ content }}</mj-column></mj-section>
<mj-section><mj-column>
<mj-text>{{ sender.postal_address }} <a href="{{ links.unsubscribe }}">Leave</a>
<a href="{{ links.preferences }}">Choose</a></mj-text>
<mj-image src="https://far.example/picture.png" alt="From afar" />
</mj-column></mj-section></mj-body></mjml>
"""
WITH_SCRIPTS = DARK_TEMPLATE.replace(
    "</mj-body>",
    """<mj-raw><p id="probe">nothing ran</p>
<img src="data:," alt="" onerror="document.getElementById('probe').textContent = 'it ran';">
</mj-raw></mj-body>""",
)


@pytest.fixture(scope="module")
def preview(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPreview]:
    workspace = tmp_path_factory.mktemp("looking")
    long_subject = "A subject of more than seventy characters, which no list of mails shows whole"
    write_campaign(
        workspace,
        settings={"skip": [7]},
        files={
            "days/07-day-7.md": None,
            "days/04-day-4.md": day_file(
                4, long_subject, '<b>Hi</b> {{ first_name | default("friend", true) }}'
            ),
            "days/03-day-3.md": day_file(3).replace("kind:", "template: scripts\nkind:"),
        },
        templates={"letter": DARK_TEMPLATE, "scripts": WITH_SCRIPTS},
    )
    with running_preview(workspace) as running:
        yield running


def frame_width(page: Page) -> int:
    width: int = page.frame_locator("#frame").locator("body").evaluate("() => innerWidth")
    return width


def note_unless_stopped(request: Request, let_out: list[str]) -> None:
    if request.failure != "csp":
        let_out.append(f"{request.url} ({request.failure})")


class TestMonth:
    def test_days_subjects_kinds_and_bars_are_on_it(
        self, preview: RunningPreview, new_page: NewPage
    ) -> None:
        page = new_page()
        page.goto(preview.url)

        expect(page.locator(".entry")).to_have_count(32)  # 26 days, 4 of the launch, 2 standing
        expect(page.locator(".day.skipped")).to_contain_text("no letter")
        expect(page.locator(".bar-deal").first).to_contain_text("59 EUR")
        expect(page.locator(".bar-early")).to_contain_text("early access")

    def test_keys_walk_over_days_and_open_one(
        self, preview: RunningPreview, new_page: NewPage
    ) -> None:
        page = new_page()
        page.goto(preview.url)
        for key in ("j", "j", "j", "k", "Enter"):
            page.keyboard.press(key)

        page.wait_for_url("**/email/day-02")
        page.keyboard.press("m")
        page.wait_for_url(preview.url)

    def test_nothing_scrolls_sideways_on_a_phone(
        self, preview: RunningPreview, new_page: NewPage
    ) -> None:
        page = new_page(width=360, height=740)
        for path in ("/", "/email/day-04", "/reader?as=late", "/day/2027-02-27"):
            page.goto(preview.origin + path)
            assert page.evaluate("document.documentElement.scrollWidth") <= 360

    def test_what_people_get_who_sign_up_stands_below(
        self, preview: RunningPreview, new_page: NewPage
    ) -> None:
        """The confirmation and the welcome are built in; nobody has to write them to see them."""
        page = new_page()
        for key, words in (("confirm", "/confirm/test"), ("welcome", "/p/test")):
            page.goto(preview.url)
            page.locator(".sign-up .day", has_text=key).get_by_role("link").click()
            page.wait_for_url(f"**/email/{key}")
            expect(page.frame_locator("#frame").locator("body")).to_contain_text("Bloom")
            page.get_by_role("tab", name="text").click()
            expect(page.locator("#text")).to_contain_text(words)

    def test_the_calendar_file_is_one_click_away(
        self, preview: RunningPreview, new_page: NewPage
    ) -> None:
        page = new_page()
        page.goto(preview.url)
        with page.expect_download() as download:
            page.get_by_text(".ics").click()

        assert download.value.suggested_filename == "test-month.ics"


class TestOneEmail:
    def test_it_is_laid_out_for_the_chosen_width(
        self, preview: RunningPreview, new_page: NewPage
    ) -> None:
        page = new_page()
        page.goto(preview.origin + "/email/day-04")
        for width in (320, 480, 640):
            page.get_by_role("button", name=str(width)).click()
            expect(page.locator("#pixels")).to_have_text(str(width))
            assert abs(frame_width(page) - width) <= 2  # the device has a hairline around it

    def test_the_handle_drags_to_any_width(
        self, preview: RunningPreview, new_page: NewPage
    ) -> None:
        page = new_page()
        page.goto(preview.origin + "/email/day-04")
        handle = page.locator("#handle").bounding_box()
        assert handle is not None
        x, y = handle["x"] + 6, handle["y"] + 90
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x - 60, y, steps=4)
        page.mouse.up()

        expect(page.locator("#pixels")).to_have_text("520")
        assert "width=520" in page.url

    @pytest.mark.parametrize("machine", ["light", "dark"])
    def test_dark_is_the_emails_own_whatever_the_machine_prefers(
        self, preview: RunningPreview, new_page: NewPage, machine: str
    ) -> None:
        page = new_page(color_scheme=machine)
        page.goto(preview.origin + "/email/day-04")
        paper = page.frame_locator("#frame").locator("body")

        expect(paper).to_have_css("background-color", "rgb(250, 247, 242)")
        page.keyboard.press("d")
        expect(paper).to_have_css("background-color", "rgb(31, 27, 24)")

    def test_forced_inversion_is_called_approximate(
        self, preview: RunningPreview, new_page: NewPage
    ) -> None:
        page = new_page()
        page.goto(preview.origin + "/email/day-04#mode=inverted")
        html = page.frame_locator("#frame").locator("html")

        expect(page.get_by_role("button", name="inverted")).to_contain_text("approx")
        assert "invert" in html.evaluate("html => getComputedStyle(html).filter")

    def test_the_address_keeps_how_it_is_looked_at(
        self, preview: RunningPreview, new_page: NewPage
    ) -> None:
        page = new_page()
        page.goto(preview.origin + "/email/day-04?as=robin")
        for key in ("d", "w", "j"):
            page.keyboard.press(key)
        page.wait_for_url(re.compile(r"/email/day-05\?as=robin#.*mode=dark"))
        page.reload()

        expect(page.get_by_role("button", name="320")).to_have_attribute("aria-pressed", "true")
        expect(page.get_by_role("button", name="dark")).to_have_attribute("aria-pressed", "true")
        page.keyboard.press("t")
        expect(page.locator("#text")).to_be_visible()
        assert "tab=text" in page.url

    def test_every_part_has_its_tab(self, preview: RunningPreview, new_page: NewPage) -> None:
        page = new_page()
        page.goto(preview.origin + "/email/day-02")
        for tab, words in (
            ("text", "This is the gift of day 2."),
            ("headers", "List-Unsubscribe-Post"),
            ("source", "Content-Transfer-Encoding: quoted-printable"),
            ("links", "https://bloom.example/day-2"),
        ):
            page.get_by_role("tab", name=tab).click()
            expect(page.locator(f"#{tab}")).to_contain_text(words)
            expect(page.locator("#letter")).to_be_hidden()

    def test_the_inbox_line_is_cut_where_a_list_cuts_it(
        self, preview: RunningPreview, new_page: NewPage
    ) -> None:
        page = new_page()
        page.goto(preview.origin + "/email/day-04")
        phone, desktop = page.locator(".inbox.phone"), page.locator(".inbox.desktop")

        expect(phone.locator(".line-subject .shown")).to_have_text(
            "A subject of more than seventy char"
        )
        expect(desktop.locator(".line-subject .shown")).to_have_text(
            "A subject of more than seventy characters, which no list of mails show"
        )
        expect(desktop.locator(".line-subject .mark")).to_have_count(1)

    def test_nothing_leaves_the_machine_and_links_lead_nowhere(
        self, preview: RunningPreview, new_page: NewPage
    ) -> None:
        page = new_page()
        let_out: list[str] = []
        # Chromium tells of requests that the page's policy stopped, too: they have failed by then.
        page.context.on("requestfinished", lambda request: let_out.append(request.url))
        page.context.on("requestfailed", lambda request: note_unless_stopped(request, let_out))
        page.goto(preview.origin + "/email/day-02")
        page.frame_locator("#frame").get_by_text("Open it").click()

        expect(page.locator("#facts")).to_contain_text("1 picture from elsewhere: not loaded here")
        assert len(page.context.pages) == 1
        assert page.url.endswith("/email/day-02")
        assert [url for url in let_out if not url.startswith(preview.origin)] == []

    def test_nothing_in_an_email_runs(self, preview: RunningPreview, new_page: NewPage) -> None:
        """Neither in the frame's sandbox, nor by the policy that comes with the email.

        Scripts themselves are refused by every check, so they never get as far as here.
        """
        page = new_page()
        page.goto(preview.origin + "/email/day-03")
        probe = page.frame_locator("#frame").locator("#probe")

        expect(probe).to_have_text("nothing ran")
        page.goto(preview.origin + "/frame/day-03")
        expect(page.locator("#probe")).to_have_text("nothing ran")

    def test_keys_work_while_the_email_itself_has_the_focus(
        self, preview: RunningPreview, new_page: NewPage
    ) -> None:
        page = new_page()
        page.goto(preview.origin + "/email/day-02")
        page.frame_locator("#frame").locator("body").click()
        page.keyboard.press("j")

        page.wait_for_url("**/email/day-03")


class TestReaders:
    def test_another_reader_is_two_clicks_away_on_every_page(
        self, preview: RunningPreview, new_page: NewPage
    ) -> None:
        page = new_page()
        page.goto(preview.origin + "/email/day-02#width=320")
        page.keyboard.press("r")
        page.get_by_role("link", name="No name").click()
        page.wait_for_url("**/email/day-02?as=no-name#width=320")

        expect(page.frame_locator("#frame").locator("body")).to_contain_text("Hi friend,")

    def test_a_timeline_says_what_comes_when_and_why(
        self, preview: RunningPreview, new_page: NewPage
    ) -> None:
        page = new_page()
        page.goto(preview.origin + "/reader?as=far")
        row = page.locator("tr", has_text="day-02")

        expect(row).to_contain_text("Tue 2 Feb, 09:00")
        expect(row).to_contain_text("09:00 on their clock (Pacific/Auckland)")
        expect(page.locator("tr", has_text="early-access")).to_contain_text("for insiders only")

    def test_a_day_says_who_gets_mail(self, preview: RunningPreview, new_page: NewPage) -> None:
        page = new_page()
        page.goto(preview.url)
        page.get_by_title("who gets mail on this day").last.click()
        page.wait_for_url("**/day/2027-03-04")

        expect(page.locator("tr", has_text="Bo Baker")).to_contain_text("thanks for buying")
        expect(page.locator("tr", has_text="Robin Field")).to_contain_text("for those who bought")


def test_a_phone_opens_the_shared_link(tmp_path: Path, new_page: NewPage) -> None:
    write_campaign(tmp_path, days=2)
    with running_preview(tmp_path, "--share") as running:
        page = new_page(width=390, height=844, has_touch=True)
        page.goto(running.url)

        assert page.url == running.origin + "/"  # the key is out of sight
        expect(page.locator("#live")).to_have_text("live")
        page.locator(".entry", has_text="Day 2:").tap()
        expect(page.frame_locator("#frame").locator("body")).to_contain_text("the gift of day 2")
        stranger = new_page()
        stranger.goto(running.origin)
        expect(stranger.locator("body")).to_have_text("Open the whole link that was shared.")
