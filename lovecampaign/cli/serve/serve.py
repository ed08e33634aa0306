"""Who answers readers on the web? The verb ``serve``: joining, leaving, choosing, buying."""

from __future__ import annotations

import atexit
import gc
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.cli.framework.bug_log import write_bug_log
from lovecampaign.cli.framework.invocation import Invocation, verb
from lovecampaign.cli.output.output import Output
from lovecampaign.cli.output.result import Result
from lovecampaign.cli.resources.open import opened_database, opened_provider
from lovecampaign.cli.resources.web_extra import port_option, require_parts
from lovecampaign.core.errors import ExitCode
from lovecampaign.core.settings import Settings
from lovecampaign.providers.base.provider import Provider
from lovecampaign.store.database.engine import Database
from lovecampaign.web.hosting.bind import listening

if TYPE_CHECKING:  # imported where it is used: the extra may be missing
    from lovecampaign.delivery.transactional.worker import Post
    from lovecampaign.web.serve.handler.site import Site

DEFAULT_PORT = 8028
LOOPBACK = "127.0.0.1"
_PARTS = ("starlette", "uvicorn", "itsdangerous", "prometheus_client", "multipart")


@verb("serve")
@click.option("--host", default=LOOPBACK, show_default=True, help="The address to listen on.")
@port_option(DEFAULT_PORT)
@click.option(
    "--access-log",
    "log_file",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    metavar="FILE",
    help="Append a line of JSON for each request; default: stderr.",
)
def serve(invocation: Invocation, host: str, port: int, log_file: Path | None) -> Result:
    """Answer readers on the web: join, choose, leave, buy early."""
    require_parts("serve", *_PARTS)
    from lovecampaign.web.serve.server import serve as serve_until_signal

    settings = invocation.settings()
    with (
        opened_provider(invocation, settings) as provider,
        opened_database(invocation) as database,
        listening(host, port, "serve") as ears,
    ):
        site, post = _make_site(invocation, settings, database, provider)
        _greet(invocation.output, _address(ears.getsockname()), settings.public_url)
        atexit.register(_end_at_once)
        with post.sending():
            write_line = _line_writer(invocation.output, log_file)
            serve_until_signal(site, ears, write_line, at_signal=post.stop.set)
    return Result(is_told=True, exit_code=ExitCode.DONE)


def _make_site(
    invocation: Invocation, settings: Settings, database: Database, provider: Provider
) -> tuple[Site, Post]:
    """The pages, and who sends the mail that they promise: each needs the other."""
    from lovecampaign.cli.serve.transactional_worker import make_post
    from lovecampaign.web.serve.handler.site import make_site

    def note_bug(error: BaseException) -> Path:
        return write_bug_log(error, ["-C", str(settings.workspace), "serve"])

    def campaigns() -> Sequence[Campaign]:
        return site.campaigns.all()

    post = make_post(invocation, database, provider, campaigns, note_bug)
    site = make_site(
        settings=settings,
        database=database,
        clock=invocation.clock,
        mailer=post,
        note_bug=note_bug,
    )
    return site, post


def _address(name: tuple[str, int]) -> str:
    host, port = name[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def _greet(output: Output, here: str, public_url: str) -> None:
    lines = [f"Listening at {here}"]
    if not here.startswith(public_url):
        lines.append(f"readers come by {public_url} (LOVECAMPAIGN_PUBLIC_URL)")
    output.line({"url": here, "public_url": public_url}, "\n".join(lines))
    output.hint("Ctrl-C ends it.")
    output.hint("Next, in another terminal: lovecampaign run")


def _end_at_once() -> None:
    """Spare the collector's last look at all that was imported: 0.5 s of an end within 1 s."""
    gc.freeze()


def _line_writer(output: Output, file: Path | None) -> Callable[[str], None]:
    """To the file, else to stderr."""
    from lovecampaign.web.serve.http.access_log import LogFile

    return output.show_aside if file is None else LogFile(file).write_line
