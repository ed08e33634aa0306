"""What does a command line do, and what does the shell hear back?"""

from __future__ import annotations

from collections.abc import Sequence

import click

from lovecampaign import __version__
from lovecampaign.cli.framework.errors import report
from lovecampaign.cli.framework.group import VerbGroup
from lovecampaign.cli.framework.help_page import PROGRAM, PROMISE
from lovecampaign.cli.framework.options import HELP_OPTIONS, everywhere
from lovecampaign.cli.framework.registry import VERBS
from lovecampaign.cli.output.output import Output
from lovecampaign.core.errors import UsageError


@click.group(
    PROGRAM,
    cls=VerbGroup,
    verbs=VERBS,
    context_settings={"help_option_names": list(HELP_OPTIONS)},
    help=PROMISE,
)
@everywhere
@click.version_option(__version__, prog_name=PROGRAM, message="%(prog)s %(version)s")
def lovecampaign() -> None:
    pass


def run(words: Sequence[str]) -> int:
    """Run one command line; every failure is told in words and becomes an exit code."""
    output = Output.for_command_line(words)
    try:
        _require_text(words)
        code = lovecampaign.main(list(words), PROGRAM, standalone_mode=False, obj=output)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - nobody above could say it
        return report(error, output, words)
    return int(code or 0)


def _require_text(words: Sequence[str]) -> None:
    """Bytes that are no UTF-8 come as lone surrogates, which neither databases nor JSON take."""
    for word in words:
        if not word.isascii() and any("\ud800" <= letter <= "\udfff" for letter in word):
            shown = word.encode(errors="backslashreplace").decode()
            raise UsageError(
                f"{shown} holds bytes that are not UTF-8",
                hint="type it anew in a terminal that speaks UTF-8; a file can be renamed",
            )
