"""Which verbs are there, and in which module does each live?

Nothing is imported to show this list, not even what dataclasses need (17 ms): start-up is part
of the interface.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Section(StrEnum):
    """The headings of ``lovecampaign --help``, in this order."""

    WRITE = "Write"
    SEND = "Send"
    PEOPLE = "People"
    CARE = "Look after"


class Verb(NamedTuple):
    """What is known of a verb before its module is imported."""

    section: Section
    #: ``module:command``.
    target: str
    #: One line; the first line of the command's own help says the same (a test compares them).
    summary: str


VERBS = {
    "new": Verb(
        Section.WRITE,
        "lovecampaign.cli.new:new",
        "Write a complete campaign that can be sent as it is.",
    ),
    "check": Verb(
        Section.WRITE,
        "lovecampaign.cli.check:check",
        "Find every mistake at once, with file, line and hint.",
    ),
    "schema": Verb(
        Section.WRITE,
        "lovecampaign.cli.schema:schema",
        "Print the JSON Schema of campaign.yaml or of a day file.",
    ),
}
