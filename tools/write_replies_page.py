"""Regenerates docs/replies.md from the replies that the tests classify.

python tools/write_replies_page.py
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "replies.md"
REPLIES = ROOT / "tests" / "replies"

_INTRODUCTION = """# What a mail server's reply counts as

This page is made from `tests/replies/`: `python tools/write_replies_page.py`. The tests classify
each of these replies. Phrases in many languages decide first
(`lovecampaign/providers/smtp/refusal_phrases.toml`), then codes.

An address is suppressed only where words or a code confirm that there is no such mailbox, and
nothing in the reply speaks of us: of a limit, a login, an account, an IP address, a host name, a
policy or a verification. A reply that is not understood fails its delivery alone; `retry` sends it
again.
"""
#: The consequence of each fault, in the order of the page.
_FAULTS = {
    "recipient": ("No such mailbox", "Failed; the address is suppressed (`hard_bounce`)."),
    "mailbox": (
        "The mailbox rests",
        (
            "Full, over quota, locked, or too much mail at once. A soft bounce, whatever the code: "
            "three of them on different days stop this campaign for the address."
        ),
    ),
    "destination": (
        "The domain takes no mail",
        (
            "The domain rests for 15 minutes, then it is tried again. A soft bounce once it is "
            "given up. It is none of the ten failures in a row that pause a campaign."
        ),
    ),
    "unclear": ("Not clear", "This delivery alone fails. The address is not suppressed."),
    "policy": (
        "The receiver rejects us",
        (
            "IP address, reputation, SPF, DKIM, DMARC or words. Failed; five of them pause the "
            "campaign."
        ),
    ),
    "configuration": (
        "Our set-up",
        (
            "Login, account, sender address, host name, relaying, verification. Sending stops, and "
            "all is put back. If the same server took mail for others, RCPT counts as a policy."
        ),
    ),
    "quota": (
        "Our own sending limit",
        (
            "Not now: all is put back, and nothing is sent for 15 minutes. It never counts for the "
            "subscriber."
        ),
    ),
    "message": ("The message", "Too large or malformed. Failed for this message."),
    "provider": (
        "Later",
        (
            "Tried again after 1, 5 and 15 minutes, then every hour. Words about our rate or our "
            "number of connections hold all mail for 10 to 60 seconds; then it goes out more "
            "slowly. That counts as no try and no failure."
        ),
    ),
}


def read_replies() -> Sequence[Mapping[str, str]]:
    """All replies of the table, in file order."""
    files = sorted(REPLIES.glob("*.toml"))
    return [reply for file in files for reply in tomllib.loads(file.read_text("utf-8"))["reply"]]


def write_page() -> str:
    """The whole page."""
    return "\n".join(_lines(read_replies()))


def _lines(replies: Sequence[Mapping[str, str]]) -> Iterator[str]:
    yield _INTRODUCTION
    for fault, (title, consequence) in _FAULTS.items():
        yield f"## {title}\n\n{consequence}\n"
        yield "| Reply to | Reply | Server | Source |\n|---|---|---|---|"
        for reply in replies:
            if reply["fault"] == fault:
                yield (
                    f"| {reply['to']} | `{_cell(reply['says'])}` | {_cell(reply['server'])} "
                    f"| {_source(reply['source'])} |"
                )
        yield ""


def _source(source: str) -> str:
    return f"[page]({source})" if source.startswith("http") else _cell(source)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("`", "'")


if __name__ == "__main__":
    PAGE.write_text(write_page(), "utf-8")
