"""How is an address shown to somebody who may not be its owner?"""

from __future__ import annotations

_DOTS = "•••"


def mask_address(address: str) -> str:
    """``a•••@b•••.example``: enough for its owner to know it, too little for anybody else."""
    local, _, domain = address.rpartition("@")
    host, _, ending = domain.rpartition(".")
    return f"{local[:1]}{_DOTS}@{host[:1]}{_DOTS}.{ending}"
