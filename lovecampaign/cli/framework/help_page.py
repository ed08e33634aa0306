"""What does ``lovecampaign --help`` say?

Written without click, so that it is there at once: click alone takes three times as long to
import as a bare Python to start.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lovecampaign.cli.framework.registry import Section, Verb

PROGRAM = "lovecampaign"
PROMISE = "Run a Customer Love month: 27 days of giving, and a launch on day 28."
FIRST_STEP = f"Start with: {PROGRAM} new my-launch --start today"
#: The options of every command, before the verb or after it.
EVERYWHERE = {
    "--json": "One JSON object on stdout; never asks.",
    "--now INSTANT": "Take this instant (2027-02-01T09:00+01:00) for the clock's.",
    "--no-input": "Never ask: fail and name the option instead.",
    "--quiet": "No progress and no hints.",
    "-v": "Say each step on stderr; -vv says all.",
    "--no-color": "Plain text, as with NO_COLOR.",
    "-C DIR": "Work in this folder, or in the workspace around it.",
}
_OWN = {"--version": "Show the version.", "-h, --help": "Show this page, or a verb's own."}


def format_help(verbs: Mapping[str, Verb]) -> str:
    """The page, 80 columns wide at most."""
    blocks = [f"Usage: {PROGRAM} [OPTIONS] VERB ...", f"  {PROMISE}"]
    for section in Section:
        rows = {name: verb.summary for name, verb in verbs.items() if verb.section is section}
        if rows:
            blocks.append(_block(f"{section}:", rows.items()))
    blocks += [_block("Everywhere:", (EVERYWHERE | _OWN).items()), FIRST_STEP]
    return "\n\n".join(blocks)


def _block(heading: str, rows: Iterable[tuple[str, str]]) -> str:
    return "\n".join([heading, *(f"  {name:<14}{meaning}" for name, meaning in rows)])
