"""Fetch the other mail clients into a folder of the benchmark, without installing them.

python -m benchmarks.sinks.fetch
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.sinks import POSTFIX, TOOLS

NODEMAILER = TOOLS / "node"


def main() -> int:
    """Fetch each tool; one that cannot be fetched is reported and left out of the benchmark."""
    TOOLS.mkdir(exist_ok=True)
    for name, fetch in (("postfix", _fetch_postfix), ("nodemailer", _fetch_nodemailer)):
        try:
            fetch()
        except (OSError, subprocess.CalledProcessError, IndexError) as error:
            sys.stdout.write(f"{name}: left out, {error}\n")
        else:
            sys.stdout.write(f"{name}: fetched\n")
    _run([sys.executable, "-m", "pip", "install", "--quiet", "aiosmtplib"], Path())
    return 0


def _fetch_postfix() -> None:
    """smtp-source and smtp-sink from Debian's package; no daemon runs."""
    if POSTFIX.exists():
        return
    with tempfile.TemporaryDirectory() as folder:
        _run(["apt-get", "download", "postfix"], Path(folder))
        [package] = Path(folder).glob("postfix_*.deb")
        _run(["dpkg", "-x", str(package), str(POSTFIX)], Path(folder))


def _fetch_nodemailer() -> None:
    if shutil.which("node") is None:
        raise OSError("node is not installed")
    NODEMAILER.mkdir(exist_ok=True)
    _run(["npm", "install", "--silent", "--no-audit", "nodemailer", "mjml"], NODEMAILER)


def _run(command: Sequence[str], folder: Path) -> None:
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


if __name__ == "__main__":
    sys.exit(main())
