"""How fast does personal mail leave through SendGrid's API, next to SendGrid's own client?

python -m benchmarks.sendgrid [ROUNDS]
"""

from __future__ import annotations

import contextlib
import itertools
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from sendgrid import SendGridAPIClient
from sendgrid.helpers.mail import Header, Mail

from benchmarks.figures import Figure, Measured, Ratio
from benchmarks.letter import make_recipients, make_renderer
from benchmarks.rounds import Stats, run_rounds
from benchmarks.sinks import Sink, http_sink
from benchmarks.world import add_readers, make_workspace, opened, send_day_1, settings_of
from lovecampaign.core.message import Message, Outcome, OutcomeKind
from lovecampaign.providers.sendgrid.connection import Endpoint
from lovecampaign.providers.sendgrid.provider import SendGridProvider

PART = "SendGrid"
END_TO_END, SINGLE, THEIRS = "end to end, 1,000 people a request", "single requests", "sendgrid"
LEAST_END_TO_END, LEAST_TIMES_THEIRS = 10_000.0, 10.0
#: What noise explains of a ratio, on a machine that others use too.
_SLACK = 0.8
_KEY = "SG.make-believe.key"
_READERS, _SINGLE, _THEIRS = 10_000, 2_000, 200
_PREPARED = 100


class _NoJournal:
    """For the requests alone."""

    def writing(self, *delivery_ids: str) -> None: ...

    def answered(self, *outcomes: Outcome) -> None: ...


def measure(rounds: int) -> Measured:
    """To a local sink that answers 202 without looking."""
    with tempfile.TemporaryDirectory() as folder, http_sink() as sink:
        letters = _letters(Path(folder))
        ways: Mapping[str, Callable[[], float]] = {
            END_TO_END: _end_to_end(Path(folder), sink),
            SINGLE: _single(sink, letters),
            THEIRS: _theirs(sink, letters),
        }
        return list(_figures(run_rounds(ways, rounds), sink))


def _end_to_end(folder: Path, sink: Sink) -> Callable[[], float]:
    """Claim, journal, render, send, settle: one process, the ledger durable (FULL)."""
    numbers = itertools.count()

    def work() -> float:
        workspace = folder / f"send-{next(numbers)}"
        make_workspace(workspace)
        settings = settings_of(workspace)
        with opened(settings) as database, contextlib.closing(_provider(sink)) as provider:
            add_readers(database, _READERS)
            start = time.perf_counter()
            report = send_day_1(settings, database, provider)
            return report.sent / (time.perf_counter() - start)

    return work


def _single(sink: Sink, letters: Sequence[Message]) -> Callable[[], float]:
    """Rendered messages with their full content, one request each."""

    def work() -> float:
        with contextlib.closing(_provider(sink, people=1)) as provider:
            messages = itertools.islice(itertools.cycle(letters), _SINGLE)
            start = time.perf_counter()
            outcomes = provider.send(messages, _NoJournal())
            taken = sum(outcome.kind is OutcomeKind.ACCEPTED for outcome in outcomes)
            return taken / (time.perf_counter() - start)

    return work


def _theirs(sink: Sink, letters: Sequence[Message]) -> Callable[[], float]:
    """The same messages by SendGrid's own library, as its README shows it."""
    client = SendGridAPIClient(_KEY, host=f"http://127.0.0.1:{sink.port}")

    def work() -> float:
        start = time.perf_counter()
        for message in itertools.islice(itertools.cycle(letters), _THEIRS):
            mail = Mail(
                from_email=message.sender.email,
                to_emails=message.to.email,
                subject=message.subject,
                plain_text_content=message.text,
                html_content=message.html,
            )
            for name, value in message.headers.items():
                mail.add_header(Header(name, value))
            client.send(mail)
        return _THEIRS / (time.perf_counter() - start)

    return work


def _provider(sink: Sink, people: int = 1000) -> SendGridProvider:
    endpoint = Endpoint(host="127.0.0.1", port=sink.port, is_tls=False)
    return SendGridProvider(endpoint, _KEY, name="sendgrid:", max_recipients=people)


def _letters(folder: Path) -> Sequence[Message]:
    renderer, addressing = make_renderer(folder / "letters")
    rendered = [renderer.render(reader) for reader in make_recipients(addressing, 2 * _PREPARED)]
    return rendered[_PREPARED:]


def _figures(found: Mapping[str, Stats], sink: Sink) -> Iterator[Figure]:
    yield Figure(
        part=PART,
        name=END_TO_END,
        value=found[END_TO_END].median,
        unit="recipients/s",
        target=LEAST_END_TO_END,
        ratios=[_ratio(found, END_TO_END)],
        note=f"64 KB letters to {sink.name}; ledger, journal and rendering included",
    )
    yield Figure(
        part=PART,
        name=SINGLE,
        value=found[SINGLE].median,
        unit="requests/s",
        ratios=[_ratio(found, SINGLE, LEAST_TIMES_THEIRS)],
        note="each person's full content, kept-alive connections",
    )


def _ratio(found: Mapping[str, Stats], ours: str, target: float | None = None) -> Ratio:
    return Ratio(
        peer=THEIRS,
        times=found[ours].times(found[THEIRS]),
        value=found[THEIRS].median,
        target=target,
        floor=None if target is None else target * _SLACK,
    )


def main() -> int:
    """Print the figures; 1 where a ratio is not what it must be."""
    measured = measure(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
    figures = [one for one in measured if isinstance(one, Figure)]
    for one in figures:
        ratios = ", ".join(f"{ratio.times:.2f} x {ratio.peer}" for ratio in one.ratios)
        sys.stdout.write(f"{one.name:40}{one.value:10,.0f} {one.unit}  {ratios}\n")
    return int(any(one.is_missed for one in figures))


if __name__ == "__main__":
    sys.exit(main())
