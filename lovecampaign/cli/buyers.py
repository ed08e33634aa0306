"""Who has bought? The verb ``buyers``."""

from __future__ import annotations

from pathlib import Path

import click

from lovecampaign.cli.campaigns import campaign_option
from lovecampaign.cli.control import recorded
from lovecampaign.cli.invocation import Invocation, verb, verb_group
from lovecampaign.cli.result import Result
from lovecampaign.cli.words import count_of
from lovecampaign.errors import ExitCode
from lovecampaign.store.buyers import add_buyer, import_buyers


@verb_group("buyers")
def buyers() -> None:
    """Say who has bought.

    Buyers get the emails that are for them, and no more of those that ask them to buy.
    """


@verb("import", buyers)
@click.argument("file", type=click.Path(path_type=Path))
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
@click.argument("who", metavar="EMAIL|CODE")
@campaign_option
def add(invocation: Invocation, who: str, campaign: str | None) -> Result:
    """Note one buyer, by address or by the code that they used."""
    with recorded(invocation, campaign) as found:
        is_new = add_buyer(found.database, found.record.id, who, invocation.now)
    news = "noted as a buyer" if is_new else "was a buyer already"
    return Result(
        data={"buyer": who, "new": is_new},
        text=f"{who} {news}; {count_of(int(is_new), 'change')}.",
        next_command=f"lovecampaign plan {found.campaign.slug}",
    )
