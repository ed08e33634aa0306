"""The verb ``schema``: JSON Schema for editors and validators."""

from __future__ import annotations

import json

import click

from lovecampaign.campaign.schema.json_schema import campaign_schema, day_schema
from lovecampaign.cli.framework.invocation import Invocation, verb
from lovecampaign.cli.output.result import Result


@verb("schema")
@click.argument("file", type=click.Choice(["campaign", "day"]), required=False)
def schema(_invocation: Invocation, file: str | None) -> Result:
    """Print the JSON Schema of campaign.yaml or of a day file.

    FILE is "campaign", or "day" for the settings at the top of days/NN-*.md; without it, both
    are printed in one object.
    """
    both = {"campaign": campaign_schema(), "day": day_schema()}
    return Result(
        data=both,
        text=json.dumps(both[file] if file else both, indent=2, ensure_ascii=False),
        next_command="lovecampaign schema campaign > campaign.schema.json",
    )
