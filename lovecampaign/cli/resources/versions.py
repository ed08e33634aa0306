"""Another version of a campaign's files: from a folder, or from git by its own program."""

from __future__ import annotations

import contextlib
import io
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

from lovecampaign.campaign.files.load import load_campaign
from lovecampaign.campaign.files.paths import FILE_NAME, TEMPLATE_FOLDER
from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.campaign.workspace.find import CAMPAIGNS
from lovecampaign.core.errors import ProblemsFound, UsageError


@contextlib.contextmanager
def opened_version(campaign: Campaign, version: str) -> Iterator[Campaign]:
    """The campaign as it was in a folder (a workspace, or the campaign's own) or a git revision.

    Raises UsageError where there is no such version, and ProblemsFound for a broken one.
    """
    with tempfile.TemporaryDirectory(prefix="lovecampaign-version-") as name:
        folder = _find_folder(campaign, version, Path(name))
        if folder is None:
            folder = _extract(campaign, version, Path(name))
        yield _load(campaign, folder, version)


def _find_folder(campaign: Campaign, version: str, temporary: Path) -> Path | None:
    """The campaign's folder in a folder; None where the version is not the path of one."""
    path = Path(version).expanduser()
    if not path.is_dir():
        return None
    inside = path / CAMPAIGNS / campaign.slug
    if (inside / FILE_NAME).is_file():
        return inside.resolve()
    if (path / FILE_NAME).is_file():
        # Its templates are those of today, if it lies outside a workspace.
        if (path.resolve().parents[1] / TEMPLATE_FOLDER).is_dir():
            return path.resolve()
        shutil.copytree(campaign.workspace / TEMPLATE_FOLDER, temporary / TEMPLATE_FOLDER)
        return shutil.copytree(path, temporary / CAMPAIGNS / campaign.slug)
    hint = f"name a folder with {FILE_NAME}, or a workspace with {CAMPAIGNS}/{campaign.slug}/"
    raise UsageError(f"{version} is no version of {campaign.slug}", hint=hint)


def _extract(campaign: Campaign, revision: str, temporary: Path) -> Path:
    """The campaign's folder of a git revision, written to a temporary workspace."""
    workspace = campaign.workspace
    inside = campaign.folder.relative_to(workspace).as_posix()
    _git(workspace, "rev-parse", "--git-dir", failing=f"{workspace} is not kept in git")
    commit = _git(
        workspace,
        *("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"),
        failing=f"there is no folder and no git revision {revision}",
        hint="git log --oneline lists revisions",
    )
    sha = commit.decode().strip()
    _git(
        workspace,
        *("cat-file", "-e", f"{sha}:./{inside}/{FILE_NAME}"),
        failing=f"{revision} has no {inside}/{FILE_NAME}",
        hint=f"git log --oneline -- {inside} lists the revisions that have it",
    )
    wanted = [inside, TEMPLATE_FOLDER.as_posix()]
    listed = _git(workspace, "ls-tree", "-d", "--name-only", sha, *wanted).decode().splitlines()
    archive = _git(workspace, "archive", "--format=tar", sha, "--", *listed)
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(temporary, filter="data")
    (temporary / TEMPLATE_FOLDER).mkdir(parents=True, exist_ok=True)
    return temporary / inside


def _git(folder: Path, *words: str, failing: str | None = None, hint: str | None = None) -> bytes:
    """What git prints; raises UsageError with git's words, or with ours."""
    try:
        done = subprocess.run(  # noqa: S603 - a fixed program, and words without a shell
            ["git", "-C", str(folder), *words],  # noqa: S607 - found as a shell would
            capture_output=True,
            check=False,
        )
    except FileNotFoundError as error:
        raise UsageError(
            "git is not installed, so only a folder can be compared with",
            hint="install git, or name a folder with the other version: plan --against DIR",
        ) from error
    if done.returncode:
        words_of_git = done.stderr.decode(errors="replace").strip() or f"git {words[0]} failed"
        raise UsageError(failing or words_of_git, hint=hint)
    return done.stdout


def _load(campaign: Campaign, folder: Path, version: str) -> Campaign:
    loaded = load_campaign(folder, folder.parents[1])
    if loaded.campaign is None:
        raise ProblemsFound(
            f"{campaign.slug} as of {version} cannot be read",
            loaded.problems,
            hint="compare with a version that passes check",
        )
    if loaded.campaign.id != campaign.id:
        raise UsageError(
            f"{version} has the campaign {loaded.campaign.id}, not {campaign.id}",
            hint="with another id it is another campaign: all letters would be sent anew",
        )
    return loaded.campaign
