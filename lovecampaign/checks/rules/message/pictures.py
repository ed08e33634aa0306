"""Rules about images: alt text, width, file size."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from lovecampaign.checks.base.locate import first_line, point_at
from lovecampaign.checks.base.rendered_email import attribute
from lovecampaign.checks.base.rule import EmailDraft, EmailRule
from lovecampaign.core.problems import Problem
from lovecampaign.render.model.images import find_image

_ONE_PICTURE = 200_000
_ALL_PICTURES = 1_000_000
_FILE_NAME = re.compile(
    r"^\S+\.(?:png|jpe?g|gif|webp|svg)$|^(?:image|img|dsc|picture|photo)[\s_-]?\d*$", re.IGNORECASE
)


class PictureAlt(EmailRule, code="LC275"):
    """Every picture has alternative words.

    Screen readers read them, and mail programs show them until pictures are allowed. Say what
    the picture says, not that it is one. Pure decoration has an empty alt="" in a template.

    Bad:  [[image: images/IMG_2034.jpg | IMG_2034.jpg]]
    Good: [[image: images/map.jpg | A balcony seen from above, sun on its left third at nine]]
    """

    def findings(self, draft: EmailDraft) -> Iterator[Problem]:
        for tag in draft.rendered.tags("img") if draft.rendered else ():
            alt = attribute(tag, "alt")
            if alt is None:
                says = "a picture has no words for those who do not see it"
            elif _FILE_NAME.match(alt.strip()):
                says = f"{alt.strip()!r} says nothing about the picture"
            else:
                continue
            written = re.escape(alt.strip()) if alt else r"<(?:img|mj-image)\b(?![^>]*\balt=)|!\[\]"
            yield point_at(draft, re.compile(written)).warning(
                says, hint='write what it shows: [[image: PATH | WORDS]], or alt="" for decoration'
            )


class PictureSize(EmailRule, code="LC276"):
    """Every picture says how wide it is.

    Outlook for Windows shows a picture in its full size where no width is written, and the
    letter grows wider than the screen.

    Bad:  <img src="wide.jpg" alt="The shop">
    Good: <img src="wide.jpg" alt="The shop" width="600">
    """

    def findings(self, draft: EmailDraft) -> Iterator[Problem]:
        for tag in draft.rendered.tags("img") if draft.rendered else ():
            if not attribute(tag, "width"):
                yield point_at(draft, re.compile(r"<img\b|!\[")).warning(
                    "a picture has no width",
                    hint='write width="…" in pixels, or use [[image: PATH | WORDS]]',
                )


class PictureWeight(EmailRule, code="LC277"):
    """Pictures are light enough for a phone on the road.

    One picture over 200 kB, or all over 1 MB, is still loading when the reader has moved on.

    Bad:  a photo of 3 MB as it came from the camera
    Good: the same photo, 1200 pixels wide, as a JPEG of 150 kB
    """

    def findings(self, draft: EmailDraft) -> Iterator[Problem]:
        sizes = dict(_sizes(draft))
        for path, size in sizes.items():
            if size > (_ALL_PICTURES if path.lower().endswith(".gif") else _ONE_PICTURE):
                yield point_at(draft, re.compile(re.escape(path))).warning(
                    f"{path} has {size // 1000} kB",
                    hint="make it 1200 pixels wide, and save it as a JPEG of medium quality",
                )
        total = sum(sizes.values())
        if total > _ALL_PICTURES and len(sizes) > 1:
            yield first_line(draft.email).warning(
                f"the pictures of {draft.email.key} have {total // 1000} kB together",
                hint="leave some out, or make them smaller",
            )


def _sizes(draft: EmailDraft) -> Iterator[tuple[str, int]]:
    for path in draft.content.images if draft.content else ():
        file: Path | None = find_image(draft.campaign, path)
        if file is not None:
            yield path, file.stat().st_size
