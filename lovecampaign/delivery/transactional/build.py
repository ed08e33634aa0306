"""Builds transactional mail: confirmations and replies to requests.

The confirmation is the campaign's own ``confirm`` email. All other kinds are built-in texts in the
campaign's template and language. Where the author's files have mistakes, a
built-in text is sent instead, in a plain layout if necessary.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from lovecampaign.campaign.model.campaign import (
    CONFIRM,
    Campaign,
    Copy,
    Email,
    Kind,
    RecipientGroup,
    Role,
)
from lovecampaign.campaign.words.catalog import built_in_words
from lovecampaign.core.errors import LovecampaignError
from lovecampaign.core.settings import Settings
from lovecampaign.core.tokens import Purpose, RowKey, TokenSigner
from lovecampaign.delivery.base.recipient_builder import RecipientBuilder
from lovecampaign.render.model.content import AuthoredEmail, Content, read_content
from lovecampaign.render.model.errors import RenderError
from lovecampaign.render.model.heroes import NO_HEROES, Heroes
from lovecampaign.render.model.recipient import Links, Recipient
from lovecampaign.render.model.template_files import read_templates, template_name
from lovecampaign.render.plain.sample_recipients import sample_recipients
from lovecampaign.render.renderer import EmailRenderer
from lovecampaign.schedule.instants import effective_zone
from lovecampaign.store.dialogue.stories.published import as_hero
from lovecampaign.store.ledger.transactional_mail import TransactionalKind
from lovecampaign.store.sending.transactional_queue import ClaimedMail

#: Name of the built-in template among the author's.
_TEMPLATE = "asked-for"
#: A unit of the deal came back: the mail may name the deal's price and end.
_RECIPIENTS = {TransactionalKind.WAITLIST_PLACE: frozenset({RecipientGroup.INSIDERS})}
#: The words of the frame in ``[mail]``: the label, why this was sent, and what to do about it.
_WORDS = ("label", "reason", "ways_out")
_FROM_A_LETTER = ("label", "reason_letter", "ways_out")
_WORDS_OF = {
    TransactionalKind.DOWNLOAD: _FROM_A_LETTER,
    TransactionalKind.FORGET: _FROM_A_LETTER,
    TransactionalKind.MOVE: _FROM_A_LETTER,
    TransactionalKind.WAITLIST_PLACE: _FROM_A_LETTER,
    TransactionalKind.STORY_LINK: _FROM_A_LETTER,
    TransactionalKind.HERO: ("label", "reason_hero", "ways_out_hero"),
}
_IN_AUTHORS_TEMPLATE = """\
{{% extends "{parent}" %}}
{{% block label %}}{label}{{% endblock %}}
{{% block reason %}}{reason}{{% endblock %}}
{{% block ways_out %}}{ways_out}{{% endblock %}}
"""
_PLAIN = """\
<mjml lang="{{{{ campaign.language }}}}" dir="{{{{ campaign.direction }}}}">
<mj-head><mj-title>{{{{ day.subject }}}}</mj-title><mj-preview>{{{{ preheader }}}}</mj-preview>
</mj-head>
<mj-body width="600px"><mj-section><mj-column>{{{{ content }}}}
<mj-text><p>{reason} {ways_out}</p><p>{{{{ sender.postal_address }}}}</p></mj-text>
</mj-column></mj-section></mj-body></mjml>
"""


def sign_delivery_id(signer: TokenSigner, mail: RowKey) -> str:
    """The opaque delivery id; the same on every try."""
    return signer.sign(Purpose.TRANSACTIONAL, mail)


def make_renderer(settings: Settings, campaign: Campaign, kind: TransactionalKind) -> EmailRenderer:
    """In each language the first version that renders.

    That is the author's, a built-in one in their template, or a built-in one alone.
    """
    email, content = _first_version(settings, campaign, kind)
    others = {
        language: _first_version(settings, campaign.in_language(language), kind)[1]
        for language in campaign.languages[1:]
        if not _is_untranslated(campaign, kind, language)
    }
    content = replace(content, translations=others)
    return EmailRenderer(campaign, email, content, media_url=settings.media_url)


def _is_untranslated(campaign: Campaign, kind: TransactionalKind, language: str) -> bool:
    """Whether the author wrote a confirmation, but not in this language."""
    confirm = campaign.find_email(CONFIRM)
    is_asked_for = kind is TransactionalKind.CONFIRM and confirm is not None
    return is_asked_for and confirm is not None and language not in confirm.translations


def _first_version(
    settings: Settings, campaign: Campaign, kind: TransactionalKind
) -> tuple[Email, Content]:
    for email, content in _versions(campaign, kind):
        alone = replace(content, language=campaign.language, translations={})
        try:
            renderer = EmailRenderer(campaign, email, alone, media_url=settings.media_url)
            for sample in sample_recipients(campaign, email, alone):
                renderer.render(sample)
        except RenderError:
            continue
        return email, alone
    raise ValueError(f"the built-in text for {kind.value} does not render")


def build_recipient(
    settings: Settings, signer: TokenSigner, campaign: Campaign, claimed: ClaimedMail
) -> Recipient:
    """The recipient, without a name: through a form with another address, a stranger could
    send text to that address.
    """
    subscriber = claimed.subscriber
    return Recipient(
        subscriber=type(subscriber)(
            id=subscriber.id,
            email=claimed.address,
            timezone=subscriber.timezone,
            language=subscriber.language,
        ),
        zone=effective_zone(subscriber.timezone or "", campaign),
        delivery_id=sign_delivery_id(signer, claimed.key),
        first_claimed_at=claimed.created_at,
        links=_links(settings, signer, campaign, claimed),
        deal_closes=claimed.kept_until,  # {{ deal.closes }}
        heroes=_heroes(settings, signer, claimed),
    )


def _heroes(settings: Settings, signer: TokenSigner, claimed: ClaimedMail) -> Heroes:
    """The one story that the mail is about, as it will appear."""
    if claimed.story is None:
        return NO_HEROES
    card = f"{settings.public_url}/card/{signer.sign(Purpose.CARD, claimed.key)}"
    return Heroes((as_hero(claimed.story, card),))


def _links(
    settings: Settings, signer: TokenSigner, campaign: Campaign, claimed: ClaimedMail
) -> Links:
    base = settings.public_url
    if claimed.kind is TransactionalKind.CONFIRM:
        own = f"{base}/confirm/{signer.sign(Purpose.CONFIRM, claimed.key)}"
    elif claimed.story is not None:
        own = f"{base}/a/{signer.sign(Purpose.STORY, claimed.key)}"
    else:
        own = f"{base}/p/{signer.sign(Purpose.MAILED, claimed.key)}"
    if claimed.delivery_key is None:
        return _join_links(own, f"{base}/join/{campaign.audience.list}")
    email = campaign.emails[0]  # the links of a delivery do not depend on its email
    recipient_builder = RecipientBuilder(
        campaign=campaign, email=email, signer=signer, public_url=base, founders_until=None
    )
    theirs = recipient_builder.links_of(recipient_builder.tokens(claimed.delivery_key))
    return Links(
        **{name: getattr(theirs, name) for name in Links.__slots__ if name != "confirm"},
        confirm=own,
    )


def _join_links(own: str, join: str) -> Links:
    """For a subscriber without a delivery: every link leads to the join page."""
    return Links(
        unsubscribe=join,
        preferences=join,
        web_view=join,
        join=join,
        insiders=join,
        every_day=join,
        share=join,
        deal=join,
        answer=join,
        month=join,
        help=join,
        gift=join,
        confirm=own,
    )


def _versions(campaign: Campaign, kind: TransactionalKind) -> Iterator[tuple[Email, Content]]:
    confirm = campaign.find_email(CONFIRM)
    if confirm is not None:
        try:
            if kind is TransactionalKind.CONFIRM and not confirm.is_broken:
                yield confirm, read_content(campaign, confirm)
            yield _built_in(campaign, kind, read_templates(campaign, confirm), confirm.template)
        except LovecampaignError:
            pass  # an unreadable template of theirs: fall back to the built-in one
    yield _built_in(campaign, kind, {}, None)


def _built_in(
    campaign: Campaign, kind: TransactionalKind, templates: Mapping[str, str], parent: str | None
) -> tuple[Email, Content]:
    texts = built_in_words(campaign.workspace, campaign.language)
    frame = [texts[name] for name in _WORDS_OF.get(kind, _WORDS)]
    text, blocks = texts[kind.value], dict(zip(_WORDS, frame, strict=True))
    name = template_name(_TEMPLATE)
    shape = _PLAIN if parent is None else _IN_AUTHORS_TEMPLATE
    source = shape.format(parent=template_name(parent or ""), **blocks)
    copy = Copy(text=text["text"].strip() + "\n", file=f"{kind.value} (built in)", is_built_in=True)
    email = Email(
        key=kind.value,
        role=Role.CONFIRM,
        kind=Kind.VALUE,
        subject=text["subject"],
        preheader=text["preheader"],
        template=_TEMPLATE,
        copy=copy,
        to=_RECIPIENTS.get(kind, frozenset()),
    )
    words = AuthoredEmail(
        key=email.key, kind=email.kind.value, number=None, date=None, subject=email.subject,
        copy=copy,
    )  # fmt: skip
    content = Content(
        words=words,
        preheader=email.preheader,
        template=_TEMPLATE,
        templates={**templates, name: source},
    )
    return email, content
