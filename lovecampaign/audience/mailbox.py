"""The mailbox behind an address: what ``+tags`` and dots make many addresses of."""

from __future__ import annotations

#: Providers that ignore dots before the @ (Gmail help, "Dots don't matter in Gmail addresses").
_WITHOUT_DOTS = {"gmail.com": "gmail.com", "googlemail.com": "gmail.com"}


def mailbox_key(key: str) -> str:
    """One key for all addresses of a mailbox; ``key`` is a normalised address.

    Subaddresses (RFC 5233) end before the ``+``. For limits, never as an address to send to.
    """
    local, _, domain = key.rpartition("@")
    base = local.partition("+")[0] or local
    if domain in _WITHOUT_DOTS:
        base, domain = base.replace(".", "") or base, _WITHOUT_DOTS[domain]
    return f"{base}@{domain}"
