"""Which problems does rendering find? Their codes and what they mean (LC100 to LC149)."""

from __future__ import annotations

from enum import StrEnum


class RenderCode(StrEnum):
    """Codes never change their meaning; :data:`MEANINGS` says it in words."""

    TEMPLATE_MISSING = "LC100"
    TEMPLATE_UNREADABLE = "LC101"
    JINJA_SYNTAX = "LC102"
    UNKNOWN_NAME = "LC103"
    UNKNOWN_ATTRIBUTE_OF_NAME = "LC104"
    FILTER_REFUSED = "LC105"
    RENDER_FAILED = "LC106"
    VALUE_MISPLACED = "LC107"
    ACTION_MALFORMED = "LC108"
    IMAGE_MISSING = "LC109"
    MJML_BROKEN = "LC110"
    MJML_UNKNOWN_TAG = "LC111"
    MJML_UNKNOWN_ATTRIBUTE = "LC112"
    MJML_NESTING = "LC113"
    MJML_REFUSED = "LC114"
    MJML_STRAY_TEXT = "LC115"
    FOOTER_INCOMPLETE = "LC116"
    CONTENT_UNUSED = "LC117"
    IMAGE_UNKNOWN = "LC118"


MEANINGS: dict[RenderCode, str] = {
    RenderCode.TEMPLATE_MISSING: "A template, or one that it includes, is not in templates/email.",
    RenderCode.TEMPLATE_UNREADABLE: "A template is no text, or a link that leads out of the folder.",
    RenderCode.JINJA_SYNTAX: "Jinja cannot read a subject, a preheader, a day's copy or a template.",
    RenderCode.UNKNOWN_NAME: "A name that emails do not know is used, so nothing could be printed.",
    RenderCode.UNKNOWN_ATTRIBUTE_OF_NAME: "A known name has no such part, as in day.numbr.",
    RenderCode.FILTER_REFUSED: "A filter or test is unknown, or is left out here for a reason.",
    RenderCode.RENDER_FAILED: "The email could not be rendered for a made-up reader.",
    RenderCode.VALUE_MISPLACED: (
        "A value stands where values cannot: in a width, a style, a comment, a tag's name, or "
        "before the http:// of an address."
    ),
    RenderCode.ACTION_MALFORMED: "A [[button]] or [[image]] is not written as it must be.",
    RenderCode.IMAGE_MISSING: "An image is not a file of the campaign or the workspace.",
    RenderCode.MJML_BROKEN: "A tag is not closed, closed twice, or a quote is missing.",
    RenderCode.MJML_UNKNOWN_TAG: "MJML knows no such tag.",
    RenderCode.MJML_UNKNOWN_ATTRIBUTE: "The MJML tag knows no such attribute.",
    RenderCode.MJML_NESTING: "An MJML tag stands where MJML does not allow it.",
    RenderCode.MJML_REFUSED: "The MJML compiler cannot take it.",
    RenderCode.MJML_STRAY_TEXT: "Words stand outside a tag that holds words, such as mj-text.",
    RenderCode.FOOTER_INCOMPLETE: (
        "The email lacks the unsubscribe link, the preferences link or the postal address."
    ),
    RenderCode.CONTENT_UNUSED: "There is copy, but the template does not print {{ content }}.",
    RenderCode.IMAGE_UNKNOWN: "An image is of no kind that mail programs show, or holds no picture.",
}
