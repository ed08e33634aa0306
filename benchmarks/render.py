"""How many messages does one core render and encode, next to Jinja and Python's own library?

python -m benchmarks.render [ROUNDS]
"""

from __future__ import annotations

import itertools
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from statistics import median
from typing import Any

from jinja2 import Environment

from benchmarks.figures import Figure, Measured, Ratio
from benchmarks.letter import MEDIA_URL, as_row, jinja_sources, make_recipients, make_renderer
from benchmarks.rounds import Stats, run_rounds
from lovecampaign.delivery.base.recipient_builder import RecipientBuilder
from lovecampaign.render.renderer import EmailRenderer

PART = "Rendering"
OURS, PLAIN = "rendered and encoded", "our plain path"
JINJA, USUAL = "Jinja alone", "Jinja + EmailMessage"
FIRST = "first message of an email"
LEAST_OURS, MOST_FIRST = 50_000.0, 30.0
LEAST_TIMES = {JINJA: 5.0, USUAL: 100.0}
#: What noise explains of a ratio, on a machine that others use too.
_SLACK = 0.75
#: People that a sender claims at once for an SMTP connection.
A_CLAIM = 50
_SMTP = SMTP.clone(max_line_length=998)


def measure(rounds: int) -> Measured:
    """One core, readers who are all different."""
    with tempfile.TemporaryDirectory() as folder:
        found = run_rounds(_contenders(Path(folder)), rounds)
        return [_rate_figure(found), _first_figure(Path(folder), rounds)]


def main() -> int:
    """Print the figures; 1 where a ratio is not what it must be."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    found = [one for one in measure(rounds) if isinstance(one, Figure)]
    for figure in found:
        _say(f"{figure.name:32}{figure.value:10,.1f} {figure.unit}")
        for ratio in figure.ratios:
            _say(f"  × {ratio.peer:28}{ratio.times:10,.1f}   {ratio.value:,.0f} {figure.unit}")
    return 1 if any(figure.is_missed for figure in found) else 0


def as_the_manual_shows(row: Mapping[str, Any], html: str, text: str, subject: str) -> bytes:
    """A message of these parts, built as Python's manual shows it."""
    message = EmailMessage(policy=_SMTP)
    message["From"] = "Ana from Bloom <ana@news.bloom.example>"
    message["To"] = row["subscriber"]["email"]
    message["Subject"] = subject
    message["List-Unsubscribe"] = f"<{row['links']['unsubscribe']}>"
    message.set_content(text, cte="quoted-printable")
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    return message.as_bytes()


def _contenders(workspace: Path) -> Mapping[str, Callable[[], float]]:
    renderer, addressing = make_renderer(workspace)
    readers = make_recipients(addressing, 10_000_000)
    for reader in itertools.islice(readers, 200):
        renderer.render(reader)
    plain = renderer._plain  # noqa: SLF001 - the oracle is nobody's public interface
    render_jinja = _jinja(renderer, addressing)

    def render_usual(row: Mapping[str, Any]) -> bytes:
        return as_the_manual_shows(row, *render_jinja(row))

    return {
        OURS: _rate(lambda reader: renderer.render(reader).raw, readers, 5_000),
        PLAIN: _rate(lambda reader: plain.render(reader).raw, readers, 50),
        JINJA: _rate(render_jinja, map(as_row, readers), 1_000),
        USUAL: _rate(render_usual, map(as_row, readers), 50),
    }


def _jinja(
    renderer: EmailRenderer, addressing: RecipientBuilder
) -> Callable[[Mapping[str, Any]], tuple[str, str, str]]:
    """HTML, text and subject as Jinja's manual shows it: compiled once, only HTML escaped."""
    sources = jinja_sources(renderer, addressing)
    html = Environment(autoescape=True).from_string(sources[0])
    text, subject = map(Environment(autoescape=False).from_string, sources[1:])  # noqa: S701

    def render(row: Mapping[str, Any]) -> tuple[str, str, str]:
        return html.render(row), text.render(row), subject.render(row)

    return render


def _rate(
    render: Callable[[Any], object], readers: Iterator[Any], count: int
) -> Callable[[], float]:
    """Messages a second for the next ``count`` readers, whom nobody has seen before.

    They come as a sender claims them, a few dozen at a time; only rendering is timed, and in the
    processor's time, so that who else uses the machine decides as little as possible.
    """

    def work() -> float:
        seconds = 0.0
        for _ in range(0, count, A_CLAIM):
            people = list(itertools.islice(readers, A_CLAIM))
            start = time.process_time()
            for reader in people:
                render(reader)
            seconds += time.process_time() - start
        return count / seconds

    return work


def _rate_figure(found: Mapping[str, Stats]) -> Figure:
    ours = found[OURS]
    return Figure(
        part=PART,
        name=OURS,
        value=ours.median,
        unit="messages/s",
        target=LEAST_OURS,
        ratios=[
            Ratio(
                peer=peer,
                times=ours.times(found[peer]),
                value=found[peer].median,
                target=LEAST_TIMES.get(peer),
                floor=LEAST_TIMES[peer] * _SLACK if peer in LEAST_TIMES else None,
            )
            for peer in (JINJA, USUAL, PLAIN)
        ],
        note="64 KB letters with 34 holes, distinct readers, one core, in the processor's time",
    )


def _first_figure(workspace: Path, rounds: int) -> Figure:
    return Figure(
        part=PART,
        name=FIRST,
        value=median(_first(workspace / str(number)) for number in range(rounds)),
        unit="ms",
        target=MOST_FIRST,
        is_less_better=True,
        note="from files that were read before, in the processor's time; what preview does",
    )


def _first(folder: Path) -> float:
    """Milliseconds from a letter's files to its first message, in a process that has sent one."""
    folder.mkdir()
    renderer, addressing = make_renderer(folder)
    [reader] = make_recipients(addressing, 1)
    start = time.process_time()
    _rebuilt(renderer, addressing).render(reader)
    return (time.process_time() - start) * 1000


def _rebuilt(renderer: EmailRenderer, addressing: RecipientBuilder) -> EmailRenderer:
    return EmailRenderer(
        addressing.campaign,
        addressing.email,
        renderer._fast._content,  # noqa: SLF001 - as it was read
        media_url=MEDIA_URL,
    )


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
