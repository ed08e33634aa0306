"""A person joins from the sidebar of another site: form, mail, button, welcome, day 5."""

from __future__ import annotations

import contextlib
import functools
import http.server
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest

from lovecampaign.settings import Settings
from lovecampaign.store import tables
from lovecampaign.store.schema_version import open_database
from lovecampaign.testing.smtp_server import SmtpServer
from tests.acceptance.program import CLEAN_ENVIRONMENT
from tests.accessibility import assert_accessible
from tests.browser.conftest import NewPage
from tests.joining import rows_of
from tests.running_serve import running_serve
from tests.stage import Stage

NOW = datetime.now(UTC)
#: Day 4 of the month is today.
START = NOW.date() - timedelta(days=3)
SNIPPET = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A blog</title>
<meta name="viewport" content="width=device-width">
<style>:root { color-scheme: light dark; } main { color: CanvasText; } input { display: none; }</style></head>
<body><main><h1>A blog about seeds</h1><p>Words of the blog.</p>
<script src="URL/embed/readers.js" async></script>
<noscript><form action="URL/join/readers" method="post"><label>Your email address
<input name="email" type="email" required style="display:inline"></label><button>Join</button>
</form></noscript></main></body></html>"""


class Shop:
    """A running ``serve`` with a mail server behind it, and a blog on another origin."""

    def __init__(self, stage: Stage, mail: SmtpServer, url: str, blog: str) -> None:
        self.stage, self.mail, self.url, self.blog = stage, mail, url, blog

    def letter(self, recipient: str, about: str, seconds: float = 15) -> EmailMessage:
        """The mail to somebody whose subject or text holds some words; waits until it arrives."""
        until = time.monotonic() + seconds
        while True:
            for received in self.mail.received:
                mail = message_from_bytes(received.content, EmailMessage, policy=default)
                if received.recipient == recipient and about in _said(mail):
                    return mail
            assert time.monotonic() < until, [each.recipient for each in self.mail.received]
            time.sleep(0.05)

    def send(self, now: datetime) -> None:
        """``lovecampaign send --now``, as an operator (or the demo) types it."""
        words = ("send", "--yes", "--now", now.isoformat())
        said = subprocess.run(
            [sys.executable, "-m", "lovecampaign", *words],
            cwd=self.stage.settings.workspace,
            env={**CLEAN_ENVIRONMENT, **_environment(self.mail, self.url)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert said.returncode == 0, said.stderr + said.stdout


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("shop")
    settings = Settings(workspace=folder, secret_keys=("test-key",))
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    with contextlib.ExitStack() as stack:
        database = stack.enter_context(contextlib.closing(open_database(settings)))
        stage = Stage(settings, database, days=8, start=START, settings_={"launch": {"day": 28}})
        stage.add_readers(1, joined_at=NOW - timedelta(days=30), name="founder")
        mail = stack.enter_context(SmtpServer())
        blog = stack.enter_context(_blog(tmp_path_factory.mktemp("blog"), url))
        found = Shop(stage, mail, url, blog)
        found.send(NOW - timedelta(minutes=1))  # the month has begun
        stack.enter_context(running_serve(folder, "--port", str(port), **_environment(mail, url)))
        yield found


def test_from_the_sidebar_of_a_blog_to_the_letter_of_the_next_day(
    shop: Shop, new_page: NewPage
) -> None:
    ana = "ana@reader.example"
    page = new_page(timezone_id="Asia/Tokyo", locale="en-GB")
    page.goto(shop.blog)
    page.get_by_label("Your email address").fill(ana)
    page.get_by_label("Your first name").fill("Ana")
    assert page.get_by_label("Your time zone").input_value() == "Asia/Tokyo"
    assert_accessible(page)
    page.wait_for_timeout(2_100)  # as long as a person needs at the least
    page.get_by_role("button").click()
    page.get_by_role("heading", name="Now look into your mailbox").wait_for()
    assert_accessible(page)

    confirmation = shop.letter(ana, "/confirm/")
    assert confirmation["Auto-Submitted"] == "auto-generated"
    link = re.search(rf"{shop.url}/confirm/\S+", _said(confirmation))
    assert link is not None
    page.goto(link[0])
    assert_accessible(page)
    page.get_by_role("button").click()
    page.get_by_role("heading", name="You are in").wait_for()
    assert "(Tokyo time)" in page.inner_text("main")
    assert_accessible(page)

    welcome = shop.letter(ana, "You are on the list")
    assert "List-Unsubscribe" in welcome
    tomorrow = (NOW + timedelta(days=1)).replace(hour=13, minute=0)
    shop.send(tomorrow)
    assert shop.letter(ana, "Day 5")["To"] == f"Ana <{ana}>"
    to_ana = [mail for mail in shop.mail.received if mail.recipient == ana]
    assert len(to_ana) == 3
    [consent] = rows_of(shop.stage.database, tables.consent)
    assert consent.form_url == shop.blog


def test_without_scripts_a_person_finishes_on_our_page(shop: Shop, new_page: NewPage) -> None:
    bob = "bob@reader.example"
    page = new_page(java_script_enabled=False)
    page.goto(shop.blog)
    page.get_by_label("Your email address").fill(bob)
    page.get_by_role("button", name="Join").click()

    assert "Nearly there" in page.inner_text("main")
    page.wait_for_timeout(2_100)
    page.get_by_role("button", name="Yes, put me on the list").click()

    assert page.inner_text("h1") == "Now look into your mailbox"
    shop.letter(bob, "/confirm/")


def test_the_hosted_form_knows_the_visitors_zone_and_shows_it(
    shop: Shop, new_page: NewPage
) -> None:
    page = new_page(timezone_id="Europe/Lisbon", locale="fr-FR")
    page.goto(f"{shop.url}/join/readers")

    assert page.get_by_label("Votre fuseau horaire").input_value() == "Europe/Lisbon"
    assert_accessible(page)


def test_a_mistake_is_shown_at_the_field_and_read_out(shop: Shop, new_page: NewPage) -> None:
    page = new_page()
    page.goto(f"{shop.url}/join/readers")
    page.get_by_label("Your email address").fill("eve@gmial.com")
    page.wait_for_timeout(2_100)
    page.get_by_role("button").click()

    assert "eve@gmail.com" in page.get_by_role("alert").inner_text()
    assert_accessible(page)


@pytest.mark.parametrize("path", ["/join/readers", "/join/insiders", "/join/readers/embed"])
def test_everybody_can_use_the_page(shop: Shop, new_page: NewPage, path: str) -> None:
    page = new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(shop.url + path)

    assert said == []
    assert_accessible(page)


def _environment(mail: SmtpServer, url: str) -> dict[str, str]:
    return {
        "LOVECAMPAIGN_PROVIDER": f"smtp://127.0.0.1:{mail.port}",
        "LOVECAMPAIGN_SECRET_KEY": "test-key",
        "LOVECAMPAIGN_PUBLIC_URL": url,
    }


def _said(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return f"{mail['Subject']}\n{part.get_content()}"


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def _blog(folder: Path, url: str) -> Iterator[str]:
    """A site that is not ours."""
    (folder / "index.html").write_text(SNIPPET.replace("URL", url))
    (folder / "favicon.ico").write_bytes(b"")
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
