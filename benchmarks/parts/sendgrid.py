"""Speed of sending through SendGrid's API, and of SendGrid's own client for comparison."""

from __future__ import annotations

import itertools
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from sendgrid import SendGridAPIClient
from sendgrid.helpers.mail import Header, Mail

from benchmarks.figures import Figure, Measured
from benchmarks.parts.sending import provider_alone, render_messages, whole_send
from benchmarks.rounds import Contender, Stats, ratio_to, run_rounds
from benchmarks.sinks import Sink, http_sink
from lovecampaign.core.message import Message
from lovecampaign.providers.sendgrid.connection import Endpoint
from lovecampaign.providers.sendgrid.provider import SendGridProvider

PART = "SendGrid"
END_TO_END, SINGLE, THEIRS = "end to end, 1,000 people a request", "single requests", "sendgrid"
LEAST_END_TO_END, LEAST_TIMES_THEIRS = 10_000.0, 4.0
_KEY = "SG.test.key"
_SUBSCRIBERS, _SINGLE, _THEIRS = 10_000, 2_000, 200


def measure(rounds: int) -> Measured:
    """To a local sink that answers 202 to everything."""
    with tempfile.TemporaryDirectory() as folder, http_sink() as sink:
        messages = render_messages(Path(folder))
        contenders = {
            END_TO_END: whole_send(Path(folder), _SUBSCRIBERS, lambda: _provider(sink)),
            SINGLE: provider_alone(messages, _SINGLE, lambda: _provider(sink, people=1)),
            THEIRS: _sendgrid_client(sink, messages),
        }
        return list(_figures(run_rounds(contenders, rounds), sink))


def _sendgrid_client(sink: Sink, messages: Sequence[Message]) -> Contender:
    """The same messages by SendGrid's own library, as its README shows it."""
    client = SendGridAPIClient(_KEY, host=f"http://127.0.0.1:{sink.port}")

    def work() -> float:
        start = time.perf_counter()
        for message in itertools.islice(itertools.cycle(messages), _THEIRS):
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


def _figures(stats: Mapping[str, Stats], sink: Sink) -> Iterator[Figure]:
    yield Figure(
        part=PART,
        name=END_TO_END,
        value=stats[END_TO_END].median,
        unit="recipients/s",
        target=LEAST_END_TO_END,
        ratios=[ratio_to(stats, END_TO_END, THEIRS)],
        note=f"64 KB letters to {sink.name}; ledger, journal and rendering included",
    )
    yield Figure(
        part=PART,
        name=SINGLE,
        value=stats[SINGLE].median,
        unit="requests/s",
        ratios=[ratio_to(stats, SINGLE, THEIRS, LEAST_TIMES_THEIRS)],
        note="each person's full content, kept-alive connections",
    )
