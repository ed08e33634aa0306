"""Speed of several sending processes, next to one and to others."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from statistics import median

from benchmarks.figures import Figure, Measured
from benchmarks.letter import make_recipients
from benchmarks.parts.smtp_peers import SESSIONS, smtp_source, smtplib_with_jinja
from benchmarks.rounds import Contender, ratio_to, run_rounds
from benchmarks.sinks import Sink, http_sink, smtp_sink
from benchmarks.workspace import SECRET, add_subscribers, make_workspace, opened, settings_of
from lovecampaign.campaign.files.load import load_campaign
from lovecampaign.campaign.workspace.find import EXAMPLE_CAMPAIGN, find_example
from lovecampaign.core.tokens import TokenSigner
from lovecampaign.delivery.base.recipient_builder import RecipientBuilder
from lovecampaign.render.model.content import read_content
from lovecampaign.render.renderer import EmailRenderer

PART = "Processes"
ONE, TWO, SOURCE = "one process", "two processes", "smtp-source"
USUAL = "Jinja + EmailMessage + smtplib"
LEAST_TIMES_ONE, LEAST_TIMES_SENDGRID, LEAST_TIMES_USUAL = 1.45, 1.5, 25.0
LEAST_TIMES_SOURCE = {"yes": 1.0, "no": 0.85}
MOST_CPU, MOST_PACE_DEVIATION = 1.08, 5.0
_SUBSCRIBERS, _OF_SENDGRID, _OF_EXAMPLE = 60_000, 40_000, 60_000
_MESSAGES, _BYTES = 20_000, 64_000
_FLEET, _PACE, _PACED = 3, 200.0, 3_000


def measure(rounds: int) -> Measured:
    """Each send is a program of its own, with a ledger of its own."""
    with tempfile.TemporaryDirectory() as name, smtp_sink() as sink, http_sink() as http:
        folder = Path(name)
        return [
            *_smtp(folder, sink, "yes", rounds),
            *_smtp(folder, sink, "no", rounds),
            *_sendgrid(folder, http, rounds),
            _real_letter(folder, sink, rounds),
            _pace(folder, sink),
        ]


@dataclass(slots=True, kw_only=True)
class _Send:
    """A contender: one send with so many processes; keeps what each cost."""

    base: Path
    url: str
    processes: int
    environment: Mapping[str, str] = field(default_factory=dict)
    cpu_per_message: list[float] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=count)

    def __call__(self) -> float:
        folder = self.base.with_name(f"{self.base.name}-{self.processes}-{next(self._numbers)}")
        shutil.copytree(self.base, folder)
        words = ["-m", "benchmarks.parts.one_send", str(folder), self.url, str(self.processes)]
        done = subprocess.run(
            [sys.executable, *words],
            capture_output=True,
            check=True,
            text=True,
            env={**os.environ, **self.environment},
        )
        shutil.rmtree(folder)
        costs: dict[str, float] = json.loads(done.stdout)
        self.cpu_per_message.append(costs["cpu_seconds"] / costs["sent"])
        return costs["sent"] / costs["seconds"]

    def cpu_times(self, other: _Send) -> float:
        pairs = zip(self.cpu_per_message, other.cpu_per_message, strict=True)
        return median(mine / theirs for mine, theirs in pairs)


def _workspace(folder: Path, subscribers: int, **choices: object) -> Path:
    make_workspace(folder, **choices)
    with opened(settings_of(folder)) as database:
        add_subscribers(database, subscribers)
    return folder


def _smtp(folder: Path, sink: Sink, ahead: str, rounds: int) -> Iterator[Figure]:
    base = _workspace(folder / f"smtp-{ahead}", _SUBSCRIBERS)
    url = f"smtp://127.0.0.1:{sink.port}?connections={SESSIONS}&ahead={ahead}"
    sends = {
        ONE: _Send(base=base, url=url, processes=1),
        TWO: _Send(base=base, url=url, processes=2),
    }
    contenders: dict[str, Contender] = dict(sends)
    if source := smtp_source(sink, _MESSAGES, _BYTES):
        contenders[SOURCE] = source
    stats = run_rounds(contenders, rounds)
    ratios = [ratio_to(stats, TWO, ONE, LEAST_TIMES_ONE)]
    if SOURCE in stats:
        ratios.append(ratio_to(stats, TWO, SOURCE, LEAST_TIMES_SOURCE[ahead]))
    yield Figure(
        part=PART,
        name=f"{TWO}, SMTP, ahead={ahead}",
        value=stats[TWO].median,
        unit="recipients/s",
        ratios=ratios,
        note=f"64 KB letters to {sink.name} on the same processors, {SESSIONS} connections in all",
    )
    yield _cpu(f"SMTP, ahead={ahead}", sends)


def _cpu(name: str, sends: Mapping[str, _Send]) -> Figure:
    return Figure(
        part=PART,
        name=f"processor time a message, {name}: two processes, times one",
        value=sends[TWO].cpu_times(sends[ONE]),
        unit="×",
        target=MOST_CPU,
        is_less_better=True,
    )


def _sendgrid(folder: Path, sink: Sink, rounds: int) -> Iterator[Figure]:
    base = _workspace(folder / "sendgrid", _OF_SENDGRID)
    environment = {"SENDGRID_BASE_URL": f"http://127.0.0.1:{sink.port}"}
    sends = {
        name: _Send(base=base, url="sendgrid:", processes=number, environment=environment)
        for name, number in ((ONE, 1), (TWO, 2))
    }
    stats = run_rounds(sends, rounds)
    yield Figure(
        part=PART,
        name=f"{TWO}, SendGrid",
        value=stats[TWO].median,
        unit="recipients/s",
        ratios=[ratio_to(stats, TWO, ONE, LEAST_TIMES_SENDGRID)],
        note=f"1,000 people a request, to {sink.name}",
    )
    yield _cpu("SendGrid", sends)


def _real_letter(folder: Path, sink: Sink, rounds: int) -> Figure:
    """Day 1 of the example by the command line, start-up and checks included."""
    base = folder / "example"
    for part in (EXAMPLE_CAMPAIGN, "templates"):
        shutil.copytree(find_example() / part, base / part)
    file = base / EXAMPLE_CAMPAIGN / "campaign.yaml"
    file.write_text(file.read_text().replace("max_per_second: 50", "max_per_second: unlimited"))
    loaded = load_campaign(file.parent, base)
    if loaded.campaign is None:
        raise ValueError(f"the example cannot be read: {loaded.problems}")
    with opened(settings_of(base)) as database:
        add_subscribers(database, _OF_EXAMPLE)
    campaign = loaded.campaign
    email = campaign.day_emails[0]
    renderer = EmailRenderer(campaign, email, read_content(campaign, email), media_url="")
    addressing = RecipientBuilder(
        campaign=campaign,
        email=email,
        signer=TokenSigner([SECRET]),
        public_url="https://bloom.example",
        founders_until=None,
    )
    recipients = make_recipients(addressing, 10_000_000)
    url = f"smtp://127.0.0.1:{sink.port}?connections={SESSIONS}"
    now = f"{campaign.start}T08:00Z"  # 09:00 where all subscribers are
    contenders = {
        TWO: _by_command_line(base, url, now),
        USUAL: smtplib_with_jinja(renderer, addressing, recipients, sink, count=600),
    }
    stats = run_rounds(contenders, rounds)
    return Figure(
        part=PART,
        name=f"a real letter of the example, {TWO}, by the command line",
        value=stats[TWO].median,
        unit="recipients/s",
        ratios=[ratio_to(stats, TWO, USUAL, LEAST_TIMES_USUAL)],
        note=f"{_OF_EXAMPLE:,} subscribers, from the start of the command to its end",
    )


def _by_command_line(base: Path, url: str, now: str) -> Contender:
    numbers = count()

    def work() -> float:
        folder = base.with_name(f"example-{next(numbers)}")
        shutil.copytree(base, folder)
        send = ["send", "--yes", "--json", "--now", now, "--processes", "2"]
        settings = {
            "LOVECAMPAIGN_PROVIDER": url,
            "LOVECAMPAIGN_SECRET_KEY": SECRET,
            "LOVECAMPAIGN_PUBLIC_URL": "https://bloom.example",
            "LOVECAMPAIGN_MEDIA_URL": "https://bloom.example/i",
        }
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "lovecampaign", *send],
            capture_output=True,
            check=True,
            text=True,
            cwd=folder,
            env={**os.environ, **settings},
        )
        seconds = time.perf_counter() - start
        shutil.rmtree(folder)
        sent: int = json.loads(done.stdout)["data"]["sent"]
        return sent / seconds

    return work


def _pace(folder: Path, sink: Sink) -> Figure:
    base = _workspace(folder / "pace", _PACED, max_per_second=_PACE)
    url = f"smtp://127.0.0.1:{sink.port}?connections={SESSIONS}"
    rate = _Send(base=base, url=url, processes=_FLEET)()
    return Figure(
        part=PART,
        name=f"pace of {_FLEET} processes at {_PACE:g} a second: off by",
        value=abs(rate / _PACE - 1) * 100,
        unit="%",
        target=MOST_PACE_DEVIATION,
        is_less_better=True,
        floor=MOST_PACE_DEVIATION,
        note=f"{rate:.1f} a second over {_PACED:,} messages, start-up included",
    )
