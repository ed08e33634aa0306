"""Which files outside its folder does a campaign use, or name before they are there?

Copy, pictures and code lists may lie anywhere in the workspace. Names are read from the files
themselves: a campaign that cannot be read as a whole waits for exactly the file it misses.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from lovecampaign.campaign.files.paths import FILE_NAME, TEMPLATE_FOLDER
from lovecampaign.campaign.schema.models import CampaignFile
from lovecampaign.campaign.schema.validate import read_document
from lovecampaign.campaign.source.source import decode, read_source
from lovecampaign.render.model.images import is_local, named_images


def used_files(folder: Path, workspace: Path) -> frozenset[Path]:
    """Every file of the workspace that the campaign's own files name, links followed."""
    templates = workspace / TEMPLATE_FOLDER
    settings = list(_named_in_settings(folder))
    own = [*folder.rglob("*.md"), *templates.rglob("*.j2")]
    texts = [*own, *(path for path in settings if path.suffix == ".md")]
    pictures = {name for text in texts for name, _ in named_images(_read(text))}
    named = [*settings, *(near / name for name in pictures for near in (folder, workspace))]
    return frozenset(_inside(workspace.resolve(), [*own, *named]))


def _named_in_settings(folder: Path) -> Iterator[Path]:
    """Copy files, code lists and the logo, wherever campaign.yaml says they are."""
    source, _ = read_source(folder / FILE_NAME, FILE_NAME)
    file = read_document(source, CampaignFile).value if source else None
    if file is None:
        return
    names = [email.copy_file for email in file.launch.emails.values()]
    names += [deal.codes for deal in file.deals.values()]
    for name in (*names, file.brand.logo):
        if name and is_local(name):
            yield folder / name


def _read(path: Path) -> str:
    try:
        return decode(path.read_bytes())
    except OSError:  # named, and not there yet
        return ""


def _inside(workspace: Path, paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        with contextlib.suppress(OSError, ValueError, RuntimeError):  # a name that can be none
            found = path.resolve()
            if found.is_relative_to(workspace):
                yield found
