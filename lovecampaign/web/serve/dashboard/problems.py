"""``…/troubles``: what went wrong of late, and why does the campaign stand still?"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from starlette.responses import Response
from starlette.routing import BaseRoute

from lovecampaign.web.serve.content.masking import mask_address
from lovecampaign.web.serve.dashboard.figures import Figures
from lovecampaign.web.serve.dashboard.view import Desk, Office, desk_page
from lovecampaign.web.serve.handler.site import Site

_MOST_FILES = 10
#: As our own mistakes are filed; other files of that folder are nobody's business here.
_BUG = re.compile(r"bug-\d{8}T\d{6}Z-\w+\.log")
#: Answers of servers repeat whom they are about.
_ADDRESS = re.compile(r"[^\s<>@:;,]+@[^\s<>@:;,]+")


def routes(site: Site, office: Office) -> Sequence[BaseRoute]:
    return [desk_page(site, office, "/troubles", get=show_troubles)]


def show_troubles(desk: Desk) -> Response:
    """Deliveries that were given up, by reason and one by one, and mistakes of ours by file."""
    asked = (desk.campaign, desk.record, desk.visit.now)
    figures = desk.office.counters.figures.ask(*asked)
    return desk.show(
        "troubles.html",
        "troubles",
        figures=figures,
        reasons=_reasons(figures),
        newest=figures.failed if figures else (),
        bugs=_bug_files(desk.visit.site.settings.workspace),
        mask=mask_address,
        clean=_clean,
        is_counting=figures is None,
    )


def _reasons(figures: Figures | None) -> Sequence[tuple[str, int]]:
    """Over all emails, the most frequent first."""
    total: Counter[str] = Counter()
    for email in figures.emails.values() if figures else ():
        total.update(email.failed)
    return total.most_common()


def _bug_files(workspace: Path) -> Sequence[str]:
    """Names, newest first: they begin with their time. Never what stands in them."""
    names = [file.name for file in (workspace / ".lovecampaign").glob("bug-*.log")]
    return sorted((name for name in names if _BUG.fullmatch(name)), reverse=True)[:_MOST_FILES]


def _clean(words: str) -> str:
    return _ADDRESS.sub(lambda found: mask_address(found[0]), words)
