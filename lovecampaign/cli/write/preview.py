"""The verb ``preview``: the month in a browser, or as a static copy."""

from __future__ import annotations

import contextlib
import os
import webbrowser
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lovecampaign.campaign.workspace.find import pick_campaign
from lovecampaign.cli.framework.bug_log import write_bug_log
from lovecampaign.cli.framework.invocation import Invocation, verb
from lovecampaign.cli.framework.options import port_option
from lovecampaign.cli.output.format import count_of
from lovecampaign.cli.output.result import Result
from lovecampaign.cli.resources.campaigns import campaign_argument
from lovecampaign.cli.resources.facts import find_facts, with_people
from lovecampaign.cli.resources.open import opened_provider
from lovecampaign.core.errors import ExitCode
from lovecampaign.core.settings import Settings
from lovecampaign.providers.factory import open_provider

if TYPE_CHECKING:  # imported on use: Starlette takes long
    from lovecampaign.checks.base.facts import Facts
    from lovecampaign.web.preview.server import PreviewOptions, PreviewUrls

DEFAULT_PORT = 8029


@verb("preview")
@campaign_argument
@port_option(DEFAULT_PORT)
@click.option(
    "--open/--no-open", "opens", default=True, help="Open the browser; only from a terminal."
)
@click.option("--poll", is_flag=True, help="For network folders: poll the files for changes.")
@click.option("--share", is_flag=True, help="Allow a phone on the same network, by a secret link.")
@click.option(
    "--editor",
    metavar="COMMAND",
    help="Opens files at a line from the page; default: $VISUAL, then $EDITOR.",
)
@click.option(
    "--export",
    "target",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write a static copy for sign-off into a new folder, then end.",
)
def preview(  # noqa: PLR0913 - one parameter for each option of the command
    invocation: Invocation,
    campaign_name: str | None,
    port: int,
    editor: str | None,
    target: Path | None,
    *,
    opens: bool,
    poll: bool,
    share: bool,
) -> Result:
    """Show the month in a browser, updated as you save."""
    workspace = invocation.find_workspace()
    folder = pick_campaign(workspace, campaign_name)
    if target is not None:
        return _export(invocation, folder, target)
    options = replace(
        _options(invocation, folder, editor), port=port, is_polling=poll, is_shared=share
    )
    return _serve(invocation, options, opens=opens)


def _serve(invocation: Invocation, options: PreviewOptions, *, opens: bool) -> Result:
    from lovecampaign.web.preview.server import open_preview

    with open_preview(options) as (ready, serve):
        invocation.output.show_line(
            {"url": ready.address, "shared_url": ready.shared_address},
            _greeting(options.folder.name, ready),
        )
        invocation.output.show_hint("Press Ctrl-C to end it.")
        if opens and invocation.output.can_ask:
            webbrowser.open(ready.address)
        serve()
    return Result(is_streamed=True, exit_code=ExitCode.DONE)


def _options(invocation: Invocation, folder: Path, editor: str | None) -> PreviewOptions:
    from lovecampaign.web.preview.authoring.editor import find_editor
    from lovecampaign.web.preview.server import PreviewOptions

    settings = invocation.settings()
    words = ["-C", str(settings.workspace), "preview", folder.name]
    _facts(invocation, settings)  # an invalid provider is reported now, not on a page
    return PreviewOptions(
        folder=folder,
        settings=settings,
        port=DEFAULT_PORT,
        is_shared=False,
        is_polling=False,
        now=lambda: invocation.now,
        facts=lambda campaign: with_people(_facts(invocation, settings), campaign, settings),
        open_provider=lambda: opened_provider(invocation, settings),
        note_bug=lambda error: write_bug_log(error, words),
        editor=find_editor(editor, os.environ),
    )


def _greeting(name: str, ready: PreviewUrls) -> str:
    lines = [f"{name} is at {ready.address}"]
    if ready.shared_address is not None:
        lines.append(f"on your phone, in the same network: {ready.shared_address}")
        lines.append("everyone with that link sees the month, with made-up subscribers only")
    return "\n".join(lines)


def _export(invocation: Invocation, folder: Path, target: Path) -> Result:
    from lovecampaign.web.preview.static_export import export_month

    settings = invocation.settings()
    facts = _facts(invocation, settings)
    files = export_month(
        folder,
        settings,
        target,
        facts=lambda campaign: with_people(facts, campaign, settings),
        now=invocation.now,
    )
    first = target / "index.html"
    return Result(
        data={"campaign": folder.name, "files": files, "index": str(first)},
        text=f"{count_of(files, 'file')} written; open {first}",
        next_command=f"lovecampaign plan {folder.name}",
    )


def _facts(invocation: Invocation, settings: Settings) -> Facts:
    with contextlib.closing(open_provider(settings)) as provider:
        return find_facts(invocation, settings, provider)
