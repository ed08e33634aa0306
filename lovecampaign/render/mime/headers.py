"""Header fields of messages, and their encoding.

RFC 5322 for form, RFC 2047 for words beyond ASCII, RFC 2919 (List-Id), RFC 2369 and RFC 8058
(unsubscribing), RFC 3834 (automatic answers). List-* lines are neither folded nor encoded:
Python's own policy corrupts a long List-Unsubscribe.
"""

from __future__ import annotations

import binascii
import re
import unicodedata
from collections.abc import Iterator, Mapping
from urllib.parse import quote

import idna

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.core.message import Address
from lovecampaign.render.model.errors import RenderError
from lovecampaign.render.model.recipient import Recipient
from lovecampaign.render.values.tokens import one_line

#: RFC 5322, section 2.1.1: without CRLF.
MAX_LINE = 998
#: RFC 2047, section 2: the longest line that may hold an encoded word.
_FOLDED_LINE = 76
#: 52 characters of base64 and 12 around them leave room for "Reply-To: " in such a line.
_BYTES_A_WORD = 39
_PLAIN_WORDS = re.compile(r"[\x21-\x7e]{1,200}(?: [\x21-\x7e]{1,200})*")
#: Nearly all addresses; they are written as they are.
_PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9_.+-]+@[a-z0-9.-]+").fullmatch
_NEEDS_NO_QUOTING = re.compile(r"[A-Za-z0-9_.~-]*").fullmatch
_FORBIDDEN_IN_LOCAL = re.compile(r'[\s<>",;:\\]').search
#: Atoms (RFC 5322, section 3.2.3) without the apostrophe: Sendmail quotes a name that has one
#: (``MustQuoteChars``), and a change on the way breaks DKIM's signature of the field.
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&*+\-/=?^_`{|}~]+(?: [A-Za-z0-9!#$%&*+\-/=?^_`{|}~]+)*")


def encode_words(text: str, first_column: int) -> str:
    """An unstructured value, folded; ``first_column`` is where it starts in its line."""
    if _PLAIN_WORDS.fullmatch(text) and "=?" not in text:
        return _fold(text.split(" "), first_column)
    return _fold(list(_encoded_words(text)), first_column)


def encode_address(address: Address, first_column: int) -> str:
    """``Ana <ana@bloom.example>``, with the name quoted or encoded where it must be."""
    mailbox = f"<{address.email}>"
    name = address.name
    if not name:
        return address.email
    if "=?" in name or not _PLAIN_WORDS.fullmatch(name):
        return _fold([*_encoded_words(name), mailbox], first_column)
    if not _ATOMS.fullmatch(name):
        escaped = name.replace("\\", "\\\\").replace('"', '\\"')
        name = f'"{escaped}"'
    return _fold([*name.split(" "), mailbox], first_column)


def ascii_address(email: str, name: str = "") -> Address:
    """An address that can be written; raises RenderError for what mail cannot carry."""
    return Address(ascii_email(email), one_line(name))


def ascii_email(email: str) -> str:
    """The address with its domain in IDNA form; raises RenderError for what mail cannot carry."""
    if _PLAIN_ADDRESS(email):
        return email
    local, at, domain = one_line(email).rpartition("@")
    if not at or not local or not local.isascii() or _FORBIDDEN_IN_LOCAL(local):
        raise RenderError(
            "the address has letters before the @ that this kind of mail cannot carry",
            hint="RFC 6531 (SMTPUTF8) would be needed",
            is_about_subscriber=True,
        )
    return f"{local}@{ascii_domain(domain)}"


def ascii_domain(domain: str) -> str:
    if domain.isascii():
        return domain.lower()
    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError as error:
        reason = "the domain of the address is not one that can be written"
        raise RenderError(reason, is_about_subscriber=True) from error


