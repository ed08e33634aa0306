"""Creates a workspace's folders, templates, secret key, .gitignore and JSON Schema."""

from __future__ import annotations

import json
import os
import re
import secrets
from pathlib import Path

from lovecampaign.campaign.files.paths import TEMPLATE_FOLDER
from lovecampaign.campaign.schema.json_schema import campaign_schema
from lovecampaign.campaign.workspace.find import CAMPAIGNS

SCHEMA_FILE = "campaign.schema.json"
GITIGNORE = (".env", "outbox/", ".lovecampaign/", "lovecampaign.db*")


def create_workspace(workspace: Path, *template_folders: Path) -> list[Path]:
    """Create missing files, and return them.

    A template comes from the first folder that has one of that name.
    """
    templates = workspace / TEMPLATE_FOLDER
    templates.mkdir(parents=True, exist_ok=True)
    (workspace / CAMPAIGNS).mkdir(exist_ok=True)
    schema = json.dumps(campaign_schema(), indent=2, ensure_ascii=False) + "\n"
    written = [
        *(path for folder in template_folders for path in _copy_missing(folder, templates)),
        _write_if_missing(workspace / CAMPAIGNS / SCHEMA_FILE, schema),
        _write_secret(workspace / ".env"),
        _write_gitignore(workspace / ".gitignore"),
    ]
    return [path for path in written if path is not None]


def _copy_missing(origin: Path, target: Path) -> list[Path]:
    """Copy the files that the target does not have yet."""
    files = sorted(path for path in origin.rglob("[!.]*") if path.is_file())
    wanted = [(path, target / path.relative_to(origin)) for path in files]
    missing = [(path, copy) for path, copy in wanted if not copy.exists()]
    for path, copy in missing:
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    return [copy for _, copy in missing]


def _write_if_missing(path: Path, text: str) -> Path | None:
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        return None
    return path


def _write_secret(path: Path) -> Path | None:
    """A random signing key, readable by the owner only; an existing one stays."""
    line = f"LOVECAMPAIGN_SECRET_KEY={secrets.token_urlsafe(32)}\n"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _append(path, line, unless=r"^\s*(export\s+)?LOVECAMPAIGN_SECRET_KEY\s*=")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(line)
    return path


def _write_gitignore(path: Path) -> Path | None:
    """Ignore ``.env``: it holds secrets and must never be committed."""
    if created := _write_if_missing(path, "\n".join(GITIGNORE) + "\n"):
        return created
    return _append(path, ".env\n", unless=r"^/?\.env(\*|$)")


def _append(path: Path, line: str, *, unless: str) -> Path | None:
    text = path.read_text(encoding="utf-8", errors="surrogateescape")
    if re.search(unless, text, re.MULTILINE):
        return None
    gap = "" if text.endswith("\n") or not text else "\n"
    with path.open("a", encoding="utf-8") as file:
        file.write(gap + line)
    return path
