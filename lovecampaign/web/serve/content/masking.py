"""Masked email addresses, for pages that a third party may see."""

from __future__ import annotations

_DOTS = "•••"


def mask_address(address: str) -> str:
    """``a•••@b•••.example``: its owner recognises it, others cannot read it."""
    local, _, domain = address.rpartition("@")
    host, _, ending = domain.rpartition(".")
    return f"{local[:1]}{_DOTS}@{host[:1]}{_DOTS}.{ending}"
