"""Locates template errors in the author's files, and describes them."""

from __future__ import annotations

import traceback

from jinja2 import TemplateError, TemplateNotFound, TemplateSyntaxError

from lovecampaign.campaign.files.paths import TEMPLATE_FOLDER
from lovecampaign.core.problems import Place
from lovecampaign.render.model.content import Content
from lovecampaign.render.model.errors import RenderError

#: What a template can raise: ``{{ 1 / 0 }}`` is its author's mistake. Without a template line in
#: the traceback it is our bug.
TEMPLATE_ERRORS = (
    TemplateError,
    ArithmeticError,
    AttributeError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
)


def place_of_error(error: BaseException, content: Content) -> Place | None:
    """The innermost template line of the traceback, into which Jinja writes it."""
    if isinstance(error, TemplateSyntaxError):
        return _place(error.filename or error.name or "", error.lineno, content)
    places = [
        _place(frame.filename, frame.lineno or 0, content)
        for frame in traceback.extract_tb(error.__traceback__)
        if _is_template(frame.filename, content)
    ]
    return places[-1] if places else None


def as_render_error(error: Exception, content: Content, hint: str | None = None) -> RenderError:
    """The error with its place; raises the error itself if it is from no template: our bug."""
    place = place_of_error(error, content)
    if isinstance(error, RenderError):
        return RenderError(
            error.reason,
            place=error.place or place,
            hint=error.hint,
            is_about_subscriber=error.is_about_subscriber,
        )
    if place is None:
        raise error
    return RenderError(describe_error(error), place=place, hint=hint)


def file_of_setting(file: str, name: str) -> str:
    """The file name for the source of a subject or preheader: its line is not the copy's."""
    return f"{file}: {name}"


def setting_of_file(file: str) -> str | None:
    """The inverse of :func:`file_of_setting`: ``subject``; None for a file."""
    name = file.rpartition(": ")[2]
    return name if name in ("subject", "preheader") else None


def describe_error(error: Exception) -> str:
    """What went wrong, in words for authors who are not programmers."""
    if isinstance(error, RecursionError):
        return "this never ends: a template or macro includes itself"
    if isinstance(error, ZeroDivisionError):
        return "this divides by zero"
    if isinstance(error, OverflowError):
        return "this number is too large"
    if isinstance(error, TemplateNotFound):
        return f"there is no template {error.name}"
    if isinstance(error, TypeError):
        return f"these values do not fit together here: {error}"
    return str(error) or type(error).__name__


def _place(file: str, line: int, content: Content) -> Place:
    for words in content.authored:
        if file == words.copy.file:
            # The copy starts further down in its file.
            return Place(file=file, line=words.copy.first_line + line - 1)
    return Place(file=file, line=None if setting_of_file(file) else line)


def _is_template(file: str, content: Content) -> bool:
    copies = {words.copy.file for words in content.authored}
    if name := setting_of_file(file):
        file = file.removesuffix(file_of_setting("", name))
    return file in copies or file.startswith(f"{TEMPLATE_FOLDER.parent.as_posix()}/")
