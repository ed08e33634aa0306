"""What people type: one file per verb."""

from __future__ import annotations

import gc
import sys
from typing import NoReturn

#: New objects between two looks of the collector. Python's 700 make it walk through all that is
#: being imported again and again: 7 % of a cold ``check``.
GARBAGE_THRESHOLD = 50_000


def main() -> NoReturn:
    """The console entry point ``lovecampaign``."""
    words = sys.argv[1:]
    if words in (["--help"], ["-h"]):
        sys.exit(_show_help(words))
    gc.set_threshold(GARBAGE_THRESHOLD)
    from lovecampaign.cli.app import run

    sys.exit(run(words))


def _show_help(words: list[str]) -> int:
    from lovecampaign.cli.framework.help_page import format_help
    from lovecampaign.cli.framework.registry import VERBS
    from lovecampaign.cli.output.output import Output

    output = Output.for_command_line([])
    try:
        output.show_text(format_help(VERBS))
    except OSError as error:
        from lovecampaign.cli.framework.errors import report

        return report(error, output, words)
    return 0
