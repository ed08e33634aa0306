"""Which known word was meant?"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(word: str, known: Iterable[str], *, before: str = "") -> str:
    """``did you mean “subject”?``, with ``before`` in front of it; empty if nothing is near."""
    near = get_close_matches(word.lower(), sorted(known), n=1, cutoff=0.6)
    return f"{before}did you mean {near[0]!r}?" if near else ""
