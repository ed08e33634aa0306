"""Servers that accept mail as fast as they can, and discard it."""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

_HERE = Path(__file__).parent
#: Filled by `python -m benchmarks.sinks.fetch`.
TOOLS = _HERE / ".tools"
POSTFIX = TOOLS / "postfix"
#: The library path of Postfix's programs; none of them is a daemon.
POSTFIX_ENVIRONMENT = {**os.environ, "LD_LIBRARY_PATH": str(POSTFIX / "usr/lib/postfix")}
_POSTFIX_PORT = 20_255


@dataclass(frozen=True, slots=True, kw_only=True)
class Sink:
    """A running server on 127.0.0.1."""

    name: str
    port: int


@contextlib.contextmanager
def smtp_sink() -> Iterator[Sink]:
    """Our own in C; without a compiler the tests' server, which limits its client."""
    with _compiled_or_python("smtp_sink.c", "lovecampaign.testing.smtp_server") as sink:
        yield sink


@contextlib.contextmanager
def tls_smtp_sink(certificate: Path) -> Iterator[Sink | None]:
    """The same in TLS from the first byte; None without a compiler and OpenSSL's headers."""
    program = compiled("smtp_sink.c", "-DTLS", libraries=("-lssl", "-lcrypto"))
    if program is None:
        yield None
        return
    with _running("a minimal sink in C", [str(program), str(certificate)]) as sink:
        yield sink


@contextlib.contextmanager
def http_sink() -> Iterator[Sink]:
    """Answers 202 to everything; without a compiler the tests' server."""
    with _compiled_or_python("http_sink.c", "lovecampaign.testing.sendgrid_server") as sink:
        yield sink


@contextlib.contextmanager
def postfix_sink() -> Iterator[Sink | None]:
    """Postfix's smtp-sink, which runs in one thread; None if it was not fetched."""
    program = POSTFIX / "usr/sbin/smtp-sink"
    if not program.exists():
        yield None
        return
    user = ["-u", "nobody"] if os.geteuid() == 0 else []  # it refuses to run as root
    command = [str(program), *user, f"127.0.0.1:{_POSTFIX_PORT}", "128"]
    with subprocess.Popen(command, env=POSTFIX_ENVIRONMENT) as process:
        try:
            yield Sink(name="smtp-sink", port=_POSTFIX_PORT)
        finally:
            process.kill()


@functools.cache
def compiled(source: str, *flags: str, libraries: Sequence[str] = ()) -> Path | None:
    """The program of a C file in this folder; None where it cannot be compiled."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        return None
    folder = Path(tempfile.mkdtemp(prefix="lovecampaign-sink-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    program = folder / "sink"
    command = [compiler, "-O2", "-pthread", *flags, str(_HERE / source), "-o", str(program)]
    finished = subprocess.run([*command, *libraries], check=False, capture_output=True)
    return program if finished.returncode == 0 else None


@contextlib.contextmanager
def _compiled_or_python(source: str, module: str) -> Iterator[Sink]:
    program = compiled(source)
    name = "a minimal sink in C" if program else "the tests' server (no C compiler here)"
    command = [str(program)] if program else [sys.executable, "-m", module]
    with _running(name, command) as sink:
        yield sink


@contextlib.contextmanager
def _running(name: str, command: Sequence[str]) -> Iterator[Sink]:
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            line = process.stdout.readline() if process.stdout is not None else ""
            yield Sink(name=name, port=int(line.split()[-1]))
        finally:
            process.kill()
