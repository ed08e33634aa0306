"""Which mistakes in an email's words and templates would show only while sending?

Names and filters are checked in the source; then the email is rendered for made-up readers with
every piece of template text traced to its file, and its MJML is checked and compiled.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from jinja2 import TemplateError

from lovecampaign.campaign.model import Campaign, Email, Role
from lovecampaign.problems import Place, Problem, has_errors, in_file_order
from lovecampaign.render.chunks import Chunks, TracedSource, place_in
from lovecampaign.render.codes import Code
from lovecampaign.render.compiled import Compiled, Faulty, compile_email
from lovecampaign.render.compose import Composed, Composer
from lovecampaign.render.content import Content, Words, template_file, template_name
from lovecampaign.render.errors import RenderError
from lovecampaign.render.images import named_images
from lovecampaign.render.markdown import ACTION, split_action
from lovecampaign.render.mjml_tree import Fault
from lovecampaign.render.name_check import Source, check_names, names_set_in
from lovecampaign.render.recipient import Recipient
from lovecampaign.render.samples import SAMPLE_LINKS, sample_recipients
from lovecampaign.render.spoken import direction_of
from lovecampaign.render.trace import place_of_error

_MEDIA_URL = "https://links.invalid/i"
#: A line that means to be a button or an image, whether it is one or not.
_MEANT_AS_ACTION = re.compile(r"\[\[\s*(\w+)\s*:.*")


def find_problems(campaign: Campaign, email: Email, content: Content) -> list[Problem]:
    """Everything wrong with one email's words and templates, in file order."""
    problems = [
        *_problems_of_names(campaign, content),
        *_problems_of_actions(content),
        *_problems_of_images(campaign, content),
    ]
    if not has_errors(problems):
        problems += _Trial(campaign, email, content).problems()
    return in_file_order(dict.fromkeys(problems))


def _problems_of_names(campaign: Campaign, content: Content) -> Iterator[Problem]:
    yield from _line_problems(campaign, content.words, "preheader", content.preheader)
    for words in (content.words, *content.parts.values()):
        copy = words.copy
        yield from _line_problems(campaign, words, "subject", words.subject)
        yield from check_names(Source(text=copy.text, file=copy.file, first_line=copy.first_line))
    set_by_others = frozenset().union(*map(names_set_in, content.templates.values()))
    for name, source in content.templates.items():
        known = set_by_others | {"content"}
        yield from check_names(Source(text=source, file=template_file(name), extra=known))


def _line_problems(campaign: Campaign, words: Words, key: str, text: str) -> Iterator[Problem]:
    """Problems of a value of the front matter, whose line is known where the email is."""
    email = campaign.find_email(words.key)
    place = (email.places.get(key) if email else None) or Place(file=words.copy.file)
    for problem in check_names(Source(text=text, file=place.file)):
        yield replace(problem, place=place, message=f"{key}: {problem.message}", width=1)


