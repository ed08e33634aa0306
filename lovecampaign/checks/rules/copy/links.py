"""Do links lead where they say, and safely?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_address
from itertools import chain
from urllib.parse import SplitResult, urlsplit

from lovecampaign.checks.base.domains import organisation_of
from lovecampaign.checks.base.locate import Passage, find_in_templates, find_in_words, point_at
from lovecampaign.checks.base.rule import EmailDraft
from lovecampaign.core.problems import Problem, Severity

_ADDRESS = re.compile(r"https?://[^\s<>\"'|)\]{}]+", re.IGNORECASE)
#: Names of XML vocabularies look like addresses and are none.
_VOCABULARY = re.compile(r"https?://(?:www\.)?w3\.org/", re.IGNORECASE)
_SHORTENERS = frozenset(
    {
        "bit.ly", "bitly.com", "buff.ly", "cutt.ly", "goo.gl", "is.gd", "lnkd.in", "ow.ly",
        "rb.gy", "rebrand.ly", "shorturl.at", "soo.gd", "t.co", "t.ly", "tiny.cc", "tinyurl.com",
        "v.gd",
    }
)  # fmt: skip
_NAMED_DOMAIN = re.compile(
    r"^(?:https?://)?(?:www\.)?((?:[a-z0-9-]+\.)+[a-z]{2,12})(?:/\S*)?$", re.IGNORECASE
)


class Shortener:
    """Links show where they lead.

    Spammers hide behind link shorteners, so filters distrust every one of them, and readers
    cannot see where a click takes them.

    Bad:  [print the page](https://bit.ly/3xYz)
    Good: [print the page](https://your-shop.com/five-lines)
    """

    code = "LC269"

    def find(self, draft: EmailDraft) -> Iterator[Problem]:
        for passage in _addresses(draft):
            host = _host(passage.text)
            if host in _SHORTENERS:
                yield passage.problem(
                    self.code,
                    f"{host} hides where the link leads",
                    hint="write the address of the page itself",
                    severity=Severity.WARNING,
                )


class OtherDomain:
    """A link whose words are an address leads to that address.

    Words that name one domain and a link to another are how phishing looks. Mail programs warn
    of it, and some block it.

    Bad:  [your-shop.com](https://click.tracker.net/abc)
    Good: [your-shop.com](https://your-shop.com/five-lines)
    """

    code = "LC270"

    def find(self, draft: EmailDraft) -> Iterator[Problem]:
        for link in draft.shown.links if draft.shown else ():
            named = _NAMED_DOMAIN.match(link.words)
            host = _host(link.href)
            if named is None or not host or host.endswith(".invalid"):
                continue
            if organisation_of(named[1]) != organisation_of(host):
                yield point_at(draft, re.compile(re.escape(link.href))).problem(
                    self.code,
                    f"the words say {named[1]}, and the link leads to {host}",
                    hint="link to the address that the words name, or change the words",
                    severity=Severity.WARNING,
                )


class InsecureLink:
    """Links use https.

    Browsers warn of pages without it, and anybody between can read along.

    Bad:  http://your-shop.com
    Good: https://your-shop.com
    """

    code = "LC271"

    def find(self, draft: EmailDraft) -> Iterator[Problem]:
        for passage in _addresses(draft):
            is_open = passage.text.lower().startswith("http://")
            if is_open and not _is_private(_host(passage.text)):
                yield passage.problem(
                    self.code,
                    f"{passage.text} is not encrypted",
                    hint="write https://",
                    severity=Severity.WARNING,
                )


class LocalLink:
    """Links lead to places that readers can reach.

    An address like localhost or 192.168.… is your own machine or network. Nobody else can open
    it.

    Bad:  [see it](http://localhost:8000/page)
    Good: [see it](https://your-shop.com/page)
    """

    code = "LC272"

    def find(self, draft: EmailDraft) -> Iterator[Problem]:
        for passage in _addresses(draft):
            if _is_private(_host(passage.text)):
                yield passage.problem(
                    self.code,
                    f"{passage.text} opens only on your own machine or network",
                    hint="link to the public page",
                )


def _addresses(draft: EmailDraft) -> Iterator[Passage]:
    """Every address in the words and templates."""
    everywhere = (find_in_words(draft, _ADDRESS), find_in_templates(draft, _ADDRESS))
    for passage in chain.from_iterable(everywhere):
        if not _VOCABULARY.match(passage.text):
            yield passage


def _host(address: str) -> str:
    return (_split(address).hostname or "").removeprefix("www.")


def _split(address: str) -> SplitResult:
    try:
        return urlsplit(address)
    except ValueError:
        return urlsplit("")


def _is_private(host: str) -> bool:
    try:
        return not ip_address(host).is_global
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local", ".internal", ".lan"))
