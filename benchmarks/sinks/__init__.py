"""Where does a benchmark's mail go? To servers that take it as fast as they can and forget it."""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_HERE = Path(__file__).parent
#: What `python -m benchmarks.sinks.fetch` brings.
TOOLS = _HERE / ".tools"
POSTFIX = TOOLS / "postfix"
#: Postfix's programs find their libraries there; none of them is a daemon.
POSTFIX_ENVIRONMENT = {**os.environ, "LD_LIBRARY_PATH": str(POSTFIX / "usr/lib/postfix")}
_POSTFIX_PORT = 20_255


@dataclass(frozen=True, slots=True, kw_only=True)
class Sink:
    """A running server on 127.0.0.1."""

    name: str
    port: int


@contextlib.contextmanager
def smtp_sink() -> Iterator[Sink]:
    """Our own in C; without a compiler our server of tests, which bounds its client."""
    program = compiled("smtp_sink.c")
    if program is not None:
        with _running("a minimal sink in C", [str(program)]) as sink:
            yield sink
        return
    command = [sys.executable, "-m", "lovecampaign.testing.smtp_server"]
    with _running("our server of tests (no C compiler here)", command) as sink:
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
    """Answers 202 to everything; without a compiler our stand-in of tests."""
    program = compiled("http_sink.c")
    if program is not None:
        with _running("a minimal sink in C", [str(program)]) as sink:
            yield sink
        return
    command = [sys.executable, "-m", "lovecampaign.testing.sendgrid_server"]
    with _running("our stand-in of tests (no C compiler here)", command) as sink:
        yield sink


@contextlib.contextmanager
def postfix_sink() -> Iterator[Sink | None]:
    """Postfix's smtp-sink, which runs in one thread; None where it was not fetched."""
    program = POSTFIX / "usr/sbin/smtp-sink"
    if not program.exists():
        yield None
        return
    as_nobody = ["-u", "nobody"] if os.geteuid() == 0 else []  # it refuses to be root
    command = [str(program), *as_nobody, f"127.0.0.1:{_POSTFIX_PORT}", "128"]
    with subprocess.Popen(command, env=POSTFIX_ENVIRONMENT) as process:
        try:
            yield Sink(name="smtp-sink", port=_POSTFIX_PORT)
        finally:
            process.kill()


@functools.cache
def compiled(source: str, *flags: str, libraries: Sequence[str] = ()) -> Path | None:
    """The program of a C file of this folder; None where it cannot be made."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        return None
    folder = Path(tempfile.mkdtemp(prefix="lovecampaign-sink-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    program = folder / "sink"
    command = [compiler, "-O2", "-pthread", *flags, str(_HERE / source), "-o", str(program)]
    made = subprocess.run([*command, *libraries], check=False, capture_output=True)
    return program if made.returncode == 0 else None


@contextlib.contextmanager
def _running(
    name: str, command: Sequence[str], environment: Mapping[str, str] | None = None
) -> Iterator[Sink]:
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            heard = process.stdout.readline() if process.stdout is not None else ""
            yield Sink(name=name, port=int(heard.split()[-1]))
        finally:
            process.kill()
