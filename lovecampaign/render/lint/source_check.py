"""What is wrong with an email's sources, before anything is rendered?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.campaign.source.source import Spot, find_piece, read_source
from lovecampaign.core.problems import Place, Problem
from lovecampaign.render.markup.markdown import ACTION, split_action
from lovecampaign.render.model.content import Content, Words
from lovecampaign.render.model.images import (
    MEDIA_TYPES,
    find_image,
    is_local,
    is_picture,
    named_images,
)
from lovecampaign.render.model.problem_codes import Code
from lovecampaign.render.model.template_files import template_file
from lovecampaign.render.templating.name_check import JinjaSource, check_names, names_set_in
from lovecampaign.render.templating.source_map import place_in

#: A line that means to be a button or an image, whether it is one or not.
_MEANT_AS_ACTION = re.compile(r"\[\[\s*(\w+)\s*:.*")
_LOOKED_UP = "paths are looked up in the campaign's folder, then in the workspace"

_SAVED_AS = "open it in a program for pictures, and save it as a JPEG or PNG"


class _PictureTrouble(NamedTuple):
    code: Code
    message: str
    hint: str


def problems_of_names(campaign: Campaign, content: Content) -> Iterator[Problem]:
    """Syntax, names and filters in subject, preheader, copy and templates."""
    yield from _line_problems(campaign, content.words, "preheader", content.preheader)
    for words in (content.words, *content.parts.values()):
        copy = words.copy
        yield from _line_problems(campaign, words, "subject", words.subject)
        yield from check_names(
            JinjaSource(text=copy.text, file=copy.file, first_line=copy.first_line)
        )
    set_by_others = frozenset().union(*map(names_set_in, content.templates.values()))
    for name, source in content.templates.items():
        known = set_by_others | {"content"}
        yield from check_names(JinjaSource(text=source, file=template_file(name), extra=known))


def _line_problems(campaign: Campaign, words: Words, key: str, text: str) -> Iterator[Problem]:
    """Problems of a value of the front matter, whose line is known where the email is."""
    email = campaign.find_email(words.key)
    place = (email.places.get(key) if email else None) or Place(file=words.copy.file)
    for problem in check_names(JinjaSource(text=text, file=place.file)):
        said = replace(problem, message=f"{key}: {problem.message}")
        yield _at_its_place(campaign, said, text, place)


def _at_its_place(campaign: Campaign, problem: Problem, text: str, place: Place) -> Problem:
    """The problem of a value's text where the author's file has it.

    Where the file spells it otherwise (an escape, a line break), the value's start is meant.
    """
    source, _ = read_source(campaign.workspace / place.file, place.file)
    if source is None or place.line is None:
        return replace(problem, place=place, excerpt=None, width=1)
    start = Spot(line=place.line, column=place.column or 1)
    offset = (problem.place.column or 1) - 1 if problem.place else 0
    piece = text[offset : offset + problem.width]
    spot = find_piece(source, start, piece, text.count(piece, 0, offset)) or start
    return replace(
        problem,
        place=Place(file=place.file, line=spot.line, column=spot.column),
        excerpt=source.line(spot.line),
        width=spot.width,
    )


def problems_of_actions(content: Content) -> Iterator[Problem]:
    """Lines that mean to be a button or an image and are none."""
    for words in (content.words, *content.parts.values()):
        copy = words.copy
        for number, line in enumerate(copy.text.split("\n"), start=copy.first_line):
            found = _action_problem(line)
            if found is None:
                continue
            message, column, hint = found
            yield Problem(
                code=Code.ACTION_MALFORMED,
                message=message,
                place=Place(file=copy.file, line=number, column=column),
                hint=hint,
                excerpt=line,
                width=2,
            )


def problems_of_images(campaign: Campaign, content: Content) -> Iterator[Problem]:
    """Local pictures that are not there, or that no mail program shows."""
    for source in _sources(content):
        for path, offset in named_images(source.text):
            if trouble := _picture_trouble(campaign, content, path, "image"):
                yield _image_problem(trouble, source, path, offset)
    logo = campaign.brand.logo
    if logo and is_local(logo) and (trouble := _picture_trouble(campaign, content, logo, "logo")):
        yield Problem(
            code=trouble.code,
            message=trouble.message,
            place=campaign.places.get("brand.logo") or Place(file=campaign.file),
            hint=trouble.hint,
        )


def _action_problem(line: str) -> tuple[str, int, str] | None:
    meant = _MEANT_AS_ACTION.search(line)
    if meant is None:
        return None
    kind, column = meant[1].lower(), meant.start() + 1
    form = "PATH-OR-URL | ALT" if kind == "image" else "TEXT | URL"
    hint = f"write [[{kind}: {form}]] on a line of its own"
    if kind not in ("button", "image"):
        return f"there is no [[{meant[1]}]]", column, "there are [[button]] and [[image]]"
    found = ACTION.match(line.strip())
    if found is None or len(line) - len(line.lstrip()) > 3:
        return f"this [[{kind}]] does not stand alone, or is not closed with ]]", column, hint
    if split_action(kind, found[2]) is None:
        return f"this [[{kind}]] lacks one of its two halves", column, hint
    return None


def _sources(content: Content) -> Iterator[JinjaSource]:
    for words in (content.words, *content.parts.values()):
        copy = words.copy
        yield JinjaSource(text=copy.text, file=copy.file, first_line=copy.first_line)
    for name, text in content.templates.items():
        yield JinjaSource(text=text, file=template_file(name))


def _picture_trouble(
    campaign: Campaign, content: Content, path: str, what: str
) -> _PictureTrouble | None:
    if path not in content.images:
        return _PictureTrouble(Code.IMAGE_MISSING, f"there is no {what} {path!r}", _LOOKED_UP)
    file = find_image(campaign, path)
    if file is None:  # it was there when the content was read
        return None
    if file.suffix.lower() not in MEDIA_TYPES:
        says = f"{path!r} is of no kind that mail programs show"
        return _PictureTrouble(Code.IMAGE_UNKNOWN, says, _SAVED_AS)
    if not is_picture(file):
        return _PictureTrouble(Code.IMAGE_UNKNOWN, f"{path!r} holds no picture", _SAVED_AS)
    return None


def _image_problem(
    trouble: _PictureTrouble, source: JinjaSource, path: str, offset: int
) -> Problem:
    found = place_in(source.text, offset, source.file)
    line = found.line or 1
    return Problem(
        code=trouble.code,
        message=trouble.message,
        place=source.place(line, found.column),
        hint=trouble.hint,
        excerpt=source.line(line),
        width=len(path),
    )
