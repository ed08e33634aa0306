"""Static checks of an email's sources: names, actions and images."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.campaign.source.quotes import MERGE_FIELD_START
from lovecampaign.campaign.source.source import Spot, find_piece, read_source
from lovecampaign.core.problems import Place, Problem
from lovecampaign.render.markup.actions import LINK_OF, find_action
from lovecampaign.render.markup.code_regions import without_code, without_comments
from lovecampaign.render.markup.markdown import ACTION, split_action
from lovecampaign.render.model.content import AuthoredEmail, Content
from lovecampaign.render.model.gifts import split_gift
from lovecampaign.render.model.images import (
    MEDIA_TYPES,
    find_image,
    is_local,
    is_picture,
    named_images,
)
from lovecampaign.render.model.problem_codes import RenderCode
from lovecampaign.render.model.template_files import template_file
from lovecampaign.render.templating.name_check import JinjaSource, check_names, names_set_in
from lovecampaign.render.templating.source_map import place_in

#: What is inside of each directive.
_FORMS = {
    "button": "TEXT | URL",
    "image": "PATH-OR-URL | ALT",
    "answer": "QUESTION",
    "done": "TEXT",
    "help": "TEXT",
    "gift": "FILE | TEXT",
}
#: A line intended as a button or an image, well-formed or not.
_MEANT_AS_ACTION = re.compile(r"\[\[\s*(\w+)\s*:.*")
_ACTIVE_ADDRESS = re.compile(
    r"""(?<=[("'=<\s|])(?:file|javascript|vbscript):(?=\S)""", re.IGNORECASE
)
_ACTIVE = re.compile(
    r"""<(?:form|input|select|textarea|iframe|frameset|frame|object|embed|applet|script|base)\b
    | <meta\b[^>]*?http-equiv\s*=\s*["']?refresh"""
    f"| {_ACTIVE_ADDRESS.pattern}",
    re.IGNORECASE | re.VERBOSE,
)
#: Jinja's own marks, of which only comments are searched.
_JINJA = re.compile(
    r"\{%-?\s*raw\b.*?\{%-?\s*endraw\s*-?%\}|\{\{.*?\}\}|\{%.*?%\}|(?P<comment>\{#.*?(?:#\}|\Z))",
    re.DOTALL,
)
#: ``{#faq}`` and ``{#faq .wide}``, which other Markdown takes for a heading's name.
_HEADING_NAME = re.compile(r"\{#[\w:.-]+(?:[ \t][^{}#\n]*)?\}")
_BLANK_LINE = re.compile(r"\n[ \t]*\n")
_LOOKED_UP = "paths are looked up in the campaign's folder, then in the workspace"

_SAVED_AS = "open it in an image editor, and save it as JPEG or PNG"


def problems_of_names(campaign: Campaign, content: Content) -> Iterator[Problem]:
    """Syntax, names and filters in subject, preheader, copy and templates."""
    yield from _line_problems(campaign, content.words, "preheader", content.preheader)
    for words in content.authored:
        yield from _line_problems(campaign, words, "subject", words.subject)
        yield from check_names(_copy_of(words))
    set_by_others = frozenset().union(*map(names_set_in, content.templates.values()))
    for name, source in content.templates.items():
        known = set_by_others | {"content"}
        yield from check_names(JinjaSource(text=source, file=template_file(name), extra=known))


def _line_problems(
    campaign: Campaign, words: AuthoredEmail, key: str, text: str
) -> Iterator[Problem]:
    """Problems of a value in the front matter; the campaign's email knows its line."""
    email = campaign.find_email(words.key)
    place = (email.places.get(key) if email else None) or Place(file=words.copy.file)
    for problem in check_names(JinjaSource(text=text, file=place.file)):
        named = replace(problem, message=f"{key}: {problem.message}")
        yield _at_its_place(campaign, named, text, place)


def _at_its_place(campaign: Campaign, problem: Problem, text: str, place: Place) -> Problem:
    """The problem at the place of a value's text in the author's file.

    If the file spells it differently (an escape, a line break), the value's start is marked.
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
    """Lines intended as a button or an image, but malformed."""
    for words in content.authored:
        source = _copy_of(words)
        for number, line in enumerate(without_code(source.text).split("\n"), start=1):
            found = _action_problem(line)
            if found is None:
                continue
            message, column, hint = found
            yield Problem(
                code=RenderCode.ACTION_MALFORMED,
                message=message,
                place=source.place(number, column),
                hint=hint,
                excerpt=source.line(number),
                width=2,
            )


def problems_of_images(campaign: Campaign, content: Content) -> Iterator[Problem]:
    """Local images that are missing, or that no mail program shows."""
    copies = [(copy, without_code(copy.text)) for copy in map(_copy_of, content.authored)]
    templates = [
        (JinjaSource(text=text, file=template_file(name)), text)
        for name, text in content.templates.items()
    ]
    for source, shown in (*copies, *templates):
        for path, offset in named_images(shown):
            if problem := _image_problem(campaign, content, path, "image"):
                found = place_in(source.text, offset, source.file)
                line = found.line or 1
                place, excerpt = source.place(line, found.column), source.line(line)
                yield replace(problem, place=place, excerpt=excerpt, width=len(path))
    logo = campaign.brand.logo
    if logo and is_local(logo) and (problem := _image_problem(campaign, content, logo, "logo")):
        yield replace(problem, place=campaign.places.get("brand.logo") or Place(file=campaign.file))


def problems_of_active_content(content: Content) -> Iterator[Problem]:
    """Forms, frames, scripts and refreshes in templates; ``file:`` addresses in copy too.

    Another rule reports tags in copy, which readers see as text (LC289).
    """
    templates = content.templates.items()
    for source, pattern, read in (
        *(
            (copy, _ACTIVE_ADDRESS, without_code(copy.text))
            for copy in map(_copy_of, content.authored)
        ),
        *(
            (JinjaSource(text=text, file=template_file(name)), _ACTIVE, text)
            for name, text in templates
        ),
    ):
        for found in pattern.finditer(without_comments(read)):
            place = place_in(source.text, found.start(), source.file)
            line = place.line or 1
            yield Problem(
                code=RenderCode.ACTIVE_CONTENT,
                message=f"mail programs remove {found[0].strip()!r}, or warn the reader of it",
                place=source.place(line, place.column),
                hint="take it out; a button can lead to a page that has it",
                excerpt=source.line(line),
                width=len(found[0]),
            )


def problems_of_comments(content: Content) -> Iterator[Problem]:
    """Comments that their author did not intend, and that swallow words."""
    for source in map(_copy_of, content.authored):
        for found in _JINJA.finditer(source.text):
            described = _unintended_comment(source.text, found) if found["comment"] else None
            if described is None:
                continue
            message, hint, width = described
            place = place_in(source.text, found.start(), source.file)
            line = place.line or 1
            yield Problem(
                code=RenderCode.COMMENT_UNINTENDED,
                message=message,
                place=source.place(line, place.column),
                hint=hint,
                excerpt=source.line(line),
                width=width,
            )


def _unintended_comment(text: str, comment: re.Match[str]) -> tuple[str, str, int] | None:
    """The message, the hint and the width of a problem; None for a comment as it should be."""
    before = text[: comment.start()].rpartition("\n")[2]
    if name := _HEADING_NAME.match(text, comment.start()):
        message = f"{name[0]} begins a comment: no words are sent up to the next #}}"
        return message, f"headings have no names here: delete {name[0]}", len(name[0])
    is_in_heading = re.match(r" {0,3}#{1,6}\s+\S", before) and comment[0][2:3].strip(" -")
    if before[-1:].isalnum() or is_in_heading:
        message = "{# begins a comment here: no words are sent up to the next #}"
        return message, "delete it; or write a blank on both sides of {# if it is a comment", 2
    if _BLANK_LINE.search(comment[0]):
        message = "this comment spans a blank line: its words are not sent"
        return message, "write one comment for each paragraph, or delete the words", 2
    return None


def _action_problem(line: str) -> tuple[str, int, str] | None:
    meant = _MEANT_AS_ACTION.search(line)
    if meant is None:
        return None
    kind, column = meant[1].lower(), meant.start() + 1
    hint = f"write [[{kind}: {_FORMS.get(kind)}]] on a line of its own"
    if kind not in _FORMS:
        known = ", ".join(f"[[{one}]]" for one in _FORMS)
        return f"there is no [[{meant[1]}]]", column, f"there are {known}"
    if kind in LINK_OF:
        return _linked_action_problem(line, kind, column, hint)
    found = ACTION.match(line.strip())
    if found is None or len(line) - len(line.lstrip()) > 3:
        return f"this [[{kind}]] is not on a line of its own, or not closed with ]]", column, hint
    if split_action(kind, found[2]) is None:
        return f"this [[{kind}]] lacks one of its two halves", column, hint
    return None


def _linked_action_problem(
    line: str, kind: str, column: int, hint: str
) -> tuple[str, int, str] | None:
    words = find_action(line, kind)
    if words is None:
        message = f"this [[{kind}]] has no words, or is not on a line of its own, closed with ]]"
        return message, column, hint
    if kind == "gift":
        is_whole = all(split_gift(words))
        return None if is_whole else (f"this [[{kind}]] lacks one of its two halves", column, hint)
    if MERGE_FIELD_START.search(words):
        message = f"the words of [[{kind}]] are on a page too, where no merge field works"
        return message, column, "write the same words for all readers"
    return None


def _copy_of(words: AuthoredEmail) -> JinjaSource:
    copy = words.copy
    return JinjaSource(text=copy.text, file=copy.file, first_line=copy.first_line)


def _image_problem(campaign: Campaign, content: Content, path: str, what: str) -> Problem | None:
    """A problem without its place."""
    if path not in content.images:
        code, message, hint = RenderCode.IMAGE_MISSING, f"there is no {what} {path!r}", _LOOKED_UP
        return Problem(code=code, message=message, place=None, hint=hint)
    file = find_image(campaign, path)
    if file is None:  # it was there when the content was read
        return None
    if file.suffix.lower() not in MEDIA_TYPES:
        message = f"{path!r} is not an image type that mail programs show"
    elif not is_picture(file):
        message = f"{path!r} is not an image"
    else:
        return None
    return Problem(code=RenderCode.IMAGE_UNKNOWN, message=message, place=None, hint=_SAVED_AS)