class CampaignHeaders:
    """Header fields of campaign mail beyond addresses, subject and date; not yet encoded.

    Most are the same for all messages of an email, and computed once.
    """

    def __init__(self, campaign: Campaign, key: str) -> None:
        """Raises RenderError for a domain that cannot be written."""
        domain = _domain(campaign.sender.email)
        local, _, unsubscribe_domain = campaign.sender.unsubscribe_to.rpartition("@")
        mailto = f"mailto:{quote(local)}@{ascii_domain(unsubscribe_domain)}"
        self._mailto_start = f"<{mailto}?subject={quote('unsubscribe ')}"
        self._in_order = {
            "List-Id": _list_id(campaign, domain),
            "List-Unsubscribe": "",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "Feedback-ID": f"{_label(campaign.id)}:{key}:lovecampaign:{_sender_id(domain)}",
            "Precedence": "bulk",
            "X-Auto-Response-Suppress": "OOF, AutoReply",
            "X-Lovecampaign-Delivery": "",
        }

    def of(self, recipient: Recipient) -> Mapping[str, str]:
        """The fields for one recipient; raises RenderError for a link that no header can carry."""
        headers = self._in_order.copy()
        headers["List-Unsubscribe"] = self._list_unsubscribe(recipient)
        headers["X-Lovecampaign-Delivery"] = recipient.delivery_id
        return headers

    def _list_unsubscribe(self, recipient: Recipient) -> str:
        delivery = recipient.delivery_id
        if not _NEEDS_NO_QUOTING(delivery):
            delivery = quote(delivery)
        mailto = f"{self._mailto_start}{delivery}>"
        value = f"<{recipient.links.unsubscribe}>, {mailto}"
        if not (value.isascii() and value.isprintable()) or len(value) > MAX_LINE - 20:
            raise RenderError("the unsubscribe link is too long for a header, or not plain ASCII")
        return value


def confirmation_headers(recipient: Recipient) -> Mapping[str, str]:
    """Confirmations are not campaign mail."""
    return {"Auto-Submitted": "auto-generated", "X-Lovecampaign-Delivery": recipient.delivery_id}


def message_id(campaign: Campaign, recipient: Recipient) -> str:
    return f"<{recipient.delivery_id}@{_domain(campaign.sender.email)}>"


def _list_id(campaign: Campaign, domain: str) -> str:
    """Stable for the campaign's life (RFC 2919, section 2)."""
    plain = unicodedata.normalize("NFKD", campaign.name).encode("ascii", "ignore").decode()
    name = one_line(re.sub(r'["\\<>]', "", plain))
    identifier = f"<{_label(campaign.id)}.{domain}>"
    if not name:
        return identifier
    return f"{name} {identifier}" if _ATOMS.fullmatch(name) else f'"{name}" {identifier}'


def _domain(email: str) -> str:
    return ascii_domain(email.rpartition("@")[2])


def _label(text: str) -> str:
    """Letters, digits and hyphens, as List-Id labels and Feedback-ID fields need it."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:63] or "campaign"


def _sender_id(domain: str) -> str:
    """Google: 5 to 15 characters, the same for all of a sender's mail."""
    return re.sub(r"[^a-z0-9]", "", domain)[:15].ljust(5, "x")


def _encoded_words(text: str) -> Iterator[str]:
    """Base64 words of whole characters (RFC 2047, sections 4.1 and 5)."""
    encoded, start = text.encode(), 0
    while start < len(encoded):
        end = start + _BYTES_A_WORD
        while end < len(encoded) and _is_inside_character(encoded[end]):
            end -= 1
        yield f"=?utf-8?b?{binascii.b2a_base64(encoded[start:end], newline=False).decode()}?="
        start = end


def _is_inside_character(byte: int) -> bool:
    """Whether this is a UTF-8 continuation byte: it begins with the bits 10."""
    return byte & 0xC0 == 0x80


def _fold(words: list[str], first_column: int) -> str:
    written, column = words[0] if words else "", first_column
    column += len(written)
    for word in words[1:]:
        if column + 1 + len(word) > _FOLDED_LINE:
            written, column = f"{written}\r\n {word}", 1 + len(word)
        else:
            written, column = f"{written} {word}", column + 1 + len(word)
    return written
