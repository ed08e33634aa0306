"""Does every letter have the words that it cannot go without?"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lovecampaign.checks.base.locate import find_email_setting, setting
from lovecampaign.checks.base.rule import EmailDraft, MonthDraft
from lovecampaign.core.problems import Problem

_JINJA = re.compile(r"\{#.*?#\}|\{%.*?%\}", re.DOTALL)
_CONDITION = re.compile(r"\{%-?\s*if\b.*?\{%-?\s*endif\s*-?%\}", re.DOTALL)
_ELSE = re.compile(r"\{%-?\s*else\b")
_PLACEHOLDER = re.compile(
    r"\b(?:todo|tbd|xxx+|lorem ipsum|your (?:street|address|city|postal))", re.IGNORECASE
)


class EmptySubject:
    """Every reader sees a subject.

    A subject that stands inside a condition is empty for everybody else, and mail without a
    subject is taken for spam.

    Bad:  subject: "{% if first_name %}{{ first_name }}, a small thing{% endif %}"
    Good: subject: "{{ first_name | default('A small thing', true) }} for you"
    """

    code = "LC220"

    def find(self, draft: EmailDraft) -> Iterator[Problem]:
        email = draft.email
        without_conditions = _CONDITION.sub(_keep_with_else, email.subject)
        if not _JINJA.sub("", without_conditions).strip():
            yield find_email_setting(draft.campaign, email, "subject", email.subject).problem(
                self.code,
                f"the subject of {email.key} may be empty",
                hint="write words outside of any condition",
            )


class PostalAddress:
    """The sender says where it can be found.

    The law of most countries wants a postal address in every letter (CAN-SPAM 16 CFR 316; in
    Germany § 5 DDG): a street or a post-office box and a town, not a website.

    Bad:  postal_address: https://your-shop.com
    Good: postal_address: Your Shop Ltd, 1 High Street, Leeds LS1 4DY, United Kingdom
    """

    code = "LC221"

    def find(self, draft: MonthDraft) -> Iterator[Problem]:
        address = draft.campaign.sender.postal_address
        if "@" in address or "://" in address or _PLACEHOLDER.search(address):
            says = "is not where a letter could be sent to"
        elif len(re.findall(r"\w+", address)) < 3:
            says = "is too short for a street or box and a town"
        else:
            return
        yield setting(draft.campaign, "sender.postal_address", address).problem(
            self.code,
            f"{address!r} {says}",
            hint="write name, street or box, and town, as on an envelope",
        )


def _keep_with_else(found: re.Match[str]) -> str:
    return found[0] if _ELSE.search(found[0]) else ""
