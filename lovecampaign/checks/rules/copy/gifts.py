"""Rule about gifts: the file is there, and small enough for a phone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from lovecampaign.campaign.files.paths import find_inside
from lovecampaign.checks.base.locate import find_in_lines
from lovecampaign.checks.base.rule import EmailDraft, EmailRule
from lovecampaign.core.problems import Problem
from lovecampaign.render.markup.code_regions import without_code
from lovecampaign.render.model.gifts import MAX_GIFT_BYTES, split_gift

_GIFT = re.compile(r"\[\[[ \t]*gift[ \t]*:[ \t]*([^\n]*?)[ \t]*\]\]", re.IGNORECASE)


class GiftFile(EmailRule, code="LC209"):
    """A gift is a file in the campaign's folder, of 10 MB at most.

    The letter promises it to everyone: a file that is missing is a broken promise, and one that
    takes a minute on the road is not opened. Files outside of the campaign's folder, and hidden
    ones, are never given away.

    Bad:  [[gift: files/video.mp4 | Watch it]], of 80 MB
    Good: [[gift: files/checklist.pdf | Take the checklist]]
    """

    def findings(self, draft: EmailDraft) -> Iterator[Problem]:
        copy, folder = draft.email.copy, draft.campaign.folder
        for passage in find_in_lines(without_code(copy.text), copy.file, copy.first_line, _GIFT):
            found = _GIFT.match(passage.text)
            path = split_gift(found[1])[0] if found else ""
            if path and (wrong := _fault(folder, path)):
                message, hint = wrong
                yield passage.error(message, hint=hint)


def _fault(folder: Path, path: str) -> tuple[str, str] | None:
    if "{" in path:
        return "a gift is the same file for all readers", "write its path without merge fields"
    file = find_inside(folder / path, folder)
    if file is None:
        return f"there is no gift {path}", f"put it into {folder.name}/, the campaign's own folder"
    size = file.stat().st_size
    if size == 0:
        return f"the gift {path} is an empty file", "save it again"
    if size > MAX_GIFT_BYTES:
        megabytes = f"{size / 1_000_000:.0f}"
        return f"the gift {path} has {megabytes} MB", "make it smaller: 10 MB at most"
    return None
