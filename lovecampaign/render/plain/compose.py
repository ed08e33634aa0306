"""What does one person's email say, as MJML with tokens where values stand?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic

from lovecampaign.campaign.model.campaign import Campaign, Email
from lovecampaign.core.lru import LruCache
from lovecampaign.render.markup.markdown import CopyMarkdown
from lovecampaign.render.model.content import Content
from lovecampaign.render.model.images import is_local
from lovecampaign.render.model.recipient import Recipient
from lovecampaign.render.model.template_files import template_file, template_name
from lovecampaign.render.templating.captured import Captured, printing_to
from lovecampaign.render.templating.copy_part import CopyPart
from lovecampaign.render.templating.environment import EmailEnvironment
from lovecampaign.render.templating.error_location import file_of_setting
from lovecampaign.render.templating.named_values import personal_names, shared_names
from lovecampaign.render.templating.source_map import SourceMap
from lovecampaign.render.templating.unfilled_fields import refuse_unfilled_fields
from lovecampaign.render.values.inputs import leaves_of
from lovecampaign.render.values.tokens import TokenFormat, Value, ValueRecorder, author_text

#: Answers for a leaf, by its name.
ReadLeaf = Callable[[str], Any]
#: Copies compiled from Markdown that are kept: one for each path through a copy's branches.
_KEPT_COPIES = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposedEmail(Generic[Value]):
    """One person's email before it is compiled; on the fast path, everybody's."""

    subject: Value
    #: MJML with tokens; the same for everybody whose path through the branches is the same.
    source: str
    printed: ValueRecorder[Value]
    #: Tokens of what every email has, whether its template prints it or not.
    title: str
    preheader: str
    #: Addresses of the local pictures that templates name.
    pictures: Mapping[str, str]
    unsubscribe: str
    preferences: str
    postal_address: str
    #: The postal address itself, which a template may have written out.
    postal_words: str


class Composer:
    """Runs Jinja and Markdown for one email; the templates are compiled once."""

    def __init__(
        self,
        campaign: Campaign,
        email: Email,
        content: Content,
        *,
        media_url: str,
        chunks: SourceMap | None = None,
    ) -> None:
        self._campaign = campaign
        self._email = email
        self._content = content
        self._media_url = media_url
        self.leaves = leaves_of(campaign)
        self.tokens = TokenFormat.absent_from(_sources(content))
        templates = {name: author_text(text) for name, text in content.templates.items()}
        files = {name: template_file(name) for name in templates}
        jinja = EmailEnvironment(templates, files, chunks)
        self._template = jinja.get_template(template_name(content.template))
        self._chunks = chunks
        # Copies are Markdown: marks of their places would change what it means.
        plain = EmailEnvironment(templates, files)
        self._preheader = plain.template_from(
            author_text(content.preheader), file_of_setting(content.copy.file, "preheader")
        )
        self._parts = {
            words.key: CopyPart(plain, words) for words in (content.words, *content.parts.values())
        }
        self._everyone = shared_names(campaign, self._logo())
        self._markdown = CopyMarkdown(
            self._find_picture, str(self._everyone["brand"].color_on_paper)
        )
        self._pictures = {path: self._find_picture(path)[0] for path in content.images}
        self._mjml_of_copies: LruCache[str, str] = LruCache(_KEPT_COPIES)

    def compose(self, recipient: Recipient) -> ComposedEmail[str]:
        """The email for one person; raises what Jinja raises, and RenderError."""
        leaves = self.leaves
        return self.compose_with(
            self.tokens.start(), lambda name: leaves[name].value(recipient), recipient.digest
        )

    def compose_with(
        self, printed: ValueRecorder[Value], ask: ReadLeaf, digest: Sequence[str]
    ) -> ComposedEmail[Value]:
        """The email as ``printed`` takes note of it and ``ask`` answers for what is personal."""
        refuse_unfilled_fields(self._campaign, self._content)
        with printing_to(printed):
            names: dict[str, Any] = {
                **self._everyone,
                **personal_names(self._campaign, self._email, ask),
            }
            footer = _take_footer(names, printed)
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
                printed=printed,
                title=printed.token(subject),
                preheader=printed.token(preheader),
                pictures=self._pictures,
                postal_words=self._campaign.sender.postal_address,
                **footer,
            )

    def _mjml_of(self, part: CopyPart, names: Mapping[str, Any]) -> str:
        markdown = part.copy.render(names)
        mjml = self._mjml_of_copies.get(markdown, self._markdown.to_mjml)
        return self._chunks.mark_all(mjml, part.file) if self._chunks else mjml

    def _digest(
        self, digest: Sequence[str], names: Mapping[str, Any], printed: ValueRecorder[Any]
    ) -> str:
        """The days inside a catch-up, each under its subject and with its own ``day``."""
        written = []
        for key in digest:
            part = self._parts[key]
            day = part.day(names, printed, self._campaign.language)
            written.append(self._markdown.heading(printed.token(day.subject)))
            own = {**names, **part.extras, "day": day, "subject": day.subject}
            written.append(self._mjml_of(part, own))
        return "".join(written)

    def _find_picture(self, path: str) -> tuple[str, int | None]:
        image = self._content.images.get(path)
        return (f"{self._media_url}/{image.name}", image.width) if image else (path, None)

    def _logo(self) -> str | None:
        logo = self._campaign.brand.logo
        if logo is None or (is_local(logo) and logo not in self._content.images):
            return None
        return self._find_picture(logo)[0]


def _take_footer(names: dict[str, Any], printed: ValueRecorder[Any]) -> dict[str, str]:
    """Tokens of what every footer must have, which names print wherever they are handed on.

    So whether a template prints them can be read from its source, whatever a person's own
    values look like.
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
    every = (content.words, *content.parts.values())
    copies = [text for words in every for text in (words.subject, words.copy.text)]
    return [content.preheader, *copies, *content.templates.values()]
