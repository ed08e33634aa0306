"""The click program: runs one command line and returns its exit code."""

from __future__ import annotations

from collections.abc import Sequence

import click

from lovecampaign import __version__
from lovecampaign.cli.framework.errors import report_failure
from lovecampaign.cli.framework.group import LazyGroup
from lovecampaign.cli.framework.options import HELP_OPTIONS, common_options
from lovecampaign.cli.framework.registry import PROGRAM, PROMISE
from lovecampaign.cli.output.output import Output
from lovecampaign.core.errors import UsageError


@click.group(
    PROGRAM, cls=LazyGroup, context_settings={"help_option_names": list(HELP_OPTIONS)}, help=PROMISE
)
@common_options
@click.version_option(__version__, prog_name=PROGRAM, message="%(prog)s %(version)s")
def lovecampaign() -> None:
    pass


def run(argv: Sequence[str]) -> int:
    """Run one command line; every failure is reported in words and becomes an exit code."""
    output = Output.for_command_line(argv)
    try:
        _require_text(argv)
        code = lovecampaign.main(list(argv), PROGRAM, standalone_mode=False, obj=output)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the outermost boundary
        return report_failure(error, output, argv)
    return int(code or 0)


def _require_text(argv: Sequence[str]) -> None:
    """Reject lone surrogates: bytes that are not UTF-8, which neither databases nor JSON take."""
    for word in argv:
        if not word.isascii() and any("\ud800" <= letter <= "\udfff" for letter in word):
            shown = word.encode(errors="backslashreplace").decode()
            raise UsageError(
                f"{shown} contains bytes that are not UTF-8",
                hint="type it again in a UTF-8 terminal, or rename the file",
            )
