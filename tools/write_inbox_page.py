"""Regenerates the confusion table of docs/inbox.md from real mail with labels.

python tools/write_inbox_page.py
"""

from __future__ import annotations

import json
import re
import tarfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from lovecampaign.delivery.inbox.sorting.kinds import MailKind
from lovecampaign.delivery.inbox.sorting.sort import sort_mail

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "inbox.md"
#: Mail, labels and licence of github.com/sisimai/set-of-emails (BSD-2-Clause).
SET = ROOT / "tests" / "unit" / "delivery" / "inbox" / "sorting" / "data" / "bounces.tar.xz"
#: The rows of the table; the labels' own words for what is no bounce.
LABELS = ("hard", "soft", "delivered", "feedback", "vacation")
_TABLE = re.compile(r"(?<=<!-- table -->\n).*?(?=<!-- end -->)", re.DOTALL)


def read_set() -> Iterator[tuple[str, str, bytes]]:
    """Name, label and bytes of each mail."""
    with tarfile.open(SET) as archive:
        files = {one.name: archive.extractfile(one) for one in archive if one.isfile()}
        raw = {name: file.read() for name, file in files.items() if file is not None}
    labels = json.loads(raw["labels.json"])
    for name, entries in labels.items():
        yield name, _label(entries), raw[f"mail/{name}"]


def count() -> Mapping[tuple[str, MailKind], int]:
    """How many mails of each label have each kind."""
    return Counter((label, sort_mail(raw).kind) for _, label, raw in read_set())


def format_table(counts: Mapping[tuple[str, MailKind], int]) -> str:
    kinds = [kind for kind in MailKind if any(counts.get((label, kind)) for label in LABELS)]
    kinds = sorted({*kinds, MailKind.LETTER}, key=list(MailKind).index)
    lines = [
        "| Label | " + " | ".join(f"`{kind}`" for kind in kinds) + " |",
        "|---|" + "---:|" * len(kinds),
    ]
    for label in LABELS:
        cells = (str(counts.get((label, kind), 0)) for kind in kinds)
        lines.append(f"| {label} | " + " | ".join(cells) + " |")
    return "\n".join([*lines, ""])


def _label(entries: Sequence[Mapping[str, object]]) -> str:
    """Of several recipients the most serious, as for the mail itself."""
    reasons = {str(entry["reason"]) for entry in entries}
    special = [label for label in LABELS if label in reasons]
    if special:
        return special[0]
    return "hard" if any(entry["hard"] for entry in entries) else "soft"


def main() -> None:
    table = format_table(count())
    PAGE.write_text(_TABLE.sub(lambda _: table, PAGE.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
