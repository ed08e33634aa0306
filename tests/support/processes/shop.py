"""A whole shop: ``serve`` and ``send`` as commands, an SMTP server, a blog."""

from __future__ import annotations

import contextlib
import functools
import http.server
import re
import socket
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from lovecampaign.testing.smtp_server import SmtpServer
from tests.acceptance.program import Said, text_of
from tests.chaos.commands import fork_command
from tests.support.processes.running import running

REDEEM_SECRET = "the shop's own secret"
#: A sidebar with the form, on a site with other styles.
SNIPPET = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A blog</title>
<meta name="viewport" content="width=device-width">
<style>:root { color-scheme: light dark; } main { color: CanvasText; }
input { display: none; }</style></head>
<body><main><h1>A blog about seeds</h1><p>Words of the blog.</p>
<script src="URL/embed/readers.js" async></script>
<noscript><form action="URL/join/readers" method="post"><label>Your email address
<input name="email" type="email" required style="display:inline"></label><button>Join</button>
</form></noscript></main></body></html>"""


class RunningShop:
    """A workspace with SMTP, and pages that a test starts and stops."""

    def __init__(self, folder: Path, mail: SmtpServer) -> None:
        self.folder, self.mail = folder, mail
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    @property
    def settings(self) -> dict[str, str]:
        return {
            "LOVECAMPAIGN_PROVIDER": f"smtp://127.0.0.1:{self.mail.port}",
            "LOVECAMPAIGN_SECRET_KEY": "test-key",
            "LOVECAMPAIGN_PUBLIC_URL": self.url,
            "LOVECAMPAIGN_REDEEM_SECRET": REDEEM_SECRET,
        }

    @contextlib.contextmanager
    def open(self, *words: str) -> Iterator[None]:
        """``serve WORDS``, by the machine's clock."""
        with running("serve", self.folder, "--port", str(self.port), *words, **self.settings):
            yield

    @contextlib.contextmanager
    def open_at(self, now: datetime) -> Iterator[None]:
        """``serve --now``: its clock stands still, until it is opened again later."""
        with self.open("--now", now.isoformat()):
            yield

    def type(self, *words: str | Path) -> Said:
        return fork_command(*words, cwd=self.folder, **self.settings).done()

    def send(self, now: datetime) -> None:
        """``send --now``, as an operator (or the demo) types it."""
        self.type("send", "--yes", "--now", now.isoformat())

    def letters(self, recipient: str) -> list[EmailMessage]:
        """The messages of a mailbox, oldest first."""
        return [
            message_from_bytes(received.content, EmailMessage, policy=default)
            for received in self.mail.received
            if received.recipient == recipient
        ]

    def letter(self, recipient: str, about: str, seconds: float = 15) -> EmailMessage:
        """The message with these words in subject or text; waits until it arrives."""
        until = time.monotonic() + seconds
        while True:
            for mail in self.letters(recipient):
                if about in said_in(mail):
                    return mail
            assert time.monotonic() < until, [each["Subject"] for each in self.letters(recipient)]
            time.sleep(0.05)

    def link(self, mail: EmailMessage, path: str) -> str:
        """The address in a letter's text that leads to a page of ours."""
        found = re.search(rf"{re.escape(self.url + path)}[^\s)>]+", text_of(mail))
        assert found is not None, text_of(mail)
        return found[0]


def said_in(mail: EmailMessage) -> str:
    return f"{mail['Subject']}\n{text_of(mail)}"


@contextlib.contextmanager
def blog(folder: Path, url: str) -> Iterator[str]:
    """A site that is not ours, with our form in it."""
    (folder / "index.html").write_text(SNIPPET.replace("URL", url))
    (folder / "favicon.ico").write_bytes(b"")
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])
