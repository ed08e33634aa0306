"""How fast do others send the same letter over SMTP?"""

from __future__ import annotations

import asyncio
import atexit
import importlib.util
import itertools
import shutil
import smtplib
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from jinja2 import Environment

from benchmarks.letter import as_row, jinja_sources
from benchmarks.render import as_the_manual_shows
from benchmarks.sinks import POSTFIX, POSTFIX_ENVIRONMENT, Sink
from benchmarks.sinks.fetch import NODEMAILER
from lovecampaign.delivery.base.recipient_builder import RecipientBuilder
from lovecampaign.render.model.recipient import Recipient
from lovecampaign.render.renderer import EmailRenderer

SESSIONS = 10
_SENDER = "ana@bloom.example"
_NODEMAILER_SCRIPT = Path(__file__).parent / "sinks" / "nodemailer.mjs"


def smtp_source(
    sink: Sink, count: int, size: int, *, keeps_connections: bool = True
) -> Callable[[], float] | None:
    """Postfix's own generator in C: ready-made messages of one kind, ten sessions.

    By itself it connects for each message; kept connections are what we are measured by.
    """
    program = POSTFIX / "usr/sbin/smtp-source"
    if not program.exists():
        return None
    options = ["-s", str(SESSIONS), "-m", str(count), "-l", str(size)]
    options += ["-d"] if keeps_connections else []
    command = [str(program), *options, f"127.0.0.1:{sink.port}"]

    def work() -> float:
        start = time.perf_counter()
        subprocess.run(command, check=True, env=POSTFIX_ENVIRONMENT)
        return count / (time.perf_counter() - start)

    return work


def usual_way(
    renderer: EmailRenderer, addressing: RecipientBuilder, readers: Iterator[Recipient], sink: Sink
) -> Callable[[], float]:
    """Jinja, EmailMessage and smtplib, one person after the other."""
    jinja = Environment(autoescape=True)
    html, text, subject = map(jinja.from_string, jinja_sources(renderer, addressing))
    count = 60

    def work() -> float:
        rows = [as_row(reader) for reader in itertools.islice(readers, count)]
        with smtplib.SMTP("127.0.0.1", sink.port) as client:
            start = time.perf_counter()
            for row in rows:
                raw = as_the_manual_shows(
                    row, html.render(row), text.render(row), subject.render(row)
                )
                client.sendmail(_SENDER, row["subscriber"]["email"], raw)
            return count / (time.perf_counter() - start)

    return work


def aiosmtplib_way(sink: Sink, raw: bytes) -> Callable[[], float] | None:
    """Ready-made messages over ten connections."""
    if importlib.util.find_spec("aiosmtplib") is None:
        return None
    count = 50 * SESSIONS

    async def lane() -> None:
        from aiosmtplib import SMTP

        client = SMTP(hostname="127.0.0.1", port=sink.port, start_tls=False)
        await client.connect()
        for number in range(count // SESSIONS):
            await client.sendmail(_SENDER, [f"r{number}@a.example"], raw)
        await client.quit()

    async def lanes() -> None:
        await asyncio.gather(*(lane() for _ in range(SESSIONS)))

    def work() -> float:
        start = time.perf_counter()
        asyncio.run(lanes())
        return count / (time.perf_counter() - start)

    return work


def nodemailer(sink: Sink, raw: bytes) -> Callable[[], float] | None:
    """Ready-made messages over a pool of ten."""
    node = shutil.which("node")
    if node is None or not (NODEMAILER / "node_modules" / "nodemailer").exists():
        return None
    folder = Path(tempfile.mkdtemp(prefix="lovecampaign-letter-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    file = folder / "letter.eml"
    file.write_bytes(raw)
    command = [node, str(_NODEMAILER_SCRIPT), str(sink.port), "500", str(file)]

    def work() -> float:
        said = subprocess.run(command, check=True, capture_output=True, text=True)
        return float(said.stdout)

    return work
