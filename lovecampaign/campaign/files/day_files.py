"""The files of the giving days in ``days/``, found by the number in their name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path

from lovecampaign.campaign.files.paths import name_in
from lovecampaign.campaign.model.campaign import MOST_DAYS
from lovecampaign.campaign.schema.models import CampaignFile
from lovecampaign.campaign.schema.text_parsers import LANGUAGE
from lovecampaign.campaign.schema.validate import Document
from lovecampaign.campaign.source.problem_codes import ProblemCode
from lovecampaign.campaign.words.catalog import SHIPPED
from lovecampaign.campaign.words.locale import base_language
from lovecampaign.core.problems import Place, Problem

FOLDER = "days"
_DAY_FILE = re.compile(r"(?P<number>\d{1,3})(?:[-_ .].*)?\.md", re.IGNORECASE)
#: The language of a translation, ``02-soil.fr.md``.
_TRANSLATION = re.compile(rf".*\.(?P<language>{LANGUAGE})\.md", re.IGNORECASE)
#: Notes, and files of editors and systems.
_NOT_COPY = re.compile(r"[._~#].*|.*~|readme.*", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class DayFiles:
    """The first file of each day and language, and the folder's problems."""

    by_day: Mapping[int, Path]
    #: By day, then language: files in other languages than the first.
    translations: Mapping[int, Mapping[str, Path]]
    problems: tuple[Problem, ...]


def language_of_file(path: Path, languages: Sequence[str]) -> str:
    """The language in a file's name, ``02-soil.fr.md``, or the first of the campaign's."""
    found = _TRANSLATION.fullmatch(path.name)
    tag = found["language"].lower() if found else ""
    return next((each for each in languages if each.lower() == tag), languages[0])


def find_day_files(
    folder: Path, workspace: Path, last_day: int, languages: Sequence[str]
) -> DayFiles:
    """Find the files in ``days/``; a name without a day of the campaign is a problem."""
    by_day: dict[int, Path] = {}
    translations: dict[int, dict[str, Path]] = {}
    problems: list[Problem] = []
    for path in _copy_files(folder / FOLDER):
        number = _day_of(path, last_day)
        name = name_in(workspace, path)
        if number is None:
            message = f"{path.name} does not start with a day from 01 to {last_day:02d}"
            hint = _new_name(path.name, last_day)
            problems.append(_problem(ProblemCode.DAY_FILE_NAME, name, message, hint))
            continue
        language = language_of_file(path, languages)
        if language == languages[0]:
            first = by_day.setdefault(number, path)
        else:
            first = translations.setdefault(number, {}).setdefault(language, path)
        if first is not path:
            message = f"day {number} has this file and {name_in(workspace, first)}"
            hint = _which_to_keep(path, first, languages)
            problems.append(_problem(ProblemCode.DAY_TWICE, name, message, hint))
    return DayFiles(by_day=by_day, translations=translations, problems=tuple(problems))


def missing_days(
    document: Document[CampaignFile], wanted: AbstractSet[int], files: DayFiles, folder: Path
) -> list[Problem]:
    """Problems of days with neither a file nor an entry in ``skip``; ``wanted`` are the others."""
    problems = []
    for day in sorted(wanted - files.by_day.keys()):
        message = f"day {day} has no file days/{day:02d}-….md"
        hint = _how_to_fill(day, folder)
        problems.append(document.problem(ProblemCode.DAY_MISSING, ["skip"], message, hint=hint))
    return problems


def skipped_days_with_files(
    skip: frozenset[int], files: DayFiles, workspace: Path
) -> list[Problem]:
    """Problems of files that would never be sent."""
    problems = []
    for day in sorted(skip & files.by_day.keys()):
        file = name_in(workspace, files.by_day[day])
        message = f"day {day} is skipped, but has a file"
        hint = f"delete {day} from skip, or the file from {FOLDER}/"
        problems.append(_problem(ProblemCode.DAY_SKIPPED, file, message, hint))
    return problems


def _copy_files(folder: Path) -> list[Path]:
    try:
        files = [path for path in folder.iterdir() if not _NOT_COPY.fullmatch(path.name)]
        return sorted(path for path in files if path.suffix.lower() == ".md" and path.is_file())
    except OSError:
        return []


def _day_of(path: Path, last_day: int) -> int | None:
    match = _DAY_FILE.fullmatch(path.name)
    number = int(match["number"]) if match else 0
    return number if 1 <= number <= last_day else None


def _which_to_keep(path: Path, first: Path, languages: Sequence[str]) -> str:
    """Two files of a day may be one letter in two languages."""
    for file in (path, first):
        found = _TRANSLATION.fullmatch(file.name)
        if found and base_language(found["language"]) in SHIPPED:
            both = ", ".join((*languages, found["language"].lower()))
            return f"keep one; if this is a translation, write languages: [{both}]"
    return "keep one of them"


def _new_name(name: str, last_day: int) -> str:
    number = re.search(r"\d{1,3}", name)
    if number and last_day < int(number[0]) <= MOST_DAYS:
        return f"for a longer month write days: {number[0]} in campaign.yaml"
    if number and 1 <= int(number[0]) <= last_day:
        return f"rename it to {int(number[0]):02d}-….md"
    return "launch emails belong in launch/"


def _problem(code: ProblemCode, file: str, message: str, hint: str) -> Problem:
    return Problem(code=code.value, message=message, place=Place(file=file), hint=hint)


def _how_to_fill(day: int, folder: Path) -> str:
    try:
        near = sorted(path.name for path in (folder / FOLDER).glob(f"*{day:02d}*"))
    except OSError:
        near = []
    if near:
        return f"days/{near[0]} is there: save it as days/{day:02d}-….md"
    return f"write the file, or add {day} to skip"
