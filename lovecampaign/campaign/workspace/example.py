"""Where is the example that ``new`` copies?"""

from __future__ import annotations

from pathlib import Path

from lovecampaign.core.errors import LovecampaignError

EXAMPLE_CAMPAIGN = Path("campaigns") / "customer-love"

_PACKAGE = Path(__file__).resolve().parents[2]


def find_example() -> Path:
    """The workspace that holds the example: inside the installed package, or the repository."""
    for workspace in (_PACKAGE / "_example", _PACKAGE.parent):
        if (workspace / EXAMPLE_CAMPAIGN / "campaign.yaml").is_file():
            return workspace
    raise LovecampaignError(
        "the example campaign is missing from this installation",
        hint="install lovecampaign again",
    )
