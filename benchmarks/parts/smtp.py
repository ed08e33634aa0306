"""Speed of sending over SMTP, and of others with the same email for comparison."""

from __future__ import annotations

import ssl
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.figures import Figure, Measured, NotMeasured
from benchmarks.letter import make_recipients, make_renderer
from benchmarks.parts.sending import provider_alone, render_messages, whole_send
from benchmarks.parts.smtp_peers import (
    SESSIONS,
    aiosmtplib,
    nodemailer,
    smtp_source,
    smtplib_with_jinja,
)
from benchmarks.rounds import Contender, Stats, ratio_to, run_rounds
from benchmarks.sinks import Sink, postfix_sink, smtp_sink, tls_smtp_sink
from lovecampaign.core.message import Message
from lovecampaign.providers.smtp.ahead.policy import AheadMode
from lovecampaign.providers.smtp.connect import Security, SmtpTarget
from lovecampaign.providers.smtp.provider import SmtpProvider
from lovecampaign.testing.certificate import self_signed

PART = "SMTP"
END_TO_END, ALONE, SOURCE = "end to end", "the connections alone", "smtp-source"
END_TO_END_AHEAD, ALONE_AHEAD = f"{END_TO_END}, commands ahead", f"{ALONE}, commands ahead"
SOURCE_ANEW = "smtp-source, a connection a message"
USUAL, AIO, NODE = "Jinja + EmailMessage + smtplib", "aiosmtplib", "nodemailer"
LEAST_END_TO_END, LEAST_ALONE, LEAST_TIMES_SOURCE = 8_000.0, 12_000.0, 1.0
#: What it may cost to send no commands ahead, as to most servers.
LEAST_TIMES_AHEAD = 0.85
_MESSAGES = 10_000
#: Of a whole send: its first quarter of a second goes into building statements and templates.
_SUBSCRIBERS = 30_000


def measure(rounds: int) -> Measured:
    """To our own sink first, which does not limit its client; then to smtp-sink."""
    with tempfile.TemporaryDirectory() as folder, smtp_sink() as sink:
        messages = render_messages(Path(folder))
        stats = run_rounds(_contenders(Path(folder), sink, messages), rounds)
        return [
            *_figures(stats, sink),
            *_over_tls(Path(folder), messages, sink, rounds),
            *_to_postfix(messages, rounds),
        ]


def _contenders(folder: Path, sink: Sink, messages: Sequence[Message]) -> Mapping[str, Contender]:
    renderer, addressing = make_renderer(folder / "peers")
    recipients = make_recipients(addressing, 10_000_000)
    raw = messages[0].raw
    contenders = {
        END_TO_END: whole_send(folder, _SUBSCRIBERS, lambda: _provider(sink.port)),
        END_TO_END_AHEAD: whole_send(
            folder / "ahead", _SUBSCRIBERS, lambda: _provider(sink.port, ahead=AheadMode.YES)
        ),
        ALONE: _alone(sink.port, messages),
        ALONE_AHEAD: provider_alone(
            messages, _MESSAGES, lambda: _provider(sink.port, ahead=AheadMode.YES)
        ),
        SOURCE: smtp_source(sink, _MESSAGES, len(raw)),
        SOURCE_ANEW: smtp_source(sink, _MESSAGES // 2, len(raw), keeps_connections=False),
        USUAL: smtplib_with_jinja(renderer, addressing, recipients, sink),
        AIO: aiosmtplib(sink, raw),
        NODE: nodemailer(sink, raw),
    }
    return {name: work for name, work in contenders.items() if work is not None}


def _alone(port: int, messages: Sequence[Message], certificate: Path | None = None) -> Contender:
    return provider_alone(messages, _MESSAGES, lambda: _provider(port, certificate))


def _provider(
    port: int, certificate: Path | None = None, ahead: AheadMode = AheadMode.NO
) -> SmtpProvider:
    server = SmtpTarget(host="127.0.0.1", port=port, security=Security.LOOPBACK)
    if certificate is not None:
        server = SmtpTarget(
            host="127.0.0.1",
            port=port,
            security=Security.TLS,
            ssl_context=ssl.create_default_context(cafile=certificate),
        )
    return SmtpProvider(server, connections=SESSIONS, ahead=ahead)


def _figures(stats: Mapping[str, Stats], sink: Sink) -> Iterator[Figure | NotMeasured]:
    note = f"64 KB letters to {sink.name}, {SESSIONS} connections"
    peers = [peer for peer in (SOURCE, SOURCE_ANEW, USUAL, AIO, NODE) if peer in stats]
    targets = {SOURCE: LEAST_TIMES_SOURCE, END_TO_END_AHEAD: LEAST_TIMES_AHEAD}
    yield Figure(
        part=PART,
        name=END_TO_END,
        value=stats[END_TO_END].median,
        unit="recipients/s",
        target=LEAST_END_TO_END,
        ratios=[
            ratio_to(stats, END_TO_END, peer, targets.get(peer))
            for peer in (END_TO_END_AHEAD, *peers)
        ],
        note=f"{note}; ledger, journal and rendering included",
    )
    yield Figure(
        part=PART,
        name=ALONE,
        value=stats[ALONE].median,
        unit="messages/s",
        target=LEAST_ALONE,
        ratios=[ratio_to(stats, ALONE, peer) for peer in (ALONE_AHEAD, *peers)],
        note=note,
    )
    for peer in (SOURCE, AIO, NODE):
        if peer not in stats:
            why = "not installed: python -m benchmarks.sinks.fetch"
            yield NotMeasured(part=PART, name=peer, why=why)


def _over_tls(
    folder: Path, messages: Sequence[Message], plain: Sink, rounds: int
) -> Iterator[Figure | NotMeasured]:
    certificate = self_signed(folder).path
    with tls_smtp_sink(certificate) as sink:
        if sink is None:
            yield NotMeasured(part=PART, name="over TLS", why="no compiler, or no OpenSSL headers")
            return
        contenders = {
            "TLS": _alone(sink.port, messages, certificate),
            "plain": _alone(plain.port, messages),
        }
        stats = run_rounds(contenders, rounds)
    yield Figure(
        part=PART,
        name="the connections alone, over TLS",
        value=stats["TLS"].median,
        unit="messages/s",
        ratios=[ratio_to(stats, "TLS", "plain")],
        note=f"to {sink.name}; OpenSSL encrypts on one side and decrypts on the other",
    )


def _to_postfix(messages: Sequence[Message], rounds: int) -> Iterator[Figure | NotMeasured]:
    name = "the connections alone, to smtp-sink"
    with postfix_sink() as sink:
        if sink is None:
            why = "postfix is missing: python -m benchmarks.sinks.fetch"
            yield NotMeasured(part=PART, name=name, why=why)
            return
        time.sleep(0.5)
        contenders = {ALONE: _alone(sink.port, messages)}
        source = smtp_source(sink, _MESSAGES // 4, len(messages[0].raw))
        if source is not None:
            contenders[SOURCE] = source
        stats = run_rounds(contenders, rounds)
    yield Figure(
        part=PART,
        name=name,
        value=stats[ALONE].median,
        unit="messages/s",
        ratios=[ratio_to(stats, ALONE, SOURCE)] if SOURCE in stats else [],
        note="smtp-sink runs in one thread, which limits every client",
    )
