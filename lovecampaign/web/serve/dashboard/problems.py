"""The dashboard's problems page: failed deliveries, and bugs of ours."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from starlette.responses import Response
from starlette.routing import BaseRoute

from lovecampaign.web.serve.content.masking import mask_address
from lovecampaign.web.serve.dashboard.figures import Figures
from lovecampaign.web.serve.dashboard.view import CampaignView, DashboardState, dashboard_page
from lovecampaign.web.serve.handler.site import Site

_MAX_FILES = 10
#: The names of bug logs; other files of that folder are never listed.
_BUG = re.compile(r"bug-\d{8}T\d{6}Z-\w+\.log")
#: Servers repeat the recipient's address in their responses.
_ADDRESS = re.compile(r"[^\s<>@:;,]+@[^\s<>@:;,]+")


def routes(site: Site, state: DashboardState) -> Sequence[BaseRoute]:
    return [dashboard_page(site, state, "/problems", get=show_problems)]


def show_problems(view: CampaignView) -> Response:
    """Failed deliveries by reason and the newest one by one; bug files by name."""
    figures = view.figures()
    return view.show(
        "problems.html",
        "problems",
        figures=figures,
        reasons=_reasons(figures),
        newest=figures.failed if figures else (),
        bugs=_bug_files(view.request.site.settings.workspace),
        clean=_mask_addresses,
        is_counting=figures is None,
    )


def _reasons(figures: Figures | None) -> Sequence[tuple[str, int]]:
    """Over all emails, the most frequent first."""
    total: Counter[str] = Counter()
    for email in figures.emails.values() if figures else ():
        total.update(email.failed)
    return total.most_common()


def _bug_files(workspace: Path) -> Sequence[str]:
    """Names only, newest first (they begin with their time)."""
    names = [file.name for file in (workspace / ".lovecampaign").glob("bug-*.log")]
    return sorted((name for name in names if _BUG.fullmatch(name)), reverse=True)[:_MAX_FILES]


def _mask_addresses(words: str) -> str:
    return _ADDRESS.sub(lambda match: mask_address(match[0]), words)
