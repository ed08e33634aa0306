"""Bug logs: tracebacks in a private file, without secrets and full addresses."""

from __future__ import annotations

import contextlib
import itertools
import os
import platform
import re
import sys
import tempfile
import traceback
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from lovecampaign import __version__
from lovecampaign.core.masking import mask_addresses, mask_passwords
from lovecampaign.core.private_files import make_private_folder

_LOGIN_IN_URL = re.compile(r"(?<=://)[^\s/@]*:[^\s/@]*(?=@)")
_SECRET_NAME = re.compile(r"KEY|SECRET|PASSWORD|DATABASE_URL|PROVIDER|INBOX")


def write_bug_log(error: BaseException, argv: Sequence[str]) -> Path:
    """Write the traceback to a file that only its owner reads; return its path."""
    folder = _log_folder(_directory(argv))
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    descriptor, name = tempfile.mkstemp(prefix=f"bug-{stamp}-", suffix=".log", dir=folder)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(redact("\n".join(_lines(error, argv)), secrets(folder.parent)))
    return Path(name)


def redact(text: str, hidden: Iterable[str]) -> str:
    """The text without secrets, passwords in URLs and the local parts of addresses."""
    for secret in sorted(hidden, key=len, reverse=True):
        text = text.replace(secret, "***")
    text = _LOGIN_IN_URL.sub("***", text)
    return mask_addresses(mask_passwords(text))


def secrets(workspace: Path) -> set[str]:
    """Every secret value of the environment and of ``.env``."""
    values = {**_env_file(workspace), **os.environ}
    return {
        part
        for name, value in values.items()
        if name.startswith(("LOVECAMPAIGN_", "SENDGRID_")) and _SECRET_NAME.search(name)
        for part in (value, *value.split(","))
        if len(part) > 3
    }


def _env_file(workspace: Path) -> dict[str, str]:
    from dotenv import dotenv_values

    try:
        values = dotenv_values(workspace / ".env", interpolate=False)
    except (OSError, UnicodeDecodeError):
        return {}
    return {name: value for name, value in values.items() if value}


def _lines(error: BaseException, argv: Sequence[str]) -> Iterator[str]:
    yield f"lovecampaign {__version__}, Python {platform.python_version()}, {sys.platform}"
    yield f"command: {' '.join(argv)}"
    yield ""
    yield "".join(traceback.format_exception(error))


def _directory(argv: Sequence[str]) -> Path:
    """The folder that ``-C`` names, else the current one."""
    for word, following in itertools.pairwise([*argv, ""]):
        if word.startswith("-C"):
            return Path(word[2:] or following).absolute()
    return Path.cwd()


def _log_folder(start: Path) -> Path:
    """``.lovecampaign/`` of the workspace, or the folder for temporary files."""
    for workspace in (start, *start.parents):
        if (workspace / "campaigns").is_dir():
            folder = workspace / ".lovecampaign"
            with contextlib.suppress(OSError):
                make_private_folder(folder)
            if os.access(folder, os.W_OK):
                return folder
    return Path(tempfile.gettempdir())
