"""The verb ``schema``: JSON Schema for editors and validators, and the words to translate."""

from __future__ import annotations

import json

import click

from lovecampaign.campaign.schema.json_schema import campaign_schema, day_schema
from lovecampaign.campaign.words.catalog import english_source, flatten_english
from lovecampaign.cli.framework.invocation import Invocation, verb
from lovecampaign.cli.output.result import Result


@verb("schema")
@click.argument("file", type=click.Choice(["campaign", "day", "words"]), required=False)
def schema(_invocation: Invocation, file: str | None) -> Result:
    """Print the JSON Schema of the settings, or words to translate.

    FILE is "campaign", or "day" for the settings at the top of days/NN-*.md; without it, both
    are printed in one object. "words" is what templates/words/XX.toml holds, to be translated.
    """
    if file == "words":
        return Result(
            data={"words": flatten_english()},
            text=english_source(),
            next_command="lovecampaign schema words > templates/words/sv.toml",
        )
    both = {"campaign": campaign_schema(), "day": day_schema()}
    return Result(
        data=both,
        text=json.dumps(both[file] if file else both, indent=2, ensure_ascii=False),
        next_command="lovecampaign schema campaign > campaign.schema.json",
    )
