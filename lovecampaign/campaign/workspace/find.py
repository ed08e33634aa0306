"""Finds the workspace, its campaigns, and the example workspace."""

from __future__ import annotations

from pathlib import Path

from lovecampaign.campaign.files.paths import FILE_NAME, TEMPLATE_FOLDER
from lovecampaign.core.errors import LovecampaignError, UsageError
from lovecampaign.core.suggestions import did_you_mean

CAMPAIGNS = "campaigns"
EXAMPLE_CAMPAIGN = Path(CAMPAIGNS) / "customer-love"

_PACKAGE = Path(__file__).resolve().parents[2]
_NEW = "type: lovecampaign new NAME"


def find_workspace(start: Path) -> Path:
    """The nearest folder from ``start`` upwards that holds ``campaigns/`` and ``templates/email/``.

    Raises UsageError without one up to the root.
    """
    try:
        here = start.resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise UsageError(f"there is no folder {start}") from error
    for folder in (here, *here.parents):
        if (folder / CAMPAIGNS).is_dir() and (folder / TEMPLATE_FOLDER).is_dir():
            return folder
    raise UsageError(
        f"{here} is not inside a workspace: no folder above it has {CAMPAIGNS}/ and "
        f"{TEMPLATE_FOLDER.as_posix()}/",
        hint="type: lovecampaign new NAME, or name the workspace with -C DIR",
    )


def list_campaigns(workspace: Path) -> list[Path]:
    """The folders of ``campaigns/`` with a campaign.yaml, by name."""
    return sorted(path.parent for path in (workspace / CAMPAIGNS).glob(f"*/{FILE_NAME}"))


def pick_campaign(workspace: Path, name: str | None) -> Path:
    """The folder of a campaign, by name or path; None means the only one.

    Raises UsageError with the known names.
    """
    known = list_campaigns(workspace)
    if name is None:
        return _the_only_one(known)
    for path in (workspace / CAMPAIGNS / name, workspace / name, Path(name)):
        if folder := _campaign_at(path, workspace):
            return folder
    names = [path.name for path in known]
    hint = did_you_mean(name, names) or (f"there are: {', '.join(names)}" if names else _NEW)
    raise UsageError(f"there is no campaign {name}", hint=hint)


def _the_only_one(known: list[Path]) -> Path:
    if len(known) == 1:
        return known[0]
    if not known:
        raise UsageError("there is no campaign in this workspace yet", hint=_NEW)
    names = ", ".join(path.name for path in known)
    raise UsageError("there is more than one campaign", hint=f"name one of: {names}")


def _campaign_at(path: Path, workspace: Path) -> Path | None:
    """The campaign's folder at a path, which may also name its campaign.yaml."""
    try:
        resolved = path.resolve()
        folder = resolved.parent if resolved.name == FILE_NAME else resolved
        is_campaign = (folder / FILE_NAME).is_file()
    except (OSError, ValueError, RuntimeError):
        return None
    if not is_campaign:
        return None
    if not folder.is_relative_to(workspace.resolve()):
        message = f"{path} is outside the workspace {workspace}"
        raise UsageError(message, hint="name its own with -C DIR")
    return folder


def find_example() -> Path:
    """The workspace of the example campaign: in the installed package, or the repository."""
    for workspace in (_PACKAGE / "_example", _PACKAGE.parent):
        if (workspace / EXAMPLE_CAMPAIGN / FILE_NAME).is_file():
            return workspace
    raise LovecampaignError(
        "the example campaign is missing from this installation",
        hint="install lovecampaign again",
    )
