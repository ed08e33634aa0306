"""What does one person get, worked out from the source?

This is the plain path: it renders every person's email from its source, and keeps only what is
compiled from equal sources. The fast path has to agree with it byte for byte.
"""

from __future__ import annotations

from typing import Any

from jinja2 import TemplateError

from lovecampaign.campaign.model.campaign import Campaign, Email, Role
from lovecampaign.core.lru import LruCache
from lovecampaign.core.message import Message
from lovecampaign.core.problems import Place
from lovecampaign.render.markup.mjml_tree import MjmlFault
from lovecampaign.render.mime.email_headers import EmailHeaders
from lovecampaign.render.mime.quoted_printable import quote_body
from lovecampaign.render.mime.write import write_message
from lovecampaign.render.model.content import Content
from lovecampaign.render.model.errors import RenderError
from lovecampaign.render.model.formatting import direction_of
from lovecampaign.render.model.recipient import Recipient
from lovecampaign.render.plain.compile import CompiledEmail, InvalidMjml, compile_email
from lovecampaign.render.plain.compose import ComposedEmail, Composer
from lovecampaign.render.templating.error_location import (
    TEMPLATE_ERRORS,
    describe_error,
    place_of_error,
)
from lovecampaign.render.templating.source_map import SourceMap

_HINT = "type: lovecampaign check"
#: CompiledEmail sources that are kept: one for each path through the branches of a template.
_KEPT_SOURCES = 64


class PlainPath:
    """Renders one email for one person after another; safe between threads."""

    def __init__(self, campaign: Campaign, email: Email, content: Content, media_url: str) -> None:
        self._campaign = campaign
        self._email = email
        self._content = content
        self._media_url = media_url
        self.envelope = EmailHeaders(campaign, email)
        self.composer = _composer(campaign, email, content, media_url)
        self._compiled: LruCache[tuple[str, ...], CompiledEmail] = LruCache(_KEPT_SOURCES)

    def render(self, recipient: Recipient) -> Message:
        """The message for one person, the same bytes every time; raises RenderError."""
        composed = self._compose(recipient)
        try:
            compiled = self.compiled(composed)
        except InvalidMjml as faulty:
            fault = faulty.faults[0]
            place = self._place_of(fault, recipient)
            raise RenderError(fault.message, place=place, hint=_HINT) from faulty
        return self._message(recipient, composed, compiled)

    def _compose(self, recipient: Recipient) -> ComposedEmail[str]:
        try:
            return self.composer.compose(recipient)
        except RenderError as error:
            if error.place is not None:
                raise
            place = place_of_error(error, self._content)
            raise RenderError(error.reason, place=place, hint=error.hint) from error
        except TEMPLATE_ERRORS as error:
            if place_of_error(error, self._content) is None:
                raise  # not from a template: ours
            raise _as_render_error(error, self._content) from error

    def compiled(self, composed: ComposedEmail[Any]) -> CompiledEmail:
        """HTML and text of a composed source; raises :class:`InvalidMjml`."""
        # The last two are in the HTML even where the source does not print them.
        key = (composed.source, composed.title, composed.preheader)
        return self._compiled.get(key, lambda _: self._compile(composed))

    def _compile(self, composed: ComposedEmail[Any]) -> CompiledEmail:
        language = self._campaign.language
        return compile_email(
            composed,
            self.composer.tokens.pattern,
            language,
            direction_of(language),
            has_footer=self._email.role is not Role.CONFIRM,
        )

    def _place_of(self, fault: MjmlFault, recipient: Recipient) -> Place | None:
        """Rendered again with every piece of template text traced: only for who fails."""
        chunks = SourceMap()
        composer = Composer(
            self._campaign, self._email, self._content, media_url=self._media_url, chunks=chunks
        )
        return chunks.trace(composer.compose(recipient).source).place(fault.offset)

    def _message(
        self, recipient: Recipient, composed: ComposedEmail[str], compiled: CompiledEmail
    ) -> Message:
        values, envelope = composed.printed.values, self.envelope
        text, html = compiled.text.escaped(values), compiled.html.escaped(values)
        draft = envelope.draft(
            recipient,
            composed.subject,
            quote_body(compiled.text.pieces, text),
            quote_body(compiled.html.pieces, html),
        )
        return Message(
            delivery_id=recipient.delivery_id,
            sender=envelope.sender,
            reply_to=envelope.reply_to,
            to=envelope.to(recipient),
            subject=draft.subject,
            text=compiled.text.join(text),
            html=compiled.html.join(html),
            headers=draft.headers,
            raw=write_message(draft),
        )


def _composer(campaign: Campaign, email: Email, content: Content, media_url: str) -> Composer:
    try:
        return Composer(campaign, email, content, media_url=media_url)
    except TemplateError as error:
        raise _as_render_error(error, content) from error


def _as_render_error(error: Exception, content: Content) -> RenderError:
    return RenderError(
        describe_error(error),
        place=place_of_error(error, content),
        hint=_HINT,
    )
