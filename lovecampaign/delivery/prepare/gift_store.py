"""The store of gifts: a letter gives its file for years, whatever becomes of the author's."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.render.model.gifts import find_gift, find_gifts, gift_key

#: Below the workspace, beside the pictures.
_STORE = Path(".lovecampaign") / "gifts"


def keep_gifts(campaign: Campaign, paths: Iterable[str]) -> None:
    """Store the files of an email, before its first copy is sent."""
    for path in paths:
        file = find_gift(campaign, path)
        if file is not None:
            _keep(campaign.workspace, file, gift_key(file))


def find_kept_gift(campaign: Campaign, key: str) -> Path | None:
    """The stored file of a key; stored now if it is one that the campaign gives."""
    kept = next(iter(sorted((campaign.workspace / _STORE / key).glob("*"))), None)
    return kept or next(_keep_current(campaign, key), None)


def _keep_current(campaign: Campaign, key: str) -> Iterator[Path]:
    emails = [*campaign.emails]
    emails += [one for email in campaign.emails for one in email.translations.values()]
    for path in sorted({path for email in emails for path in find_gifts(email.copy.text)}):
        file = find_gift(campaign, path)
        if file is not None and gift_key(file) == key:
            yield _keep(campaign.workspace, file, key)


def _keep(workspace: Path, file: Path, key: str) -> Path:
    """Copy a file into the store; the file itself where that cannot be written."""
    kept = workspace / _STORE / key / file.name
    if kept.exists():
        return kept
    with contextlib.suppress(OSError):  # a read-only workspace is served all the same
        kept.parent.mkdir(parents=True, exist_ok=True)
        partial = kept.parent.with_suffix(".part")
        partial.write_bytes(file.read_bytes())
        partial.replace(kept)
        return kept
    return file
