"""Paths of a campaign's files: always inside the workspace, links followed."""

from __future__ import annotations

import os
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


def resolve_inside(text: str, *, folder: Path, workspace: Path) -> Path:
    """The file at a path relative to the campaign's folder.

    Raises BadValue, also for a link out of the workspace.
    """
    try:
        path = (folder / text).resolve()
        is_inside = path.is_relative_to(workspace.resolve())
        is_file = is_inside and path.is_file()
    except (OSError, ValueError, RuntimeError) as error:  # too long, NUL, a loop of links
        raise BadValue(ProblemCode.FILE_NOT_FOUND, f"{text!r} cannot be a path") from error
    if not is_inside:
        raise BadValue(ProblemCode.OUTSIDE, f"{text!r} leads out of the workspace", _COPY_IT)
    if not is_file:
        message = f"there is no file {text}"
        raise BadValue(ProblemCode.FILE_NOT_FOUND, message, _near_file(path, folder))
    return path


def find_inside(path: Path, folder: Path) -> Path | None:
    """The readable file at a path, links followed; None outside the folder."""
    try:
        file = path.resolve()
        is_there = file.is_relative_to(folder.resolve()) and file.is_file()
    except (OSError, ValueError, RuntimeError):  # too long, NUL, a loop of links
        return None
    return file if is_there and os.access(file, os.R_OK) else None


def read_inside(path: Path, workspace: Path) -> tuple[Source | None, tuple[Problem, ...]]:
    """Read a file of the campaign. A link out of the workspace is a problem.

    The outside file is never opened, since an excerpt would show its content.
    """
    name = name_in(workspace, path)
    if _is_inside(path, workspace):
        return read_source(path, name)
    problem = Problem(
        code=ProblemCode.OUTSIDE.value,
        message=f"{name} is a link that leads out of the workspace",
        place=Place(file=name),
        hint=_COPY_IT,
    )
    return None, (problem,)


def _is_inside(path: Path, workspace: Path) -> bool:
    try:
        return path.resolve().is_relative_to(workspace.resolve())
    except (OSError, RuntimeError):  # a loop of links: reading reports it
        return True


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
        names = [entry.name for entry in path.parent.iterdir()]
    except OSError:
        return None
    near = nearest(path.name, names)
    return f"did you mean {name_in(folder.resolve(), path.with_name(near))}?" if near else None
