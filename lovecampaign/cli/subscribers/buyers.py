"""The verb ``buyers``: records who has bought."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from lovecampaign.audience.address import suggest_address
from lovecampaign.cli.framework.invocation import Invocation, verb, verb_group
from lovecampaign.cli.framework.options import read_address, read_name
from lovecampaign.cli.output.result import Result
from lovecampaign.cli.resources.campaigns import campaign_option
from lovecampaign.cli.resources.file_arguments import read_path
from lovecampaign.cli.resources.open import recorded_campaign
from lovecampaign.core.errors import ExitCode
from lovecampaign.core.problems import Problem, Severity
from lovecampaign.store.checkout.buyers import UNKNOWN_BUYER, add_buyer, import_buyers
from lovecampaign.store.database.engine import Database
from lovecampaign.store.subscribers.records import read_address_record


@verb_group("buyers")
def buyers() -> None:
    """Record who has bought.

    Buyers get emails that are "to: bought", and no longer those that are "to: not-bought".
    Everyone still gets emails to the whole audience.
    """


@verb("import", buyers)
@click.argument("file", type=read_path, metavar="FILE")
@campaign_option
def import_file(invocation: Invocation, file: Path, campaign_name: str | None) -> Result:
    """Read a CSV file with a column of addresses or of codes."""
    with recorded_campaign(invocation, campaign_name) as recorded:
        report = import_buyers(
            recorded.database, recorded.record.id, file, str(file), invocation.now
        )
    rejected = len(report.problems)
    counts = {"new": report.new, "known": report.known, "rejected": rejected}
    return Result(
        data={"read": sum(counts.values()), **counts},
        text=", ".join(f"{number:,} {name}" for name, number in counts.items()),
        problems=report.problems,
        exit_code=ExitCode.PROBLEMS if rejected else ExitCode.DONE,
        next_command=f"lovecampaign plan {recorded.campaign.slug}",
    )


@verb("add", buyers)
@click.argument("buyer", type=read_name, metavar="EMAIL|CODE")
@campaign_option
def add(invocation: Invocation, buyer: str, campaign_name: str | None) -> Result:
    """Record one buyer, by address or by the code that they used."""
    with recorded_campaign(invocation, campaign_name) as recorded:
        is_new = add_buyer(recorded.database, recorded.record.id, buyer, invocation.now)
        problems = list(_warn_unknown(recorded.database, buyer))
    return Result(
        data={"buyer": buyer, "new": is_new},
        text=f"{buyer} {'is recorded as a buyer' if is_new else 'was a buyer already'}.",
        problems=problems,
        next_command=f"lovecampaign plan {recorded.campaign.slug}",
    )


def _warn_unknown(database: Database, buyer: str) -> Iterator[Problem]:
    """A warning for an address that is not a subscriber's: it may be a typo, or a guest buyer."""
    if "@" not in buyer or read_address_record(database, read_address(buyer)).profile is not None:
        return
    meant = suggest_address(read_address(buyer))
    yield Problem(
        code=UNKNOWN_BUYER,
        message=f"{buyer} is not a subscriber here, so no email changes for them",
        hint=f"did you mean {meant}?" if meant else "check the address for a typo",
        severity=Severity.WARNING,
    )
