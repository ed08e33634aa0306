"""Speed of rendering and encoding on one core, and of Jinja and EmailMessage for comparison."""

from __future__ import annotations

import itertools
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from statistics import median
from typing import Any

from jinja2 import Environment

from benchmarks.figures import Figure, Measured
from benchmarks.letter import (
    COPY,
    MEDIA_URL,
    PERSONAL,
    add_personal,
    as_row,
    jinja_sources,
    make_recipients,
    make_renderer,
)
from benchmarks.rounds import Contender, Stats, ratio_to, run_rounds
from lovecampaign.delivery.base.recipient_builder import RecipientBuilder
from lovecampaign.render.model.recipient import Recipient
from lovecampaign.render.renderer import EmailRenderer

PART = "Rendering"
OURS, PLAIN = "rendered and encoded", "our plain path"
PERSONAL_NAME, WITHOUT = "with heroes, note and gifts.count", "without them"
JINJA, USUAL = "Jinja alone", "Jinja + EmailMessage"
FIRST = "first message of an email"
LEAST_OURS, MOST_FIRST = 50_000.0, 30.0
LEAST_TIMES = {JINJA: 5.0, USUAL: 100.0}
#: Of the speed of the same email without them.
LEAST_PERSONAL = 0.8
#: Share of a ratio that noise may take, on a machine that others use too.
_NOISE = 0.25
#: Deliveries claimed at once for an SMTP connection.
A_CLAIM = 50
_SMTP = SMTP.clone(max_line_length=998)


def measure(rounds: int) -> Measured:
    with tempfile.TemporaryDirectory() as folder:
        stats = run_rounds(_contenders(Path(folder)), rounds)
        personal = _personal_figure(run_rounds(_personal_pair(Path(folder)), 3 * rounds))
        return [_rate_figure(stats), personal, _first_figure(Path(folder), rounds)]


def build_email_message(row: Mapping[str, Any], html: str, text: str, subject: str) -> bytes:
    """A message of these parts, built as in Python's manual."""
    message = EmailMessage(policy=_SMTP)
    message["From"] = "Ana from Bloom <ana@news.bloom.example>"
    message["To"] = row["subscriber"]["email"]
    message["Subject"] = subject
    message["List-Unsubscribe"] = f"<{row['links']['unsubscribe']}>"
    message.set_content(text, cte="quoted-printable")
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    return message.as_bytes()


def _contenders(workspace: Path) -> Mapping[str, Contender]:
    renderer, addressing = make_renderer(workspace)
    recipients = make_recipients(addressing, 10_000_000)
    for recipient in itertools.islice(recipients, 200):
        renderer.render(recipient)
    plain = renderer.plain
    render_jinja = _jinja(renderer, addressing)

    def render_usual(row: Mapping[str, Any]) -> bytes:
        return build_email_message(row, *render_jinja(row))

    return {
        OURS: _rate(_rendering(renderer), recipients, 5_000),
        PLAIN: _rate(lambda recipient: plain.render(recipient).raw, recipients, 50),
        JINJA: _rate(render_jinja, map(as_row, recipients), 1_000),
        USUAL: _rate(render_usual, map(as_row, recipients), 50),
    }


def _personal_pair(workspace: Path) -> Mapping[str, Contender]:
    """The email with what a claim adds, and the same without: for the same recipients."""
    pair = {}
    for name, copy in ((PERSONAL_NAME, COPY + PERSONAL), (WITHOUT, COPY)):
        renderer, addressing = make_renderer(workspace / name, copy)
        recipients = add_personal(make_recipients(addressing, 10_000_000), A_CLAIM)
        pair[name] = _rate(_rendering(renderer), recipients, 5_000)
    return pair


def _rendering(renderer: EmailRenderer) -> Callable[[Recipient], bytes]:
    return lambda recipient: renderer.render(recipient).raw


def _jinja(
    renderer: EmailRenderer, addressing: RecipientBuilder
) -> Callable[[Mapping[str, Any]], tuple[str, str, str]]:
    """HTML, text and subject as in Jinja's manual: compiled once, only HTML escaped."""
    sources = jinja_sources(renderer, addressing)
    html = Environment(autoescape=True).from_string(sources[0])
    text, subject = map(Environment(autoescape=False).from_string, sources[1:])  # noqa: S701

    def render(row: Mapping[str, Any]) -> tuple[str, str, str]:
        return html.render(row), text.render(row), subject.render(row)

    return render


def _rate(render: Callable[[Any], object], recipients: Iterator[Any], count: int) -> Contender:
    """Messages per second for the next ``count`` recipients, all new.

    They come in claims of a few dozen. Only rendering is timed, and in CPU time, which other
    processes disturb least.
    """

    def work() -> float:
        seconds = 0.0
        for _ in range(0, count, A_CLAIM):
            claimed = list(itertools.islice(recipients, A_CLAIM))
            start = time.process_time()
            for recipient in claimed:
                render(recipient)
            seconds += time.process_time() - start
        return count / seconds

    return work


def _rate_figure(stats: Mapping[str, Stats]) -> Figure:
    return Figure(
        part=PART,
        name=OURS,
        value=stats[OURS].median,
        unit="messages/s",
        target=LEAST_OURS,
        ratios=[
            ratio_to(stats, OURS, peer, LEAST_TIMES.get(peer), _NOISE)
            for peer in (JINJA, USUAL, PLAIN)
        ],
        note="64 KB letters with 34 holes, distinct recipients, one core, in CPU time",
    )


def _personal_figure(stats: Mapping[str, Stats]) -> Figure:
    return Figure(
        part=PART,
        name=PERSONAL_NAME,
        value=stats[PERSONAL_NAME].median,
        unit="messages/s",
        ratios=[ratio_to(stats, PERSONAL_NAME, WITHOUT, LEAST_PERSONAL, _NOISE)],
        note="two stories, a note for one in ten",
    )


def _first_figure(workspace: Path, rounds: int) -> Figure:
    return Figure(
        part=PART,
        name=FIRST,
        value=median(_first(workspace / str(number)) for number in range(rounds)),
        unit="ms",
        target=MOST_FIRST,
        is_less_better=True,
        note="from files that were read before, in CPU time; as in preview",
    )


def _first(folder: Path) -> float:
    """Milliseconds from an email's files to its first message, in a warm process."""
    folder.mkdir()
    renderer, addressing = make_renderer(folder)
    [recipient] = make_recipients(addressing, 1)
    start = time.process_time()
    _rebuilt(renderer, addressing).render(recipient)
    return (time.process_time() - start) * 1000


def _rebuilt(renderer: EmailRenderer, addressing: RecipientBuilder) -> EmailRenderer:
    return EmailRenderer(
        addressing.campaign,
        addressing.email,
        renderer._fast._content,  # noqa: SLF001 - as it was read
        media_url=MEDIA_URL,
    )
