"""Paths of a campaign's files: inside the workspace, never its private files, links followed."""

from __future__ import annotations

import os
from enum import Enum
from pathlib import Path

from lovecampaign.campaign.source.errors import BadValue
from lovecampaign.campaign.source.problem_codes import ProblemCode
from lovecampaign.campaign.source.source import Source, read_source
from lovecampaign.core.problems import Place, Problem
from lovecampaign.core.suggestions import did_you_mean, nearest

FILE_NAME = "campaign.yaml"
TEMPLATE_ENDING = ".mjml.j2"
TEMPLATE_FOLDER = Path("templates") / "email"
_COPY_IT = "copy the file into the campaign"


class FileKind(Enum):
    """What a campaign may name a file for: the endings of its name, in lower case."""

    SETTINGS = frozenset({".yaml"})
    COPY = frozenset({".md", ".markdown", ".txt"})
    CODES = frozenset({".csv", ".tsv", ".txt"})
    #: None: any ending. A file that is no image is refused by its content, which is never shown.
    IMAGE = None


def resolve_inside(text: str, kind: FileKind, *, folder: Path, workspace: Path) -> Path:
    """The file at a path relative to the campaign's folder.

    Raises BadValue, also for a file that is not the campaign's to show (:func:`find_refusal`).
    """
    try:
        path = (folder / text).resolve()
        refusal = find_refusal(path, kind, folder=folder, workspace=workspace)
        is_file = refusal is None and path.is_file()
    except (OSError, ValueError, RuntimeError) as error:  # too long, NUL, a loop of links
        raise BadValue(ProblemCode.FILE_NOT_FOUND, f"{text!r} cannot be a path") from error
    if refusal is not None:
        raise BadValue(ProblemCode.OUTSIDE, f"{text!r} {refusal}", _COPY_IT)
    if not is_file:
        message = f"there is no file {text}"
        raise BadValue(ProblemCode.FILE_NOT_FOUND, message, _near_file(path, folder))
    return path


def find_refusal(path: Path, kind: FileKind, *, folder: Path, workspace: Path) -> str | None:
    """Why a campaign may not read a file; None where it may. Links are followed.

    An excerpt of the file could be shown to others: in a pull request, or a shared preview. So the
    secrets, the database and the outbox are out of reach: hidden files, and names with another
    ending. Raises OSError or RuntimeError for a loop of links.
    """
    real, own, root = path.resolve(), folder.resolve(), workspace.resolve()
    if not real.is_relative_to(root):
        return "leads out of the workspace"
    is_own = real.is_relative_to(own)
    parts = real.relative_to(own if is_own else root).parts
    if any(part.startswith(".") for part in parts):
        return "leads to a hidden file, which may hold secrets"
    if _is_in_maildir(real, root):
        return "leads to the outbox, which holds letters to people"
    if kind.value is not None and real.suffix.lower() not in kind.value:
        return f"leads to a file whose name does not end in {' or '.join(sorted(kind.value))}"
    return None


def _is_in_maildir(file: Path, root: Path) -> bool:
    """Whether a folder below the root, in which the file is, holds letters as files."""
    folders = (one for one in file.parents if one.is_relative_to(root))
    return any(all((one / name).is_dir() for name in ("new", "cur", "tmp")) for one in folders)


def find_inside(path: Path, folder: Path) -> Path | None:
    """The readable file at a path, links followed; None outside the folder, and for private files.

    Private are hidden files below the folder, which may be hidden itself, and letters of an outbox.
    """
    try:
        file, root = path.resolve(), folder.resolve()
        is_there = file.is_relative_to(root) and file.is_file()
        is_private = is_there and (
            any(one.startswith(".") for one in file.relative_to(root).parts)
            or _is_in_maildir(file, root)
        )
    except (OSError, ValueError, RuntimeError):  # too long, NUL, a loop of links
        return None
    return file if is_there and not is_private and os.access(file, os.R_OK) else None


def read_inside(
    path: Path, kind: FileKind, *, folder: Path, workspace: Path
) -> tuple[Source | None, tuple[Problem, ...]]:
    """Read a file of the campaign. A link to a file that is not the campaign's is a problem.

    That file is never opened, since an excerpt would show its content.
    """
    name = name_in(workspace, path)
    try:
        refusal = find_refusal(path, kind, folder=folder, workspace=workspace)
    except (OSError, RuntimeError):  # a loop of links: reading reports it
        refusal = None
    if refusal is None:
        return read_source(path, name)
    problem = Problem(
        code=ProblemCode.OUTSIDE.value,
        message=f"{name} is a link that {refusal}",
        place=Place(file=name),
        hint=_COPY_IT,
    )
    return None, (problem,)


def name_in(workspace: Path, path: Path) -> str:
    """A path for problems: relative to the workspace for files inside it."""
    try:
        return path.relative_to(workspace).as_posix()
    except ValueError:
        return path.as_posix()


def template_names(workspace: Path) -> frozenset[str]:
    """The valid values of ``template``: the files of templates/email, without their ending."""
    try:
        files = list((workspace / TEMPLATE_FOLDER).glob(f"*{TEMPLATE_ENDING}"))
    except OSError:
        return frozenset()
    return frozenset(path.name.removesuffix(TEMPLATE_ENDING) for path in files)


def require_template(name: str, known: frozenset[str]) -> str:
    """The name, if there is such a template; raises BadValue."""
    if name in known:
        return name
    bare = name.removesuffix(".j2").removesuffix(".mjml").rpartition("/")[2]
    if bare in known:
        message = f"{name!r} is more than a name"
        raise BadValue(ProblemCode.TEMPLATE_NOT_FOUND, message, f"write {bare}")
    message = f"there is no template templates/email/{name}{TEMPLATE_ENDING}"
    hint = did_you_mean(bare, known) or f"there are: {', '.join(sorted(known)) or 'none yet'}"
    raise BadValue(ProblemCode.TEMPLATE_NOT_FOUND, message, hint)


def _near_file(path: Path, folder: Path) -> str | None:
    try:
        names = [one.name for one in path.parent.iterdir() if not one.name.startswith(".")]
    except OSError:
        return None
    near = nearest(path.name, names)
    return f"did you mean {name_in(folder.resolve(), path.with_name(near))}?" if near else None