def _problems_of_actions(content: Content) -> Iterator[Problem]:
    for words in (content.words, *content.parts.values()):
        for number, line in enumerate(words.copy.text.split("\n")):
            problem = _action_problem(line)
            if problem:
                message, column, hint = problem
                yield Problem(
                    code=Code.ACTION_MALFORMED,
                    message=message,
                    place=Place(
                        file=words.copy.file,
                        line=words.copy.first_line + number,
                        column=column,
                    ),
                    hint=hint,
                    excerpt=line,
                    width=2,
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


def _problems_of_images(campaign: Campaign, content: Content) -> Iterator[Problem]:
    sources = [
        Source(text=one.copy.text, file=one.copy.file, first_line=one.copy.first_line)
        for one in (content.words, *content.parts.values())
    ]
    sources += [
        Source(text=text, file=template_file(name)) for name, text in content.templates.items()
    ]
    for source in sources:
        for path, offset in named_images(source.text):
            if path not in content.images:
                found = place_in(source.text, offset, source.file)
                yield Problem(
                    code=Code.IMAGE_MISSING,
                    message=f"there is no image {path!r}",
                    place=source.place(found.line or 1, found.column),
                    hint="paths are looked up in the campaign's folder, then in the workspace",
                    excerpt=source.line(found.line or 1),
                    width=len(path),
                )
    logo = campaign.brand.logo
    if logo and "://" not in logo and logo not in content.images:
        yield Problem(
            code=Code.IMAGE_MISSING,
            message=f"there is no logo {logo!r}",
            place=Place(file=campaign.file),
            hint="paths are looked up in the campaign's folder, then in the workspace",
        )


class _Trial:
    """Renders an email for made-up readers, tracing every piece of template text."""

    def __init__(self, campaign: Campaign, email: Email, content: Content) -> None:
        self._campaign = campaign
        self._email = email
        self._content = content

    def problems(self) -> Iterator[Problem]:
        chunks = Chunks()
        try:
            composer = Composer(
                self._campaign, self._email, self._content, media_url=_MEDIA_URL, chunks=chunks
            )
            for recipient in sample_recipients(self._campaign, self._email, self._content):
                problems = list(self._problems_for(composer, chunks, recipient))
                yield from problems
                if problems:
                    return  # the same for the next reader, or a consequence
        except RenderError as error:
            yield self._failure(error, error.message, error.hint)
        except TemplateError as error:
            yield self._failure(error, error.message or type(error).__name__, None)
        except (ArithmeticError, LookupError, RecursionError, TypeError, ValueError) as error:
            if place_of_error(error, self._content) is None:
                raise
            yield self._failure(error, str(error), None)

    def _problems_for(
        self, composer: Composer, chunks: Chunks, recipient: Recipient
    ) -> Iterator[Problem]:
        composed = composer.compose(recipient)
        traced = chunks.trace(composed.source)
        composed = replace(composed, source=traced.text)
        try:
            compiled = compile_email(
                composed,
                composer.tokens.pattern,
                self._campaign.language,
                direction_of(self._campaign.language),
                has_footer=False,
            )
        except Faulty as faulty:
            for fault in faulty.faults:
                yield self._problem_of(fault, traced)
            return
        yield from self._problems_of_result(compiled, composed)

    def _problem_of(self, fault: Fault, traced: TracedSource) -> Problem:
        place = traced.place(fault.offset) or Place(file=self._content.copy.file)
        return Problem(
            code=fault.code,
            message=fault.message,
            place=place,
            hint=fault.hint,
            excerpt=traced.excerpt(place),
            width=fault.width,
        )

    def _failure(self, error: Exception, message: str, hint: str | None) -> Problem:
        place = place_of_error(error, self._content) or Place(file=self._content.copy.file)
        return Problem(code=Code.RENDER_FAILED, message=message, place=place, hint=hint)

    def _problems_of_result(self, compiled: Compiled, composed: Composed) -> Iterator[Problem]:
        values = composed.printed.values
        html, text = compiled.html.fill(values), compiled.text.fill(values)
        template = template_file(template_name(self._content.template))
        if self._email.role is not Role.CONFIRM:
            for what, wanted, written in (
                ("the unsubscribe link", SAMPLE_LINKS.unsubscribe, "links.unsubscribe"),
                ("the preferences link", SAMPLE_LINKS.preferences, "links.preferences"),
            ):
                if wanted not in html:
                    yield _incomplete(template, what, written)
            if self._campaign.sender.postal_address not in text:
                yield _incomplete(template, "the postal address", "sender.postal_address")
        if self._content.copy.text.strip() and not _uses_content(self._content):
            yield Problem(
                code=Code.CONTENT_UNUSED,
                message=f"{self._content.copy.file} has copy, but its template never prints it",
                place=Place(file=template),
                hint="write {{ content }} inside an <mj-column>",
            )


def _incomplete(template: str, what: str, written: str) -> Problem:
    return Problem(
        code=Code.FOOTER_INCOMPLETE,
        message=f"the email lacks {what}",
        place=Place(file=template),
        hint=f"print {{{{ {written} }}}} in the footer",
    )


def _uses_content(content: Content) -> bool:
    return any(re.search(r"\bcontent\b", source) for source in content.templates.values())
