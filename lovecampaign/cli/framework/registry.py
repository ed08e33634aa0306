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
        "lovecampaign.cli.write.new:new",
        "Write a complete campaign that can be sent as it is.",
    ),
    "check": Verb(
        Section.WRITE,
        "lovecampaign.cli.write.check:check",
        "Find every mistake at once, with file, line and hint.",
    ),
    "preview": Verb(
        Section.WRITE,
        "lovecampaign.cli.write.preview:preview",
        "Show the month in a browser, and each change as it is saved.",
    ),
    "plan": Verb(
        Section.WRITE,
        "lovecampaign.cli.write.plan:plan",
        "Show who gets what and when, and who does not and why.",
    ),
    "schema": Verb(
        Section.WRITE,
        "lovecampaign.cli.write.schema:schema",
        "Print the JSON Schema of campaign.yaml or of a day file.",
    ),
    "send": Verb(
        Section.SEND,
        "lovecampaign.cli.send.send:send",
        "Send all that is due now, or a test to yourself.",
    ),
    "run": Verb(
        Section.SEND,
        "lovecampaign.cli.send.run:run",
        "Stay, and send each email as it falls due.",
    ),
    "status": Verb(
        Section.SEND,
        "lovecampaign.cli.send.status:status",
        "Show how far each email is, and what comes next.",
    ),
    "explain": Verb(
        Section.SEND,
        "lovecampaign.cli.send.explain:explain",
        "Say why one person got, will get or will never get each email.",
    ),
    "pause": Verb(
        Section.SEND,
        "lovecampaign.cli.resources.control:pause",
        "Stop sending at once, until resume.",
    ),
    "resume": Verb(
        Section.SEND,
        "lovecampaign.cli.resources.control:resume",
        "Go on after a pause.",
    ),
    "cancel": Verb(
        Section.SEND,
        "lovecampaign.cli.resources.control:cancel",
        "Call one email off for everyone who does not have it yet.",
    ),
    "retry": Verb(
        Section.SEND,
        "lovecampaign.cli.resources.control:retry",
        "Make what failed or was too late due now.",
    ),
    "in-doubt": Verb(
        Section.SEND,
        "lovecampaign.cli.send.in_doubt:in_doubt",
        "List or settle deliveries whose outcome nobody knows.",
    ),
    "subscribers": Verb(
        Section.PEOPLE,
        "lovecampaign.cli.subscribers.subscribers:subscribers",
        "Bring people in, look at them, let them go.",
    ),
    "buyers": Verb(
        Section.PEOPLE,
        "lovecampaign.cli.subscribers.buyers:buyers",
        "Say who has bought.",
    ),
    "serve": Verb(
        Section.PEOPLE,
        "lovecampaign.cli.serve.serve:serve",
        "Answer readers on the web: join, choose, leave, buy early.",
    ),
    "deals": Verb(
        Section.PEOPLE,
        "lovecampaign.cli.subscribers.deals:deals",
        "See stock and codes of the insiders' deal; help one person.",
    ),
    "db": Verb(
        Section.CARE,
        "lovecampaign.cli.maintain.db:db",
        "Upgrade the database, back it up, or move to another.",
    ),
    "doctor": Verb(
        Section.CARE,
        "lovecampaign.cli.maintain.doctor:doctor",
        "Look at settings, database, provider, clock and DNS.",
    ),
    "demo": Verb(
        Section.CARE,
        "lovecampaign.cli.maintain.demo:demo",
        "Play the whole example month with made-up subscribers.",
    ),
}
