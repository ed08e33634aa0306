"""Codes of the problems that rendering finds (LC100 to LC149), with their meanings."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Self


class RenderCode(StrEnum):
    """A kind of mistake; ``check --explain`` prints its ``meaning``, which never changes."""

    meaning: str

    def __new__(cls, value: str, meaning: str) -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        return member

    TEMPLATE_MISSING = "LC100", "A template, or one that it includes, is not in templates/email."
    TEMPLATE_UNREADABLE = "LC101", "A template is no text, or a link that leads out of the folder."
    JINJA_SYNTAX = "LC102", "Jinja cannot read a subject, a preheader, a day's copy or a template."
    UNKNOWN_NAME = "LC103", "A name is used that emails do not have, so nothing could be printed."
    UNKNOWN_ATTRIBUTE_OF_NAME = "LC104", "A known name has no such part, as in day.numbr."
    FILTER_REFUSED = "LC105", "A filter or test is unknown, or is left out here for a reason."
    RENDER_FAILED = "LC106", "The email could not be rendered for a made-up reader."
    VALUE_MISPLACED = (
        "LC107",
        (
            "A value is in a place where values are not allowed: in a width, a style, a comment, "
            "a tag's name, or before the http:// of an address."
        ),
    )
    ACTION_MALFORMED = (
        "LC108",
        "A [[button]], [[image]], [[answer]], [[done]] or [[help]] is not written as it must be.",
    )
    IMAGE_MISSING = "LC109", "An image is not a file of the campaign or the workspace."
    MJML_BROKEN = (
        "LC110",
        "A tag is not closed, closed twice, or a quote is missing; or an attribute is given twice.",
    )
    MJML_UNKNOWN_TAG = "LC111", "This is not an MJML tag."
    MJML_UNKNOWN_ATTRIBUTE = "LC112", "The MJML tag has no such attribute."
    MJML_NESTING = "LC113", "An MJML tag is in a place where MJML does not allow it."
    MJML_REFUSED = "LC114", "The MJML compiler cannot take it."
    MJML_STRAY_TEXT = "LC115", "Text is outside a tag that holds text, such as mj-text."
    FOOTER_INCOMPLETE = (
        "LC116",
        "The email lacks the unsubscribe link, the preferences link or the postal address.",
    )
    CONTENT_UNUSED = "LC117", "There is copy, but the template does not print {{ content }}."
    IMAGE_UNKNOWN = "LC118", "An image is of no kind that mail programs show, or holds no picture."
    WHOLE_OBJECT = "LC119", "A name with parts is printed whole: one of its parts is meant."
    ACTIVE_CONTENT = (
        "LC120",
        "A form, frame, script, refresh or file: address: mail programs remove it or warn of it.",
    )
    COPY_EMPTY = "LC130", "The copy is empty for all readers, or for some of them."
    COMMENT_UNINTENDED = (
        "LC131",
        "{# begins a comment behind a word or in a heading, or a comment spans a blank line.",
    )
    DAY_REPLACED = (
        "LC133",
        "The template has a preheader or a title of its own, which replaces that of every day.",
    )


MEANINGS: Mapping[RenderCode, str] = {code: code.meaning for code in RenderCode}
