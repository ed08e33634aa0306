"""The real ``preview`` command on a free port, tested over HTTP."""

from __future__ import annotations

import contextlib
import signal
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.chaos.commands import Command
from tests.chaos.process_parent import FORKED
from tests.support.processes.running import running


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """An answer."""

    status: int
    headers: Mapping[str, str]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningPreview:
    """A running preview."""

    process: Command
    #: With the key, where it is shared.
    url: str
    shared_url: str | None
    workspace: Path

    @property
    def origin(self) -> str:
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or 0

    def get(self, path: str, **headers: str) -> Page:
        return ask(urllib.request.Request(self.origin + path, headers=headers))

    def post(self, path: str, form: Mapping[str, str], **headers: str) -> Page:
        body = urllib.parse.urlencode(form).encode()
        return ask(urllib.request.Request(self.origin + path, data=body, headers=headers))

    def stop(self, number: signal.Signals = signal.SIGINT) -> tuple[int, str]:
        """Exit code, and what it said on stderr."""
        self.process.signal(number)
        said = self.process.end(10)
        return said.code, said.err


def ask(request: urllib.request.Request) -> Page:
    opener = urllib.request.build_opener(_NoRedirects)
    try:
        with opener.open(request, timeout=10) as answer:
            return _page(answer.status, answer.headers, answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return _page(error.code, error.headers, error.read())


def _page(status: int, headers: Message, body: bytes) -> Page:
    return Page(status=status, headers=dict(headers), text=body.decode())


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


#: When nothing of the test month is due, and readers have joined.
BEFORE = "2027-01-20T12:00Z"


@contextlib.contextmanager
def running_preview(
    workspace: Path, *words: str, program: str = FORKED
) -> Iterator[RunningPreview]:
    """``lovecampaign preview --port 0 WORDS``, ready to be asked; ended at the end.

    Whatever the day is, the month of the test campaign is still to come.
    """
    words = ("--now", BEFORE, *words)
    with running("preview", workspace, *words, program=program) as (process, said):
        yield RunningPreview(
            process=process,
            url=said["url"],
            shared_url=said["shared_url"],
            workspace=workspace,
        )
