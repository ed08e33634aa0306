"""The command line: one module per verb, and the click layer, resources and output they share."""

from __future__ import annotations

import gc
import sys
from typing import NoReturn

#: New objects between two garbage collections. Python's default of 700 scans all that is being
#: imported again and again: 7 % of a cold ``check``.
GARBAGE_THRESHOLD = 50_000


def main() -> NoReturn:
    """The console entry point ``lovecampaign``."""
    argv = sys.argv[1:]
    if argv in (["--help"], ["-h"]):
        sys.exit(_show_help(argv))
    gc.set_threshold(GARBAGE_THRESHOLD)
    from lovecampaign.cli.app import run

    sys.exit(run(argv))


def _show_help(argv: list[str]) -> int:
    """The help page without click, which takes three times as long to import as Python itself."""
    from lovecampaign.cli.framework.registry import format_help
    from lovecampaign.cli.output.output import Output

    output = Output.for_command_line([])
    try:
        output.show_text(format_help())
    except OSError as error:
        from lovecampaign.cli.framework.errors import report_failure

        return report_failure(error, output, argv)
    return 0
