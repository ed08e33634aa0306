"""Rules about links: complete addresses, honest text, https, public hosts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_address

from lovecampaign.checks.base.domains import host_of, organisation_of
from lovecampaign.checks.base.locate import Passage, find_everywhere, point_at
from lovecampaign.checks.base.rule import EmailDraft, EmailRule
from lovecampaign.core.problems import Place, Problem
from lovecampaign.render.markup.code_regions import without_code
from lovecampaign.render.model.images import MEDIA_TYPES

_ADDRESS = re.compile(r"https?://[^\s<>\"'|)\]{}]+", re.IGNORECASE)
#: XML namespaces look like URLs and are none.
_VOCABULARY = re.compile(r"https?://(?:www\.)?w3\.org/", re.IGNORECASE)
_SHORTENERS = frozenset(
    {
        "bit.ly", "bitly.com", "buff.ly", "cutt.ly", "goo.gl", "is.gd", "lnkd.in", "ow.ly",
        "rb.gy", "rebrand.ly", "shorturl.at", "soo.gd", "t.co", "t.ly", "tiny.cc", "tinyurl.com",
        "v.gd",
    }
)  # fmt: skip
#: ``shop.example.com``, ``bücher.example``.
_DOMAIN = r"(?:(?:[^\W_]|-)+\.)+[^\W\d_]{2,12}"
_NAMED_DOMAIN = re.compile(rf"^(?:https?://)?(?:www\.)?({_DOMAIN})(?:/\S*)?$", re.IGNORECASE)
#: Link targets in copy: of links, of ``[page]:`` references and of buttons. Rendering reports
#: missing images.
_IN_COPY = re.compile(
    r"(?<!!)\[(?:[^\[\]]|!\[[^\]]*\]\([^)]*\))*\]\(\s*(?P<link><[^<>]*>|[^)\s>]+)"
    r"|^\s{0,3}\[(?!\^)[^\]]+\]:\s*(?P<page><[^<>]*>|[^\s>]+)"
    r"|\[\[\s*button\s*:(?:\{\{.*?\}\}|[^|])*\|\s*(?P<button>(?:\{\{.*?\}\}|[^|\]])+?)\s*\]\]",
    re.IGNORECASE,
)
_IN_TEMPLATE = re.compile(r"""\shref\s*=\s*["'](?P<link>[^"']+)["']""", re.IGNORECASE)
#: Complete URLs, merge fields (judged when printed) and anchors (``#``).
_LEADS = re.compile(r"https?://[^/\s]|mailto:.|tel:.|sms:.|\{[{%#]|#", re.IGNORECASE)
_PROGRAM = re.compile(r"(?:javascript|vbscript|data):", re.IGNORECASE)
_HOST = re.compile(rf"(?:www\.|{_DOMAIN}(?:[/?#]|$))\S*", re.IGNORECASE)

#: ``https:/``, ``https//``, ``htps://`` and ``//``.
_MISTYPED = re.compile(r"^(?:h?t{1,2}ps?s?(?::/{0,3}|/{1,2})|//)(?!/)", re.IGNORECASE)
_MAILBOX = re.compile(rf"[\w.+-]+@{_DOMAIN}", re.IGNORECASE)
#: Another scheme, but no host with a port.
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:(?!\d)", re.IGNORECASE)
#: ``robots.txt``, which is no host although it looks like one.
_FILE = re.compile(
    r"[\w.-]+\.(?:aspx?|csv|docx?|epub|gif|html?|ics|jpe?g|js|json|md|mp[34]|pdf|php|png|pptx?|svg"
    r"|txt|webp|xlsx?|xml|zip)(?:[?#]\S*)?",
    re.IGNORECASE,
)


class Shortener(EmailRule, code="LC269"):
    """Links show where they lead.

    Spammers hide behind link shorteners, so filters distrust every one of them, and readers
    cannot see where a click takes them.

    Bad:  [print the page](https://bit.ly/3xYz)
    Good: [print the page](https://your-shop.com/five-lines)
    """

    def findings(self, draft: EmailDraft) -> Iterator[Problem]:
        for passage in _addresses(draft):
            host = _host(passage.text)
            if host in _SHORTENERS:
                yield passage.warning(
                    f"{host} hides where the link leads",
                    hint="write the address of the page itself",
                )


class MismatchedLink(EmailRule, code="LC270"):
    """A link with an address as its words leads to that address.

    Words that name one domain over a link to another look like phishing. Mail programs warn of
    it, and some block it.

    Bad:  [your-shop.com](https://click.tracker.net/abc)
    Good: [your-shop.com](https://your-shop.com/five-lines)
    """

    def findings(self, draft: EmailDraft) -> Iterator[Problem]:
        for link in draft.rendered.links if draft.rendered else ():
            named = _NAMED_DOMAIN.match(link.words)
            host = _host(link.href)
            if named is None or not host or host.endswith(".invalid"):
                continue
            if organisation_of(named[1]) != organisation_of(host):
                yield point_at(draft, re.compile(re.escape(link.href))).warning(
                    f"the words say {named[1]}, and the link leads to {host}",
                    hint="link to the address that the words name, or change the words",
                )


class InsecureLink(EmailRule, code="LC271"):
    """Links use https.

    Browsers warn of pages without it, and anyone on the network can read along.

    Bad:  http://your-shop.com
    Good: https://your-shop.com
    """

    def findings(self, draft: EmailDraft) -> Iterator[Problem]:
        for passage in _addresses(draft):
            is_open = passage.text.lower().startswith("http://")
            if is_open and not _is_private(_host(passage.text)):
                yield passage.warning(f"{passage.text} is not encrypted", hint="write https://")


class LocalLink(EmailRule, code="LC272"):
    """Links lead to places that readers can reach.

    An address like localhost or 192.168.… is your own machine or network. Readers cannot
    open it.

    Bad:  [see it](http://localhost:8000/page)
    Good: [see it](https://your-shop.com/page)
    """

    def findings(self, draft: EmailDraft) -> Iterator[Problem]:
        for passage in _addresses(draft):
            if _is_private(_host(passage.text)):
                yield passage.error(
                    f"{passage.text} opens only on your own machine or network",
                    hint="link to the public page",
                )


class DeadLink(EmailRule, code="LC279"):
    """Every link is a whole address.

    A mail has no page around it that "/shop" or "www.your-shop.com" could belong to: mail
    programs open nothing, or look for a file. Addresses that run a program (javascript:) are
    refused everywhere.

    Bad:  [see the page](www.your-shop.com)
    Good: [see the page](https://www.your-shop.com)
    """

    def findings(self, draft: EmailDraft) -> Iterator[Problem]:
        for passage in _link_targets(draft):
            if _LEADS.match(passage.text) or _is_picture_reference(passage):
                continue
            if _is_completed(passage.text, draft):
                continue
            message, hint = _describe(passage.text)
            yield passage.error(message, hint=hint)


def _addresses(draft: EmailDraft) -> Iterator[Passage]:
    """Every URL in the copy and templates."""
    for passage in find_everywhere(draft, _ADDRESS):
        if not _VOCABULARY.match(passage.text):
            yield passage


def _host(address: str) -> str:
    return host_of(address).removeprefix("www.")


def _is_private(host: str) -> bool:
    try:
        return not ip_address(host).is_global
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local", ".internal", ".lan"))


def _is_picture_reference(passage: Passage) -> bool:
    """Whether it is the ``[page]: images/page.png`` of a picture, not of a link."""
    is_reference = re.match(r"\s{0,3}\[[^\]]+\]:", passage.excerpt or "")
    return bool(is_reference) and passage.text.lower().endswith(tuple(MEDIA_TYPES))


def _is_completed(address: str, draft: EmailDraft) -> bool:
    """Whether the ``base-url`` of a navigation bar completes an address."""
    if not any("base-url" in source for source in draft.templates.values()):
        return False
    if draft.rendered is None:  # not known before its errors are fixed
        return True
    hrefs = [link.href for link in draft.rendered.links]
    return address not in hrefs and any(
        _LEADS.match(one) and one.endswith(address) for one in hrefs
    )


def _describe(address: str) -> tuple[str, str]:
    if not address:
        return "a link has no address: it leads nowhere", "write its address"
    if _PROGRAM.match(address):
        return f"{address} would run a program: no mail program opens it", "link to a page"
    if whole := _with_beginning(address):
        return f"{address} lacks its beginning: nothing would open", f"write {whole}"
    if _SCHEME.match(address):
        hint = "mail programs open https, mailto, tel and sms: link to a page"
        if address.lower().startswith("webcal://"):
            hint = f"write https://{address[len('webcal://') :]}"
        return f"{address} opens in few mail programs", hint
    if _FILE.fullmatch(address):
        hint = f"write the whole address: https://your-shop.com/{address}"
        return f"{address} is the name of a file: a mail has no folder that it could be in", hint
    hint = "write the whole address: https://your-shop.com/page"
    return f"{address} leads nowhere: a mail has no page that it could belong to", hint


def _with_beginning(address: str) -> str | None:
    """The whole address for a host, a mailbox, or a misspelt ``https://``."""
    rest = _MISTYPED.sub("", address, count=1)
    if _MAILBOX.fullmatch(address):
        return f"mailto:{address}"
    return f"https://{rest}" if _HOST.fullmatch(rest) and not _FILE.fullmatch(rest) else None


def _link_targets(draft: EmailDraft) -> Iterator[Passage]:
    """The target of every link in the copy and the templates."""
    copy = draft.email.copy
    yield from _targets(without_code(copy.text), copy.file, copy.first_line, _IN_COPY)
    for file, source in draft.templates.items():
        yield from _targets(source, file, 1, _IN_TEMPLATE)


def _targets(text: str, file: str, first_line: int, pattern: re.Pattern[str]) -> Iterator[Passage]:
    for number, line in enumerate(text.split("\n"), first_line):
        for found in pattern.finditer(line):
            name = found.lastgroup or "link"
            column = found.start(name) + 1 + found[name].startswith("<")
            place = Place(file=file, line=number, column=column)
            yield Passage(text=found[name].strip("<>"), place=place, excerpt=line)
