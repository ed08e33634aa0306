"""Rules about the invitation: its button, and waves that end before day 1."""

from __future__ import annotations

from collections.abc import Iterator

from lovecampaign.campaign.model.campaign import Role
from lovecampaign.checks.base.locate import find_email_setting, setting
from lovecampaign.checks.base.rule import EmailDraft, EmailRule, MonthDraft, MonthRule
from lovecampaign.core.problems import Problem


class InvitationHasButton(EmailRule, code="LC239"):
    """The invitation has the link that says yes.

    It asks once whether a reader wants a letter every day, and silence is a no. Without the link
    there is no way to say yes, and the month goes to none of those who were asked.

    Bad:  [[button: Read about the month | https://bloom.example/month]]
    Good: [[button: Yes, every day | {{ links.every_day }}]]
    """

    def findings(self, draft: EmailDraft) -> Iterator[Problem]:
        email = draft.email
        if email.role is Role.INVITATION and "links.every_day" not in email.copy.text:
            yield find_email_setting(draft.campaign, email, "subject", email.subject).error(
                "the invitation has no button to say yes with",
                hint="add [[button: Yes, every day | {{ links.every_day }}]]",
            )


class EveryoneAskedInTime(MonthRule, code="LC238"):
    """The waves of the invitation end before day 1.

    Each wave is at most so much larger than the one before. Readers who are not reached by day 1
    get the month unasked, and all of them at once.

    Bad:  invitation: {from: day -3}, for 5,000 readers at one mail provider
    Good: invitation: {from: day -14}
    """

    def findings(self, draft: MonthDraft) -> Iterator[Problem]:
        campaign, unreached = draft.campaign, draft.facts.unreached
        if campaign.invitation is not None and unreached:
            people = "1 reader is" if unreached == 1 else f"{unreached} readers are"
            yield setting(campaign, "invitation", "invitation").warning(
                f"{people} not asked before day 1: the waves are too few",
                hint="begin earlier (from: day -20), or write a larger first:",
            )
