"""Contenders and data that the benchmarks of both providers share."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.letter import make_recipients, make_renderer
from benchmarks.rounds import Contender
from benchmarks.workspace import add_subscribers, make_workspace, opened, send_day_1, settings_of
from lovecampaign.core.message import Message, Outcome, OutcomeKind
from lovecampaign.providers.base.provider import Provider

_PREPARED = 100


class NoJournal:
    """A flight journal that records nothing."""

    def writing(self, *delivery_ids: str) -> None: ...

    def answered(self, *outcomes: Outcome) -> None: ...


def render_messages(folder: Path) -> Sequence[Message]:
    """Rendered messages, without the first ones of their renderer."""
    renderer, addressing = make_renderer(folder / "letters")
    rendered = [renderer.render(each) for each in make_recipients(addressing, 2 * _PREPARED)]
    return rendered[_PREPARED:]


def whole_send(folder: Path, subscribers: int, open_provider: Callable[[], Provider]) -> Contender:
    """Claim, journal, render, send, settle: one process, the ledger durable (FULL)."""
    numbers = itertools.count()

    def work() -> float:
        workspace = folder / f"send-{next(numbers)}"
        make_workspace(workspace)
        settings = settings_of(workspace)
        with opened(settings) as database, contextlib.closing(open_provider()) as provider:
            add_subscribers(database, subscribers)
            start = time.perf_counter()
            report = send_day_1(settings, database, provider)
            return report.sent / (time.perf_counter() - start)

    return work


def provider_alone(
    messages: Sequence[Message], count: int, open_provider: Callable[[], Provider]
) -> Contender:
    """Messages that are rendered already, over and over."""

    def work() -> float:
        with contextlib.closing(open_provider()) as provider:
            repeated = itertools.islice(itertools.cycle(messages), count)
            start = time.perf_counter()
            outcomes = provider.send(repeated, NoJournal())
            accepted = sum(outcome.kind is OutcomeKind.ACCEPTED for outcome in outcomes)
            return accepted / (time.perf_counter() - start)

    return work
