"""Composes the MJML source of an email with Jinja and Markdown; values become tokens."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic

from jinja2 import Template

from lovecampaign.campaign.files.front_matter import MAX_BRACKETS, MAX_CHARACTERS
from lovecampaign.campaign.model.campaign import Campaign, Email
from lovecampaign.campaign.source.quotes import MERGE_FIELD_START
from lovecampaign.core.lru import LruCache
from lovecampaign.core.problems import Place
from lovecampaign.render.markup.actions import expand_actions
from lovecampaign.render.markup.markdown import CopyMarkdown
from lovecampaign.render.model.content import AuthoredEmail, Content
from lovecampaign.render.model.errors import RenderError
from lovecampaign.render.model.heroes import NO_HEROES
from lovecampaign.render.model.images import is_local, picture_key
from lovecampaign.render.model.recipient import Recipient
from lovecampaign.render.model.template_files import template_file, template_name
from lovecampaign.render.templating.captured import Captured, printing_to
from lovecampaign.render.templating.environment import EmailEnvironment
from lovecampaign.render.templating.error_location import file_of_setting
from lovecampaign.render.templating.names import (
    DayNames,
    localized_date,
    personal_names,
    shared_names,
)
from lovecampaign.render.templating.source_map import SourceMap
from lovecampaign.render.values.inputs import leaves_of
from lovecampaign.render.values.tokens import (
    PrintedValues,
    TokenFormat,
    Value,
    ValueRecorder,
    author_text,
)

#: Gives a leaf's value by the leaf's name.
ReadLeaf = Callable[[str], Any]
#: Copies converted from Markdown that are cached: one per path through a copy's branches.
_CACHED_COPIES = 256
_HEROES, _PROGRESS = re.compile(r"\bheroes"), re.compile(r"\bprogress\b")
_GIVING, _NOTE = re.compile(r"\b(?:gifts|asks)\b"), re.compile(r"\{[{%][^{}]*\bnote\b")
#: Behind the copy, above the footer, where neither copy nor template prints the note.
_PRINT_NOTE = "\n\n{% if note %}{{ note }}{% endif %}\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposedEmail(Generic[Value]):
    """An email before it is compiled: of one recipient, or traced for all of them."""

    subject: Value
    #: MJML with tokens; equal for the same path through the templates' branches.
    source: str
    #: MJML of its copy and its digest, which the source holds where the template prints it.
    content: str
    printed: ValueRecorder[Value]
    #: Tokens of what every email has, even if its template does not print it.
    title: str
    preheader: str
    #: Addresses of the local pictures in the templates.
    pictures: Mapping[str, str]
    unsubscribe: str
    preferences: str
    postal_address: str
    #: The postal address itself, which a template may write out.
    postal_words: str


class Composer:
    """Runs Jinja and Markdown for one email; the templates are compiled once."""

    def __init__(
        self,
        campaign: Campaign,
        email: Email,
        content: Content,
        media_url: str,
        source_map: SourceMap | None = None,
    ) -> None:
        self._campaign = campaign
        self._email = email
        self._content = content
        self._media_url = media_url
        self._images_by_key = {picture_key(path): one for path, one in content.images.items()}
        self.leaves = leaves_of(campaign)
        self.tokens = TokenFormat.absent_from(_sources(content))
        templates = {name: author_text(text) for name, text in content.templates.items()}
        files = {name: template_file(name) for name in templates}
        jinja = EmailEnvironment(templates, files, source_map)
        self._template = jinja.get_template(template_name(content.template))
        self._source_map = source_map
        # Without a source map: copies are Markdown, and its marks would change their meaning.
        plain = jinja if source_map is None else EmailEnvironment(templates, files)
        self._preheader = plain.template_from(
            author_text(content.preheader), file_of_setting(content.copy.file, "preheader")
        )
        has_note = email.begins_the_month and not any(map(_NOTE.search, _sources(content)))
        self._parts = {
            words.key: _CopyPart(
                plain,
                words,
                content.gifts,
                is_digested=words is not content.words,
                after=_PRINT_NOTE if has_note and words is content.words else "",
            )
            for words in content.authored
        }
        self.prints_giving = any(map(_GIVING.search, _sources(content)))
        self._shared_names = shared_names(campaign, self._logo())
        #: Only then the heroes are a guard, and read from the database.
        self.prints_heroes = any(map(_HEROES.search, _sources(content)))
        self.prints_progress = any(map(_PROGRESS.search, _sources(content)))
        self._markdown = CopyMarkdown(
            self._find_picture, str(self._shared_names["brand"].color_on_paper)
        )
        self._pictures = {path: self._find_picture(path)[0] for path in content.images}
        self._mjml_of_copies: LruCache[str, str] = LruCache(_CACHED_COPIES)

    def compose(self, recipient: Recipient) -> ComposedEmail[str]:
        """The email for one recipient; raises what Jinja raises, and RenderError."""
        leaves = self.leaves
        return self.compose_with(
            PrintedValues(self.tokens), lambda name: leaves[name].value(recipient), recipient.digest
        )

    def compose_with(
        self, printed: ValueRecorder[Value], read: ReadLeaf, digest: Sequence[str]
    ) -> ComposedEmail[Value]:
        """The email, with printed values in ``printed`` and personal ones from ``read``."""
        _refuse_unfilled_fields(self._campaign, self._content)
        with printing_to(printed):
            names: dict[str, Any] = {
                **self._shared_names,
                **personal_names(self._campaign, self._email, read),
            }
            footer = _take_footer(names, printed)
            names |= self._heroes(read)
            own = self._parts[self._content.words.key]
            day = own.day(names, printed, self._campaign.language)
            subject: Any = day.subject
            names |= {"day": day, "subject": subject, **own.extras}
            preheader: Any = printed.resolve_line(self._preheader.render(names))
            names["preheader"] = preheader
            content = self._mjml_of(own, names) + self._digest(digest, names, printed)
            names["content"] = Captured.from_source(content)
            source = self._template.render(names)
            return ComposedEmail(
                subject=subject,
                source=source,
                content=content,
                printed=printed,
                title=printed.token(subject),
                preheader=printed.token(preheader),
                pictures=self._pictures,
                postal_words=self._campaign.sender.postal_address,
                **footer,
            )

    def _heroes(self, read: ReadLeaf) -> Mapping[str, Any]:
        heroes = read("heroes") if self.prints_heroes else NO_HEROES
        return {"heroes": heroes.stories, "heroes_of": heroes.of}

    def _mjml_of(self, part: _CopyPart, names: Mapping[str, Any]) -> str:
        markdown = part.copy.render(names)
        _refuse_slow_markdown(markdown, part.file)
        mjml = self._mjml_of_copies.get(markdown, self._markdown.to_mjml)
        return self._source_map.mark_all(mjml, part.file) if self._source_map else mjml

    def _digest(
        self, digest: Sequence[str], names: Mapping[str, Any], printed: ValueRecorder[Any]
    ) -> str:
        """The days of a catch-up, each under its subject and with its own ``day``."""
        written = []
        for key in digest:
            part = self._parts[key]
            day = part.day(names, printed, self._campaign.language)
            written.append(self._markdown.heading(printed.token(day.subject)))
            own = {**names, **part.extras, "day": day, "subject": day.subject}
            written.append(self._mjml_of(part, own))
        return "".join(written)

    def _find_picture(self, path: str) -> tuple[str, int | None]:
        # Markdown percent-encodes what the author wrote.
        image = self._content.images.get(path) or self._images_by_key.get(picture_key(path))
        return (f"{self._media_url}/{image.name}", image.width) if image else (path, None)

    def _logo(self) -> str | None:
        logo = self._campaign.brand.logo
        if logo is None or (is_local(logo) and logo not in self._content.images):
            return None
        return self._find_picture(logo)[0]


class _CopyPart:
    """The compiled templates of one copy and its subject, for the email or a day in a digest."""

    def __init__(
        self,
        jinja: EmailEnvironment,
        words: AuthoredEmail,
        gifts: Mapping[str, str],
        *,
        is_digested: bool,
        after: str,
    ) -> None:
        self._words = words
        self.file = words.copy.file
        self._subject: Template = jinja.template_from(
            author_text(words.subject), file_of_setting(words.copy.file, "subject")
        )
        copy = expand_actions(words.copy.text, words.key if is_digested else None, gifts) + after
        self.copy: Template = jinja.template_from(author_text(copy), words.copy.file)
        self.extras = {"guest": words.guest, "question": words.question}

    def day(self, names: Mapping[str, Any], printed: ValueRecorder[Any], language: str) -> DayNames:
        words = self._words
        day = DayNames(
            number=words.number,
            date=localized_date(words.date, language),
            key=words.key,
            subject=None,
            kind=words.kind,
        )
        source = self._subject.render({**names, **self.extras, "day": day})
        return replace(day, subject=printed.resolve_line(source))


def _take_footer(names: dict[str, Any], printed: ValueRecorder[Any]) -> dict[str, str]:
    """Tokens of what every footer must have; the names print these same tokens.

    So the source shows whether the template prints them, whatever a subscriber's values are.
    """
    links, sender = names["links"], names["sender"]
    tokens = {
        "unsubscribe": printed.token(links.unsubscribe),
        "preferences": printed.token(links.preferences),
        "postal_address": printed.token(sender.postal_address),
    }
    captured: dict[str, Any] = {key: Captured.from_source(one) for key, one in tokens.items()}
    names["sender"] = replace(sender, postal_address=captured.pop("postal_address"))
    names["links"] = replace(links, **captured)
    return tokens


def _sources(content: Content) -> list[str]:
    copies = [text for words in content.authored for text in (words.subject, words.copy.text)]
    return [content.preheader, *copies, *content.templates.values()]


def _refuse_unfilled_fields(campaign: Campaign, content: Content) -> None:
    """Raises RenderError for a setting with a merge field, which would be printed as it is.

    Loading refuses these too, but content may be frozen by an older version or built in Python.
    """
    for name, text in (*_of_campaign(campaign), *_of_content(content)):
        if text and MERGE_FIELD_START.search(text):
            raise RenderError(
                f"{name} contains a merge field, which subscribers would see as it is",
                hint="merge fields work in subject, preheader and copy",
            )


def _refuse_slow_markdown(markdown: str, file: str) -> None:
    """A loop can print more than the limits that the copy's file was checked for."""
    brackets = max(map(markdown.count, "[{"))
    if len(markdown) > 2 * MAX_CHARACTERS or brackets > 2 * MAX_BRACKETS:
        reason = "the loops and macros of this copy print too much for any letter"
        raise RenderError(reason, place=Place(file=file))


def _of_campaign(campaign: Campaign) -> Iterator[tuple[str, str | None]]:
    sender, offer = campaign.sender, campaign.launch.offer
    yield "name", campaign.name
    yield "sender.name", sender.name
    yield "sender.postal_address", sender.postal_address
    yield "sender.website", sender.website
    yield "sender.privacy_url", sender.privacy_url
    if offer is not None:
        yield "offer.title", offer.title
        yield "offer.price", offer.price.text
        yield "offer.link", offer.link
    for deal in campaign.deals.values():
        yield f"deals.{deal.key}.title", deal.title
        yield f"deals.{deal.key}.price", deal.price.text


def _of_content(content: Content) -> Iterator[tuple[str, str | None]]:
    for words in content.authored:
        yield "question", words.question
        if words.guest is not None:
            yield "guest.name", words.guest.name
            yield "guest.role", words.guest.role
