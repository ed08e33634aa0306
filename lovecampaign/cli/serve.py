"""The verb ``serve``: the web pages, and the thread that sends their transactional mail."""

from __future__ import annotations

import atexit
import gc
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.cli.framework.bug_log import write_bug_log
from lovecampaign.cli.framework.invocation import Invocation, verb
from lovecampaign.cli.framework.options import port_option
from lovecampaign.cli.output.output import Output
from lovecampaign.cli.output.result import Result
from lovecampaign.cli.output.style import red
from lovecampaign.cli.resources.campaigns import UsableCampaign, load_folder
from lovecampaign.cli.resources.facts import email_checker
from lovecampaign.cli.resources.inbox import watching_spool
from lovecampaign.cli.resources.open import opened_database, opened_provider
from lovecampaign.core.errors import ExitCode, Unreachable
from lovecampaign.core.settings import Settings
from lovecampaign.delivery.base.sender import SendingProcess, open_sender
from lovecampaign.delivery.prepare.readiness import Checker
from lovecampaign.delivery.transactional.worker import TransactionalPlan, TransactionalWorker
from lovecampaign.providers.base.provider import Provider
from lovecampaign.store.database.engine import Database
from lovecampaign.web.hosting import open_listener

if TYPE_CHECKING:  # imported on use: Starlette takes long
    from lovecampaign.web.serve.handler.site import Site

DEFAULT_PORT = 8028
LOOPBACK = "127.0.0.1"


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
    """Serve the web pages: sign-up, preferences, deals and more."""
    from lovecampaign.web.serve.server import serve as serve_until_signal

    settings = invocation.settings()
    with (
        opened_database(invocation) as database,
        opened_provider(invocation, settings, database) as provider,
        open_listener(host, port, "serve") as listener,
    ):
        site, post = _make_site(invocation, settings, database, provider)
        _greet(invocation.output, _address(listener.getsockname()), settings.public_url)
        atexit.register(_skip_final_collection)
        with post.sending(), watching_spool(invocation, settings, database):
            write_line = _line_writer(invocation.output, log_file)
            serve_until_signal(site, listener, write_line, at_signal=post.stop.set)
    return Result(is_streamed=True, exit_code=ExitCode.DONE)


def _make_site(
    invocation: Invocation, settings: Settings, database: Database, provider: Provider
) -> tuple[Site, TransactionalWorker]:
    """The pages and their mail thread, which need each other."""
    from lovecampaign.web.serve.handler.site import make_site

    def note_bug(error: BaseException) -> Path:
        return write_bug_log(error, ["-C", str(settings.workspace), "serve"])

    def campaigns() -> Sequence[Campaign]:
        return site.campaigns.all()

    post = _make_post(invocation, database, provider, campaigns, note_bug)
    site = make_site(
        settings=settings, database=database, clock=invocation.clock, mailer=post, note_bug=note_bug
    )
    return site, post


def _make_post(
    invocation: Invocation,
    database: Database,
    provider: Provider,
    campaigns: Callable[[], Sequence[Campaign]],
    note_bug: Callable[[BaseException], Path],
) -> TransactionalWorker:
    """The thread that sends confirmations and welcomes; it is not started yet."""
    settings, stop = invocation.settings(), threading.Event()

    def open_one() -> AbstractContextManager[SendingProcess]:
        return open_sender(settings, database, provider, invocation.clock, stop=stop)

    def check(campaign: Campaign) -> Checker:
        return email_checker(_usable(campaign), invocation, settings, provider)

    plan = TransactionalPlan(
        open_sender=open_one,
        campaigns=campaigns,
        check=check,
        on_outage=_fault_reporter(invocation.output),
        on_bug=note_bug,
    )
    return TransactionalWorker(plan=plan, stop=stop)


def _usable(campaign: Campaign) -> UsableCampaign:
    """Loaded again only where an email has mistakes, to report them."""
    if any(email.is_broken for email in campaign.emails):
        return load_folder(campaign.folder, campaign.workspace)
    return UsableCampaign(campaign=campaign, problems=())


def _fault_reporter(output: Output) -> Callable[[Unreachable], None]:
    """Reports a fault once, however often it repeats."""
    last = ""

    def report(error: Unreachable) -> None:
        nonlocal last
        if error.message != last:
            last = error.message
            output.show_note(f"{red('mail is waiting')}: {error.message}")

    return report


def _address(name: tuple[str, int]) -> str:
    host, port = name[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def _greet(output: Output, url: str, public_url: str) -> None:
    lines = [f"Listening at {url}"]
    if not url.startswith(public_url):
        lines.append(f"public address: {public_url} (LOVECAMPAIGN_PUBLIC_URL)")
    output.show_line({"url": url, "public_url": public_url}, "\n".join(lines))
    output.show_hint("Press Ctrl-C to end it.")
    output.show_hint("Next, in another terminal: lovecampaign run")


def _skip_final_collection() -> None:
    """Save the garbage collector's last scan of all imports: 0.5 s of a shutdown within 1 s."""
    gc.freeze()


def _line_writer(output: Output, file: Path | None) -> Callable[[str], None]:
    """To the file, else to stderr."""
    from lovecampaign.web.serve.http.access_log import LogFile

    return output.show_note if file is None else LogFile(file).write_line
