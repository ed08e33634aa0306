"""What a page says when the mistake is ours."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from starlette.requests import Request

from lovecampaign.checks.base.facts import Facts
from lovecampaign.core.settings import Settings
from lovecampaign.providers.base.memory import MemoryProvider
from lovecampaign.testing.campaigns import write_campaign
from lovecampaign.web.preview.access import AccessPolicy
from lovecampaign.web.preview.app import Preview
from lovecampaign.web.preview.live.background_checks import BackgroundChecker
from lovecampaign.web.preview.live.live_reload import ReloadEvents
from lovecampaign.web.preview.live.state import PreviewState
from lovecampaign.web.preview.pages import Pages
from lovecampaign.web.preview.readers.subscriber_lookup import SubscriberLookup
from lovecampaign.web.preview.readers.test_send import PreviewSender
from lovecampaign.web.preview.readers.urls import LiveUrls

NOW = datetime(2027, 1, 20, tzinfo=UTC)


def preview_of(workspace: Path, noted: list[BaseException]) -> Preview:
    settings = Settings(workspace=workspace, secret_keys=("test-key",))
    state = PreviewState(write_campaign(workspace, days=2), settings)

    def note(error: BaseException) -> Path:
        noted.append(error)
        return Path("bug.log")

    return Preview(
        pages=Pages(
            state=state,
            checker=BackgroundChecker(
                state, lambda _campaign: Facts(now=NOW), on_result=lambda: None
            ),
            people=SubscriberLookup(settings=settings),
            urls=LiveUrls("sam"),
        ),
        sender=PreviewSender(settings=settings, open_provider=opened_memory, now=lambda: NOW),
        access=AccessPolicy(hosts=frozenset({"127.0.0.1:1"})),
        events=ReloadEvents("run"),
        now=lambda: NOW,
        note_bug=note,
    )


@contextlib.contextmanager
def opened_memory() -> Iterator[MemoryProvider]:
    yield MemoryProvider()


def test_the_details_go_into_a_file_and_the_page_names_it(tmp_path: Path) -> None:
    noted: list[BaseException] = []
    error = RuntimeError("nobody foresaw <this>")
    preview = preview_of(tmp_path, noted)
    answer = asyncio.run(preview.answer_bug(Request({"type": "http"}), error))

    assert (answer.status_code, noted) == (500, [error])
    assert "Details: bug.log" in bytes(answer.body).decode()
    assert "nobody foresaw" not in bytes(answer.body).decode()
