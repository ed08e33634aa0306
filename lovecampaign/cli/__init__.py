"""What people type: one file per verb."""

from __future__ import annotations

import sys
from typing import NoReturn


def main() -> NoReturn:
    """The console entry point ``lovecampaign``."""
    words = sys.argv[1:]
    if words in (["--help"], ["-h"]):
        _show_help()
        sys.exit(0)
    from lovecampaign.cli.app import run

    sys.exit(run(words))


def _show_help() -> None:
    from lovecampaign.cli.help_page import format_help
    from lovecampaign.cli.output import Output
    from lovecampaign.cli.verbs import VERBS

    Output.for_command_line([]).show_text(format_help(VERBS))
