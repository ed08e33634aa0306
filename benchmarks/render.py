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
from typing import Any

from jinja2 import Environment

from benchmarks.letter import as_row, jinja_sources, make_recipients, make_renderer
from benchmarks.rounds import Stats, run_rounds
from lovecampaign.delivery.personal import Addressing
from lovecampaign.render.renderer import EmailRenderer

OURS, PLAIN, JINJA, USUAL = "ours", "our plain path", "Jinja alone", "Jinja + EmailMessage"
#: Ratios that must hold on any machine, with slack for noise (targets: 5 and 100).
LEAST_TIMES_JINJA = 3.5
LEAST_TIMES_USUAL = 80.0
#: People that a sender claims at once for an SMTP connection.
A_CLAIM = 50
FIRST = "first message of an email, ms"
_SMTP = SMTP.clone(max_line_length=998)


def measure(workspace: Path, rounds: int) -> Mapping[str, Stats]:
    """Messages a second of each way, one core, readers who are all different."""
    renderer, addressing = make_renderer(workspace)
    readers = make_recipients(addressing, 10_000_000)
    for reader in itertools.islice(readers, 200):
        renderer.render(reader)
    sources = jinja_sources(renderer, addressing)
    jinja = Environment(autoescape=True)
    html, text, subject = (jinja.from_string(one) for one in sources)
    plain = renderer._plain  # noqa: SLF001 - the oracle is nobody's public interface

    def render_jinja(row: Mapping[str, Any]) -> tuple[str, str, str]:
        return html.render(row), text.render(row), subject.render(row)

    def render_usual(row: Mapping[str, Any]) -> bytes:
        written, plain_text, line = render_jinja(row)
        return _as_bytes(row, line, plain_text, written)

    return run_rounds(
        {
            OURS: _rate(lambda reader: renderer.render(reader).raw, readers, 5_000),
            PLAIN: _rate(lambda reader: plain.render(reader).raw, readers, 50),
            JINJA: _rate(render_jinja, map(as_row, readers), 1_000),
            USUAL: _rate(render_usual, map(as_row, readers), 50),
        },
        rounds,
    )


def measure_first(workspace: Path, rounds: int) -> list[float]:
    """Milliseconds from a letter's files, read before, to its first message."""
    took = []
    for number in range(rounds + 1):
        folder = workspace / str(number)
        folder.mkdir()
        build = _prepared(folder)
        start = time.perf_counter()
        build()
        took.append((time.perf_counter() - start) * 1000)
    return took[1:]


def main() -> int:
    """Print the figures; 1 where a ratio is not what it must be."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(Path(folder), rounds)
        first = sorted(measure_first(Path(folder), rounds))[rounds // 2]
    ours = figures[OURS]
    for name, stats in figures.items():
        _say(f"{name:24}{stats.median:10,.0f} messages/s   1/{ours.times(stats):.1f} of ours")
    _say(f"{FIRST:34}{first:6.1f}")
    is_fast = (
        ours.times(figures[JINJA]) >= LEAST_TIMES_JINJA
        and ours.times(figures[USUAL]) >= LEAST_TIMES_USUAL
    )
    return 0 if is_fast else 1


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


def _prepared(folder: Path) -> Callable[[], object]:
    """A letter whose campaign and files are read, ready for its first reader."""
    renderer, addressing = make_renderer(folder)
    [reader] = make_recipients(addressing, 1)
    return lambda: _rebuilt(renderer, addressing).render(reader)


def _rebuilt(renderer: EmailRenderer, addressing: Addressing) -> EmailRenderer:
    return EmailRenderer(
        addressing.campaign,
        addressing.email,
        renderer._fast._content,  # noqa: SLF001 - as it was read
        public_url=renderer.public_url,
        media_url=f"{renderer.public_url}/i",
    )


def _as_bytes(row: Mapping[str, Any], subject: str, text: str, html: str) -> bytes:
    """As Python's manual shows it."""
    message = EmailMessage(policy=_SMTP)
    message["From"] = "Ana from Bloom <ana@news.bloom.example>"
    message["To"] = row["subscriber"]["email"]
    message["Subject"] = subject
    message["List-Unsubscribe"] = f"<{row['links']['unsubscribe']}>"
    message.set_content(text, cte="quoted-printable")
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    return message.as_bytes()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
