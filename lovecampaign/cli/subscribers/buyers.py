"""Who has bought? The verb ``buyers``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from lovecampaign.audience.address import suggest_address
from lovecampaign.cli.framework.invocation import Invocation, verb, verb_group
from lovecampaign.cli.framework.options import read_name
from lovecampaign.cli.output.result import Result
from lovecampaign.cli.resources.campaigns import campaign_option
from lovecampaign.cli.resources.control import recorded
from lovecampaign.cli.resources.new_file import read_path
from lovecampaign.cli.resources.timeline import read_address
from lovecampaign.core.errors import ExitCode
from lovecampaign.core.problems import Problem, Severity
from lovecampaign.store.checkout.buyers import UNKNOWN_BUYER, add_buyer, import_buyers
from lovecampaign.store.database.engine import Database
from lovecampaign.store.subscribers.records import show_subscriber


@verb_group("buyers")
def buyers() -> None:
    """Say who has bought.

    From then on emails that are "to: bought" reach them, and those that are "to: not-bought" no
    longer do. Emails to the whole audience still reach everybody.
    """


@verb("import", buyers)
@click.argument("file", type=read_path, metavar="FILE")
@campaign_option
def import_file(invocation: Invocation, file: Path, campaign: str | None) -> Result:
    """Read a CSV file with a column of addresses or of codes."""
    with recorded(invocation, campaign) as found:
        report = import_buyers(found.database, found.record.id, file, str(file), invocation.now)
    rejected = len(report.problems)
    counts = {"new": report.new, "known": report.known, "rejected": rejected}
    return Result(
        data={"read": sum(counts.values()), **counts},
        text=", ".join(f"{number:,} {name}" for name, number in counts.items()),
        problems=report.problems,
        exit_code=ExitCode.PROBLEMS if rejected else ExitCode.DONE,
        next_command=f"lovecampaign plan {found.campaign.slug}",
    )


@verb("add", buyers)
@click.argument("who", type=read_name, metavar="EMAIL|CODE")
@campaign_option
def add(invocation: Invocation, who: str, campaign: str | None) -> Result:
    """Note one buyer, by address or by the code that they used."""
    with recorded(invocation, campaign) as found:
        is_new = add_buyer(found.database, found.record.id, who, invocation.now)
        problems = list(_doubts(found.database, who))
    return Result(
        data={"buyer": who, "new": is_new},
        text=f"{who} {'is noted as a buyer' if is_new else 'was a buyer already'}.",
        problems=problems,
        next_command=f"lovecampaign plan {found.campaign.slug}",
    )


def _doubts(database: Database, who: str) -> Iterator[Problem]:
    """An address that no subscriber has may be a slip; buyers from elsewhere are fine."""
    if "@" not in who or show_subscriber(database, read_address(who)).profile is not None:
        return
    meant = suggest_address(read_address(who))
    yield Problem(
        code=UNKNOWN_BUYER,
        message=f"{who} is no subscriber here, so no email changes for them",
        hint=f"did you mean {meant}?" if meant else "check the address for a slip",
        severity=Severity.WARNING,
    )
