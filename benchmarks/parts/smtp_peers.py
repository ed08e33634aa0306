"""Other SMTP clients that send the same email."""

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
from collections.abc import Iterator
from pathlib import Path

from jinja2 import Environment

from benchmarks.letter import as_row, jinja_sources
from benchmarks.parts.render import build_email_message
from benchmarks.rounds import Contender
from benchmarks.sinks import POSTFIX, POSTFIX_ENVIRONMENT, Sink
from benchmarks.sinks.fetch import NODEMAILER
from lovecampaign.delivery.base.recipient_builder import RecipientBuilder
from lovecampaign.render.model.recipient import Recipient
from lovecampaign.render.renderer import EmailRenderer

SESSIONS = 10
_SENDER = "ana@bloom.example"
_NODEMAILER_SCRIPT = Path(__file__).parents[1] / "sinks" / "nodemailer.mjs"


def smtp_source(
    sink: Sink, count: int, size: int, *, keeps_connections: bool = True
) -> Contender | None:
    """Postfix's load generator in C: the same message over and over, ten sessions.

    By default it connects for each message; we compare with kept connections.
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


def smtplib_with_jinja(
    renderer: EmailRenderer,
    addressing: RecipientBuilder,
    recipients: Iterator[Recipient],
    sink: Sink,
    count: int = 60,
) -> Contender:
    """Jinja, EmailMessage and smtplib, one recipient after the other."""
    jinja = Environment(autoescape=True)
    html, text, subject = map(jinja.from_string, jinja_sources(renderer, addressing))

    def work() -> float:
        rows = [as_row(each) for each in itertools.islice(recipients, count)]
        with smtplib.SMTP("127.0.0.1", sink.port) as client:
            start = time.perf_counter()
            for row in rows:
                raw = build_email_message(
                    row, html.render(row), text.render(row), subject.render(row)
                )
                client.sendmail(_SENDER, row["subscriber"]["email"], raw)
            return count / (time.perf_counter() - start)

    return work


def aiosmtplib(sink: Sink, raw: bytes) -> Contender | None:
    """One rendered message over ten connections."""
    if importlib.util.find_spec("aiosmtplib") is None:
        return None
    count = 50 * SESSIONS

    async def session() -> None:
        from aiosmtplib import SMTP

        client = SMTP(hostname="127.0.0.1", port=sink.port, start_tls=False)
        await client.connect()
        for number in range(count // SESSIONS):
            await client.sendmail(_SENDER, [f"r{number}@a.example"], raw)
        await client.quit()

    async def all_sessions() -> None:
        await asyncio.gather(*(session() for _ in range(SESSIONS)))

    def work() -> float:
        start = time.perf_counter()
        asyncio.run(all_sessions())
        return count / (time.perf_counter() - start)

    return work


def nodemailer(sink: Sink, raw: bytes) -> Contender | None:
    """One rendered message over a pool of ten."""
    node = shutil.which("node")
    if node is None or not (NODEMAILER / "node_modules" / "nodemailer").exists():
        return None
    folder = Path(tempfile.mkdtemp(prefix="lovecampaign-letter-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    file = folder / "letter.eml"
    file.write_bytes(raw)
    command = [node, str(_NODEMAILER_SCRIPT), str(sink.port), "500", str(file)]

    def work() -> float:
        finished = subprocess.run(command, check=True, capture_output=True, text=True)
        return float(finished.stdout)

    return work
