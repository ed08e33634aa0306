"""The plain path: renders each message from its source, and caches only compiled sources.

The fast path must give the same bytes.
"""

from __future__ import annotations

from typing import Any

from jinja2 import TemplateError

from lovecampaign.campaign.model.campaign import Campaign, Email, Role
from lovecampaign.core.lru import LruCache
from lovecampaign.core.message import Message
from lovecampaign.core.problems import Place
from lovecampaign.render.markup.mjml_tree import MjmlFault
from lovecampaign.render.mime.message import EmailHeaders, write_message
from lovecampaign.render.mime.quoted_printable import quote_body
from lovecampaign.render.model.content import Content
from lovecampaign.render.model.errors import RenderError
from lovecampaign.render.model.recipient import Recipient
from lovecampaign.render.plain.compile import CompiledEmail, InvalidMjml, compile_email
from lovecampaign.render.plain.compose import ComposedEmail, Composer
from lovecampaign.render.templating.error_location import (
    TEMPLATE_ERRORS,
    as_render_error,
    describe_error,
    place_of_error,
)
from lovecampaign.render.templating.source_map import SourceMap

_HINT = "type: lovecampaign check"
#: Compiled sources that are cached: one per path through the templates' branches.
_CACHED_SOURCES = 64


class PlainPath:
    """Renders one email for many recipients; safe between threads."""

    def __init__(self, campaign: Campaign, email: Email, content: Content, media_url: str) -> None:
        self._campaign = campaign
        self._email = email
        self._content = content
        self._media_url = media_url
        self.email_headers = EmailHeaders(campaign, email)
        self.composer = _composer(campaign, email, content, media_url)
        self._compiled: LruCache[tuple[str, ...], CompiledEmail] = LruCache(_CACHED_SOURCES)

    def render(self, recipient: Recipient) -> Message:
        """The message for one recipient, the same bytes every time; raises RenderError."""
        composed = self._compose(recipient)
        try:
            compiled = self.compiled(composed)
        except InvalidMjml as faulty:
            fault = faulty.faults[0]
            place = self._place_of(fault, recipient)
            raise RenderError(fault.message, place=place, hint=_HINT) from faulty
        return self._message(recipient, composed, compiled)

    def subject(self, recipient: Recipient) -> str:
        """The subject alone, which takes no compilation; raises RenderError."""
        return self._compose(recipient).subject

    def _compose(self, recipient: Recipient) -> ComposedEmail[str]:
        try:
            return self.composer.compose(recipient)
        except (RenderError, *TEMPLATE_ERRORS) as error:
            raise as_render_error(error, self._content, _HINT) from error

    def compiled(self, composed: ComposedEmail[Any]) -> CompiledEmail:
        """HTML and text of a composed source; raises :class:`InvalidMjml`."""
        # Title and preheader are in the HTML even if the source does not print them.
        key = (composed.source, composed.title, composed.preheader)
        return self._compiled.get(key, lambda _: self._compile(composed))

    def _compile(self, composed: ComposedEmail[Any]) -> CompiledEmail:
        return compile_email(
            composed,
            self.composer.tokens.pattern,
            self._campaign.language,
            has_footer=self._email.role is not Role.CONFIRM,
        )

    def _place_of(self, fault: MjmlFault, recipient: Recipient) -> Place | None:
        """Renders the failing email again with a source map."""
        source_map = SourceMap()
        email, content, media_url = self._email, self._content, self._media_url
        composer = Composer(self._campaign, email, content, media_url, source_map)
        return source_map.trace(composer.compose(recipient).source).place(fault.offset)

    def _message(
        self, recipient: Recipient, composed: ComposedEmail[str], compiled: CompiledEmail
    ) -> Message:
        values, headers = composed.printed.values, self.email_headers
        text, html = compiled.text.escaped(values), compiled.html.escaped(values)
        message = headers.message(
            recipient,
            composed.subject,
            quote_body(compiled.text.pieces, text),
            quote_body(compiled.html.pieces, html),
        )
        return Message(
            delivery_id=recipient.delivery_id,
            sender=headers.sender,
            reply_to=headers.reply_to,
            to=headers.to(recipient),
            subject=message.subject,
            text=compiled.text.join(text),
            html=compiled.html.join(html),
            headers=message.headers,
            raw=write_message(message),
            bounce_to=headers.bounce_to,
        )


def _composer(campaign: Campaign, email: Email, content: Content, media_url: str) -> Composer:
    try:
        return Composer(campaign, email, content, media_url)
    except TemplateError as error:
        place = place_of_error(error, content)
        raise RenderError(describe_error(error), place=place, hint=_HINT) from error
