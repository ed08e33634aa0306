"""How fast does personal mail leave over SMTP, next to others who send the same letter?

python -m benchmarks.smtp [ROUNDS]
"""

from __future__ import annotations

import contextlib
import itertools
import ssl
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.figures import Absence, Figure, Measured, Ratio
from benchmarks.letter import make_recipients, make_renderer
from benchmarks.rounds import Stats, run_rounds
from benchmarks.sinks import Sink, postfix_sink, smtp_sink, tls_smtp_sink
from benchmarks.smtp_peers import SESSIONS, aiosmtplib_way, nodemailer, smtp_source, usual_way
from benchmarks.world import add_readers, make_workspace, opened, send_day_1, settings_of
from lovecampaign.core.message import Message, Outcome, OutcomeKind
from lovecampaign.providers.smtp.connect import Security, SmtpTarget
from lovecampaign.providers.smtp.provider import SmtpProvider
from lovecampaign.testing.certificate import self_signed

PART = "SMTP"
END_TO_END, ALONE, SOURCE = "end to end", "the connections alone", "smtp-source"
SOURCE_ANEW = "smtp-source, a connection a message"
USUAL, AIO, NODE = "Jinja + EmailMessage + smtplib", "aiosmtplib", "nodemailer"
LEAST_END_TO_END, LEAST_ALONE, LEAST_TIMES_SOURCE = 8_000.0, 12_000.0, 1.0
#: What noise explains of a ratio, on a machine that others use too.
_SLACK = 0.8
_READERS = 10_000
#: Of a whole send, whose first quarter of a second goes into statements and ways of the letter.
_SUBSCRIBERS = 30_000
_PREPARED = 100


class _NoJournal:
    """For the connections alone."""

    def writing(self, *delivery_ids: str) -> None: ...

    def answered(self, *outcomes: Outcome) -> None: ...


def measure(rounds: int) -> Measured:
    """Our own sink first, since it does not bound its client; smtp-sink to compare with."""
    with tempfile.TemporaryDirectory() as folder, smtp_sink() as sink:
        letters = _letters(Path(folder))
        found = run_rounds(_contenders(Path(folder), sink, letters), rounds)
        return [
            *_figures(found, sink),
            *_over_tls(Path(folder), letters, sink, rounds),
            *_to_postfix(letters, rounds),
        ]


