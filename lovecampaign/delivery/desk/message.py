"""Messages that people of the team write: ordinary threaded mail, without List-* headers."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.campaign.words.catalog import built_in_words
from lovecampaign.campaign.words.locale import choose_language
from lovecampaign.core.message import Message
from lovecampaign.core.settings import Settings
from lovecampaign.core.tokens import Purpose, TokenSigner
from lovecampaign.render.mime.headers import ascii_address, ascii_domain, ascii_email
from lovecampaign.render.mime.message import MimeMessage, write_message
from lovecampaign.render.mime.quoted_printable import quoted_printable
from lovecampaign.store.ledger.transactional_mail import TransactionalKind
from lovecampaign.store.sending.transactional_queue import ClaimedMail

#: RFC 5322, 3.6.4, without the folding and the comments that real mail does not have.
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,250}>")
#: The first one and the newest ones are kept (RFC 5537, 3.4.4).
_MAX_REFERENCES = 20
_REPLY_PREFIX = re.compile(
    r"(?:\s*(?:re|aw|sv|antw|rif|res|r)\s*(?:\[\d+\])?\s*:)+\s*", re.IGNORECASE
)
_PAGE = """\
<!doctype html>
<html><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"></head>
<body style="margin:0;padding:16px;font:16px/1.5 Georgia,serif;max-width:40em">
{paragraphs}
</body></html>
"""
_BUTTON = (
    '<p style="margin:24px 0 8px"><a href="{link}" style="display:inline-block;padding:10px 18px;'
    'border:1px solid {color};border-radius:6px;color:{color};text-decoration:none">{label}</a></p>'
)


def reply_subject(subject: str) -> str:
    """``Re: subject``, with one ``Re:`` (RFC 5322, 3.6.5) whatever language the old ones are in."""
    bare = " ".join(_REPLY_PREFIX.sub("", subject, count=1).split())
    return f"Re: {bare}" if bare else "Re:"


def thread_headers(message_id: str, references: str) -> Mapping[str, str]:
    """``in_reply_to`` and ``references`` of an answer to a mail, as the payload keeps them."""
    own = _MESSAGE_ID.findall(message_id)[:1]
    known = [each for each in _MESSAGE_ID.findall(references) if each not in own]
    if len(known) >= _MAX_REFERENCES:
        known = [known[0], *known[-(_MAX_REFERENCES - 2) :]]
    if not own:
        return {}
    return {"in_reply_to": own[0], "references": " ".join([*known, *own])}


def build_message(
    settings: Settings, signer: TokenSigner, campaign: Campaign, claimed: ClaimedMail
) -> Message:
    """The message of a claimed mail; raises RenderError for an address that mail cannot carry."""
    written = claimed.written
    delivery_id = signer.sign(Purpose.TRANSACTIONAL, claimed.key)
    sender = ascii_address(written["from_email"], written["from_name"])
    reply_to = ascii_address(campaign.sender.reply_to)
    to = ascii_address(claimed.address, written.get("to_name", ""))
    text, page = _bodies(settings, signer, campaign, claimed)
    headers = {
        name: written[key]
        for name, key in (("In-Reply-To", "in_reply_to"), ("References", "references"))
        if written.get(key)
    }
    headers["X-Lovecampaign-Delivery"] = delivery_id
    if claimed.kind is TransactionalKind.TEAM:
        headers["Auto-Submitted"] = "auto-generated"
    domain = ascii_domain(campaign.sender.email.rpartition("@")[2])
    mime = MimeMessage(
        addresses={"From": sender, "Reply-To": reply_to, "To": to},
        subject=written["subject"],
        date=claimed.created_at,
        message_id=f"<{delivery_id}@{domain}>",
        headers={name: _fold(name, value) for name, value in headers.items()},
        text=quoted_printable(text),
        html=quoted_printable(page),
        delivery_id=delivery_id,
    )
    return Message(
        delivery_id=delivery_id,
        sender=sender,
        reply_to=reply_to,
        to=to,
        subject=written["subject"],
        text=text,
        html=page,
        headers=headers,
        raw=write_message(mime),
        bounce_to=ascii_email(campaign.sender.bounce_to) if campaign.sender.bounce_to else "",
    )


def _bodies(
    settings: Settings, signer: TokenSigner, campaign: Campaign, claimed: ClaimedMail
) -> tuple[str, str]:
    text = claimed.written["text"].strip() + "\n"
    paragraphs = [
        f"<p>{html.escape(part).strip().replace(chr(10), '<br>' + chr(10))}</p>"
        for part in re.split(r"\n\s*\n", text.strip())
    ]
    if claimed.kind is TransactionalKind.FOLLOW_THROUGH:
        known = (campaign.language, *campaign.languages)
        language = choose_language(known, claimed.subscriber.language)
        words = built_in_words(campaign.workspace, language)["follow-through"]
        link = f"{settings.public_url}/p/{signer.sign(Purpose.MAILED, claimed.key)}"
        text += f"\n{words['button']}:\n{link}\n"
        paragraphs.append(
            _BUTTON.format(
                link=html.escape(link),
                color=campaign.brand.color,
                label=html.escape(words["button"]),
            )
        )
    return text, _PAGE.format(paragraphs="\n".join(paragraphs))


def _fold(name: str, value: str) -> str:
    """One id on each line (RFC 5322, 2.2.3)."""
    return value.replace(" ", "\r\n ") if name == "References" else value
