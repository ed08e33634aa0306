"""Finds the mistakes in an email's copy and templates that would show only while sending.

Names and filters are checked in the source; then the email is rendered for sample recipients, and
its MJML is checked and compiled. If that fails, it is repeated with a source map.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from html import unescape
from typing import Any, TypeAlias

from lovecampaign.campaign.model.campaign import Campaign, Email, Role
from lovecampaign.campaign.source.source import read_source
from lovecampaign.core.problems import Place, Problem, Severity, has_errors, in_file_order
from lovecampaign.render.lint.picture_addresses import problems_of_addresses
from lovecampaign.render.lint.source_check import (
    problems_of_actions,
    problems_of_active_content,
    problems_of_comments,
    problems_of_images,
    problems_of_names,
)
from lovecampaign.render.markup.mjml_tree import MjmlFault
from lovecampaign.render.model.content import Content
from lovecampaign.render.model.errors import RenderError
from lovecampaign.render.model.problem_codes import RenderCode
from lovecampaign.render.model.template_files import template_file, template_name
from lovecampaign.render.plain.compile import CompiledEmail, InvalidMjml, compile_email
from lovecampaign.render.plain.compose import ComposedEmail, Composer
from lovecampaign.render.plain.plain_path import PlainPath
from lovecampaign.render.plain.sample_recipients import SAMPLE_LINKS, sample_recipients
from lovecampaign.render.templating.error_location import (
    TEMPLATE_ERRORS,
    as_render_error,
    file_of_setting,
    setting_of_file,
)
from lovecampaign.render.templating.source_map import SourceMap, TracedSource
from lovecampaign.render.values.tokens import MARK_END, MARK_START

#: Where the pictures of sample renderings are.
MEDIA_URL = "https://links.invalid/i"
_TAGS_AND_MARKS = re.compile(f"<[^>]*>|{MARK_START}[0-9]+{MARK_END}")
#: Words that a template may have for itself.
_OWN_WORDS = re.compile(r"<(mj-preview|mj-title)\b[^>]*>(.*?)</\1\s*>", re.DOTALL | re.IGNORECASE)
#: Categories of white space, and of characters without a width.
_BLANK = frozenset({"Cc", "Cf", "Zl", "Zp", "Zs"})
_Compile: TypeAlias = Callable[[ComposedEmail[Any]], CompiledEmail]


def find_problems(
    campaign: Campaign, email: Email, content: Content, plain: Callable[[], PlainPath] | None = None
) -> list[Problem]:
    """All problems of one email's copy and templates, in file order.

    ``plain`` opens the email's plain path, for a caller that goes on with what it compiled.
    """
    problems = [
        *problems_of_names(campaign, content),
        *problems_of_actions(content),
        *problems_of_comments(content),
        *problems_of_images(campaign, content),
        *problems_of_active_content(content),
    ]
    if not has_errors(problems):
        opener = plain or partial(PlainPath, campaign, email, content, MEDIA_URL)
        problems += _RenderCheck(campaign, email, content, opener).problems()
    return in_file_order(dict.fromkeys(problems))


class _RenderCheck:
    """Renders an email for sample recipients, and locates its mistakes in the author's files."""

    def __init__(
        self, campaign: Campaign, email: Email, content: Content, plain: Callable[[], PlainPath]
    ) -> None:
        self._campaign = campaign
        self._email = email
        self._content = content
        self._plain = plain

    def problems(self) -> Sequence[Problem]:
        """The problems of rendering; only if there are any, it is repeated with a source map."""
        return list(self._render(None)) and list(self._render(SourceMap()))

    def _render(self, source_map: SourceMap | None) -> Iterator[Problem]:
        try:
            email, content = self._email, self._content
            composer, compile_source = self._tools(source_map)
            empty: list[bool] = []
            known: set[tuple[str, Severity, Place | None, int]] = set()
            for recipient in sample_recipients(self._campaign, email, content):
                composed = composer.compose(recipient)
                traced = (source_map or SourceMap()).trace(composed.source)
                composed = replace(composed, source=traced.text)
                found = self._problems_for(composed, traced, composer, compile_source)
                # A message may hold a value of this recipient.
                problems = {(one.code, one.severity, one.place, one.width): one for one in found}
                yield from (one for key, one in problems.items() if key not in known)
                known |= problems.keys()
                if has_errors(problems.values()):
                    return  # the next recipient shows the same, or consequences
                if recipient.note:  # a line to one person makes no letter
                    composed = composer.compose(recipient._replace(note=""))
                empty.append(not _has_words(composed.content))
            yield from self._problems_of_emptiness(empty)
        except (RenderError, *TEMPLATE_ERRORS) as error:
            yield self._failure(as_render_error(error, self._content))

    def _tools(self, source_map: SourceMap | None) -> tuple[Composer, _Compile]:
        """The email's composer and compiler; without a source map, those that it is sent with."""
        if source_map is None:
            plain = self._plain()
            return plain.composer, plain.compiled
        email, language = self._email, self._campaign.language
        composer = Composer(self._campaign, email, self._content, MEDIA_URL, source_map)
        pattern = composer.tokens.pattern
        return composer, lambda each: compile_email(each, pattern, language, has_footer=False)

    def _problems_for(
        self,
        composed: ComposedEmail[str],
        traced: TracedSource,
        composer: Composer,
        compile_source: _Compile,
    ) -> Iterator[Problem]:
        try:
            compiled = compile_source(composed)
        except InvalidMjml as faulty:
            for fault in faulty.faults:
                yield self._problem_of(fault, traced)
            return
        for warning in compiled.warnings:
            yield self._problem_of(warning, traced)
        yield from self._problems_of_result(compiled, composed)
        for found in _OWN_WORDS.finditer(composed.source):
            is_title = found[1].lower() == "mj-title"
            replaced = composed.title if is_title else composed.preheader
            if replaced and found[2].strip() and not composer.tokens.pattern.search(found[2]):
                yield self._problem_of(_replacing(found, is_title=is_title), traced)

    def _problem_of(self, fault: MjmlFault, traced: TracedSource) -> Problem:
        place = traced.place(fault.offset) or Place(file=self._content.copy.file)
        return Problem(
            code=fault.code,
            message=fault.message,
            place=place,
            hint=fault.hint,
            severity=fault.severity,
            excerpt=traced.excerpt(place),
            width=fault.width,
        )

    def _failure(self, error: RenderError) -> Problem:
        found = error.place or Place(file=self._content.copy.file)
        name = setting_of_file(found.file)
        place = self._place_of_setting(found.file, name) if name else found
        return Problem(
            code=RenderCode.RENDER_FAILED,
            message=f"{name}: {error.reason}" if name else error.reason,
            place=place,
            hint=error.hint,
            excerpt=self._line_at(place),
        )

    def _place_of_setting(self, file: str, name: str) -> Place:
        """The place of a subject or preheader, also of a day in a digest."""
        copy_file = file.removesuffix(file_of_setting("", name))
        emails = (self._email, *self._campaign.emails)
        email = next((one for one in emails if one.copy.file == copy_file), self._email)
        return email.places.get(name, Place(file=copy_file))

    def _line_at(self, place: Place) -> str | None:
        source, _ = read_source(self._campaign.workspace / place.file, place.file)
        return source.line(place.line) if source and place.line else None

    def _problems_of_result(
        self, compiled: CompiledEmail, composed: ComposedEmail[str]
    ) -> Iterator[Problem]:
        values = composed.printed.values
        html, text = compiled.html.fill(values), compiled.own_text.fill(values)
        template = template_file(template_name(self._content.template))
        if self._email.role is not Role.CONFIRM:
            if SAMPLE_LINKS.unsubscribe not in html:
                yield _incomplete(template, "the unsubscribe link", "links.unsubscribe")
            if SAMPLE_LINKS.preferences not in html:
                yield _incomplete(template, "the preferences link", "links.preferences")
            if self._campaign.sender.postal_address not in text:
                yield _incomplete(template, "the postal address", "sender.postal_address")
        yield from problems_of_addresses(self._content, html)
        copy, sources = self._content.copy, self._content.templates.values()
        if copy.text.strip() and not any(re.search(r"\bcontent\b", one) for one in sources):
            yield Problem(
                code=RenderCode.CONTENT_UNUSED,
                message=f"{copy.file} has copy, but its template never prints it",
                place=Place(file=template),
                hint="write {{ content }} inside an <mj-column>",
            )

    def _problems_of_emptiness(self, empty: Sequence[bool]) -> Iterator[Problem]:
        """``empty`` is the answer for each sample recipient."""
        copy, sources = self._content.copy, self._content.templates.values()
        if not any(empty) or not any(re.search(r"\bcontent\b", one) for one in sources):
            return
        written = re.search(r"^.*\S.*$", copy.text, re.MULTILINE)
        place, excerpt = Place(file=copy.file), None
        if written:
            excerpt = written[0]
            line = copy.first_line + copy.text.count("\n", 0, written.start())
            place = Place(file=copy.file, line=line, column=1)
        if all(empty):
            message = "this email has no words: all readers would get an empty letter"
            hint = "write words below its settings, outside of any condition; or skip the day"
        else:
            unknown = "only the address" if empty[-1] else "name and fields"
            message = f"this email is empty for some readers: those of whom {unknown} is known"
            hint = "write words outside of the condition, or behind {% else %}"
        yield Problem(
            code=RenderCode.COPY_EMPTY,
            message=message,
            place=place,
            hint=hint,
            severity=Severity.ERROR if all(empty) else Severity.WARNING,
            excerpt=excerpt,
        )


def _replacing(found: re.Match[str], *, is_title: bool) -> MjmlFault:
    name, what, written = (
        ("mj-title", "subject", "{{ day.subject }}")
        if is_title
        else ("mj-preview", "preheader", "{{ preheader }}")
    )
    return MjmlFault(
        code=RenderCode.DAY_REPLACED,
        message=f"the template's own <{name}> replaces the {what} of every day",
        offset=found.start(),
        width=len(name) + 1,
        hint=f"write <{name}>{written}</{name}>, or delete the tag",
        severity=Severity.WARNING,
    )


def _has_words(mjml: str) -> bool:
    """Whether there is more than tags and blanks, or a picture."""
    if "<img" in mjml or "<mj-image" in mjml:
        return True
    words = unescape(_TAGS_AND_MARKS.sub("", mjml))
    return any(unicodedata.category(one) not in _BLANK for one in words)


def _incomplete(template: str, what: str, written: str) -> Problem:
    return Problem(
        code=RenderCode.FOOTER_INCOMPLETE,
        message=f"the email lacks {what}",
        place=Place(file=template),
        hint=f"print {{{{ {written} }}}} in the footer",
    )