def _contenders(
    folder: Path, sink: Sink, letters: Sequence[Message]
) -> Mapping[str, Callable[[], float]]:
    renderer, addressing = make_renderer(folder / "peers")
    readers = make_recipients(addressing, 10_000_000)
    raw = letters[0].raw
    ways = {
        END_TO_END: _end_to_end(folder, sink),
        ALONE: _alone(sink.port, letters),
        SOURCE: smtp_source(sink, _READERS, len(raw)),
        SOURCE_ANEW: smtp_source(sink, _READERS // 2, len(raw), keeps_connections=False),
        USUAL: usual_way(renderer, addressing, readers, sink),
        AIO: aiosmtplib_way(sink, raw),
        NODE: nodemailer(sink, raw),
    }
    return {name: way for name, way in ways.items() if way is not None}


def _end_to_end(folder: Path, sink: Sink) -> Callable[[], float]:
    """Claim, journal, render, send, settle: one process, the ledger durable (FULL)."""
    numbers = itertools.count()

    def work() -> float:
        workspace = folder / f"send-{next(numbers)}"
        make_workspace(workspace)
        settings = settings_of(workspace)
        with opened(settings) as database, contextlib.closing(_provider(sink.port)) as provider:
            add_readers(database, _SUBSCRIBERS)
            start = time.perf_counter()
            report = send_day_1(settings, database, provider)
            return report.sent / (time.perf_counter() - start)

    return work


def _alone(
    port: int, letters: Sequence[Message], certificate: Path | None = None
) -> Callable[[], float]:
    """Rendered messages, each a hundred times over."""

    def work() -> float:
        with contextlib.closing(_provider(port, certificate)) as provider:
            messages = itertools.islice(itertools.cycle(letters), _READERS)
            start = time.perf_counter()
            outcomes = provider.send(messages, _NoJournal())
            taken = sum(outcome.kind is OutcomeKind.ACCEPTED for outcome in outcomes)
            return taken / (time.perf_counter() - start)

    return work


def _provider(port: int, certificate: Path | None = None) -> SmtpProvider:
    server = SmtpTarget(host="127.0.0.1", port=port, security=Security.LOOPBACK)
    if certificate is not None:
        server = SmtpTarget(
            host="127.0.0.1",
            port=port,
            security=Security.TLS,
            ssl_context=ssl.create_default_context(cafile=certificate),
        )
    return SmtpProvider(server, connections=SESSIONS)


def _letters(folder: Path) -> Sequence[Message]:
    renderer, addressing = make_renderer(folder / "letters")
    rendered = [renderer.render(reader) for reader in make_recipients(addressing, 2 * _PREPARED)]
    return rendered[_PREPARED:]


def _figures(found: Mapping[str, Stats], sink: Sink) -> Iterator[Figure | Absence]:
    note = f"64 KB letters to {sink.name}, {SESSIONS} connections"
    peers = (SOURCE_ANEW, USUAL, AIO, NODE)
    yield Figure(
        part=PART,
        name=END_TO_END,
        value=found[END_TO_END].median,
        unit="recipients/s",
        target=LEAST_END_TO_END,
        ratios=[
            _ratio(found, END_TO_END, peer, LEAST_TIMES_SOURCE if peer == SOURCE else None)
            for peer in (SOURCE, *peers)
            if peer in found
        ],
        note=f"{note}; ledger, journal and rendering included",
    )
    yield Figure(
        part=PART,
        name=ALONE,
        value=found[ALONE].median,
        unit="messages/s",
        target=LEAST_ALONE,
        ratios=[_ratio(found, ALONE, peer) for peer in (SOURCE, *peers) if peer in found],
        note=note,
    )
    for peer in (SOURCE, AIO, NODE):
        if peer not in found:
            why = "not here: python -m benchmarks.sinks.fetch"
            yield Absence(part=PART, name=peer, why=why)


def _ratio(found: Mapping[str, Stats], ours: str, peer: str, target: float | None = None) -> Ratio:
    return Ratio(
        peer=peer,
        times=found[ours].times(found[peer]),
        value=found[peer].median,
        target=target,
        floor=None if target is None else target * _SLACK,
    )


def _over_tls(
    folder: Path, letters: Sequence[Message], plain: Sink, rounds: int
) -> Iterator[Figure | Absence]:
    certificate = self_signed(folder).path
    with tls_smtp_sink(certificate) as sink:
        if sink is None:
            yield Absence(part=PART, name="over TLS", why="no compiler, or no OpenSSL headers")
            return
        ways = {
            "TLS": _alone(sink.port, letters, certificate),
            "plain": _alone(plain.port, letters),
        }
        found = run_rounds(ways, rounds)
    yield Figure(
        part=PART,
        name="the connections alone, over TLS",
        value=found["TLS"].median,
        unit="messages/s",
        ratios=[_ratio(found, "TLS", "plain")],
        note=f"to {sink.name}; OpenSSL encrypts on one side and decrypts on the other",
    )


def _to_postfix(letters: Sequence[Message], rounds: int) -> Iterator[Figure | Absence]:
    name = "the connections alone, to smtp-sink"
    with postfix_sink() as sink:
        if sink is None:
            why = "postfix is not here: python -m benchmarks.sinks.fetch"
            yield Absence(part=PART, name=name, why=why)
            return
        time.sleep(0.5)
        ways = {ALONE: _alone(sink.port, letters)}
        source = smtp_source(sink, _READERS // 4, len(letters[0].raw))
        if source is not None:
            ways[SOURCE] = source
        found = run_rounds(ways, rounds)
    yield Figure(
        part=PART,
        name=name,
        value=found[ALONE].median,
        unit="messages/s",
        ratios=[_ratio(found, ALONE, SOURCE)] if SOURCE in found else [],
        note="smtp-sink runs in one thread and bounds whoever sends to it",
    )


def main() -> int:
    """Print the figures; 1 where a ratio is not what it must be."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    measured = measure(rounds)
    for one in measured:
        sys.stdout.write(f"{_line(one)}\n")
    return int(any(isinstance(one, Figure) and one.is_missed for one in measured))


def _line(one: Figure | Absence) -> str:
    if isinstance(one, Absence):
        return f"{one.name}: {one.why}"
    ratios = ", ".join(f"{ratio.times:.2f} x {ratio.peer}" for ratio in one.ratios)
    return f"{one.name:40}{one.value:10,.0f} {one.unit}  {ratios}"


if __name__ == "__main__":
    sys.exit(main())
