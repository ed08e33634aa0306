"""Our texts of the welcome, confirmation and catch-up, for campaigns without their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lovecampaign.campaign.model.campaign import CATCH_UP, CONFIRM, WELCOME


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltInCopy:
    """A built-in copy file; without a template it uses the campaign's default."""

    subject: str
    preheader: str
    text: str
    template: str | None = None


BUILT_IN: Mapping[str, BuiltInCopy] = {
    WELCOME: BuiltInCopy(
        subject="You are on the list",
        preheader="What you will get, and how to reach us.",
        template="welcome",
        text="""\
Hi {{ first_name | default("friend", true) }},

Thank you for confirming. From now on you get the letters of {{ campaign.name }}, one a day.

Answer any of them: a person reads what you write. And if you ever have enough, the last lines
of each letter let you go with one click.

{{ sender.name }}
""",
    ),
    CONFIRM: BuiltInCopy(
        subject="Please confirm your address",
        preheader="One click, and the letters can come.",
        template="confirm",
        text="""\
Hello,

Somebody, we hope you, asked for the letters of {{ campaign.name }} at this address. Please say
that it was you.

[[button: Yes, send me the letters | {{ links.confirm }}]]

If it was not you, do nothing: you are on no list, and this is the only message you get.

{{ sender.name }}
""",
    ),
    CATCH_UP: BuiltInCopy(
        subject="What you missed, in one letter",
        preheader="The letters worth having, and the one for today.",
        text="""\
Hi {{ first_name | default("friend", true) }},

You joined after we had begun. Here are the letters that later ones come back to. From tomorrow
you get one letter a day like everybody else.

{{ sender.name }}
""",
    ),
}
