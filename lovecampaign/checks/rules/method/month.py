"""Rules about the month as a whole: variety, thanks, replies, insiders."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator

from lovecampaign.campaign.model.campaign import Campaign, Email, Kind
from lovecampaign.campaign.workspace.guidance import is_placeholder
from lovecampaign.checks.base.locate import Passage, find_email_setting, setting
from lovecampaign.checks.base.rule import EmailDraft, EmailRule, MonthDraft, MonthRule
from lovecampaign.core.problems import Problem, Severity

#: A month of fewer emails need not have everything.
_MIN_LETTERS = 10
#: At most this share of the emails may be of one kind.
_MAX_SHARE = 0.6
_NUMBERS = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\d+|[^\w\s]")
_INVITES = re.compile(
    r"\b(?:repl(?:y|ies)|write (?:back|to (?:me|us))|tell (?:me|us)|answer this|send (?:me|us)|"
    r"let (?:me|us) know|press reply|répond\w*|écri\w+-(?:moi|nous)|antworte\w*|schreib\w*|"
    r"cuénta\w*|respond\w*)",
    re.IGNORECASE,
)
_THANKS = re.compile(r"\b(?:thank|merci|danke|dank|gracias|grazie|obrigad)", re.IGNORECASE)


class OneKind(MonthRule, code="LC240"):
    """The month is varied.

    Twenty-seven letters of one kind become a noise that readers stop hearing. Stories, tools,
    guests, questions and thanks carry each other.

    Bad:  20 letters of kind value
    Good: eight of value, six stories, six tools, two guests, three thanks, two questions
    """

    def findings(self, draft: MonthDraft) -> Iterator[Problem]:
        emails = draft.campaign.day_emails
        if len(emails) < _MIN_LETTERS:
            return
        kind, count = Counter(email.kind for email in emails).most_common(1)[0]
        if count > _MAX_SHARE * len(emails):
            yield _whole_month(draft.campaign).warning(
                f"{count} of {len(emails)} letters are of kind {kind.value}",
                hint="vary it: value, story, tool, guest, ask, thanks",
            )


class AlikeSubjects(MonthRule, code="LC241"):
    """Subjects do not look alike.

    A reader sees the subjects one under the other. Where only the number changes, every letter
    looks like the one that was already read.

    Bad:  "Day 8: a gift for you", "Day 9: a gift for you", "Day 10: a gift for you"
    Good: "A balcony that sees the sun for forty minutes", "Map your light in three looks"
    """

    def findings(self, draft: MonthDraft) -> Iterator[Problem]:
        campaign = draft.campaign
        alike: dict[str, list[Email]] = defaultdict(list)
        for email in campaign.day_emails:
            if is_placeholder(email.subject):
                continue
            alike[" ".join(_NUMBERS.sub(" ", email.subject).casefold().split())].append(email)
        for words, emails in alike.items():
            if len(emails) >= 3 and words:
                third = emails[2]
                yield find_email_setting(campaign, third, "subject", third.subject).warning(
                    f"{len(emails)} subjects differ in their numbers only, from "
                    f"{emails[0].key} to {emails[-1].key}",
                    hint="say in each what this letter brings",
                )


class RepeatedLine(MonthRule, code="LC263"):
    """No two letters have the same subject or the same preheader.

    Mail programs put letters with the same subject into one conversation, and show the older
    one first. A preheader that was seen before is a line wasted.

    Bad:  subject: "A small thing for you" on day 4 and on day 9
    Good: two subjects that each name what is inside
    """

    def findings(self, draft: MonthDraft) -> Iterator[Problem]:
        campaign = draft.campaign
        for name in ("subject", "preheader"):
            first: dict[str, Email] = {}
            for email in campaign.scheduled_emails:
                line = (email.subject if name == "subject" else email.preheader).strip()
                if not line or is_placeholder(line):
                    continue
                earlier = first.setdefault(line.casefold(), email)
                if earlier is not email:
                    yield find_email_setting(campaign, email, name, line).warning(
                        f"{email.key} has the same {name} as {earlier.key}",
                        hint="say what this letter brings",
                    )


class AsksForStories(MonthRule, code="LC242"):
    """The month asks its readers for something of theirs.

    A month in which only one side talks is a series of broadcasts. Ask for a story, a photo or
    a word, and show later what came back.

    Bad:  27 letters that never ask for a reply
    Good: On day 11: "Press reply and send the word, and where you heard it."
    """

    def findings(self, draft: MonthDraft) -> Iterator[Problem]:
        emails = draft.campaign.day_emails
        if len(emails) < _MIN_LETTERS or any(_asks(email) for email in emails):
            return
        yield _whole_month(draft.campaign).warning(
            "no letter of the month asks its reader for anything back",
            hint="ask one question (kind: ask), and invite to reply",
        )


class SaysThanks(MonthRule, code="LC243"):
    """The month says thank you.

    The people who read, tried, complained and recommended made the business. Name them, with
    their permission, or thank all of them.

    Bad:  27 letters without a word of thanks
    Good: a letter of kind thanks that names seven of them
    """

    def findings(self, draft: MonthDraft) -> Iterator[Problem]:
        emails = draft.campaign.day_emails
        if len(emails) < _MIN_LETTERS or any(_thanks(email) for email in emails):
            return
        yield _whole_month(draft.campaign).warning(
            "no letter of the month says thank you",
            hint="thank the people who made you, in a letter of kind: thanks",
        )


class InsidersFirst(MonthRule, code="LC244"):
    """Insiders hear first.

    The advance list promises a head start. So a letter goes to insiders alone before the
    launch is open for everyone.

    Bad:  insiders: {list: insiders}, and no launch email with to: insiders before launch.at
    Good: early-access: {at: day 27 10:00, to: insiders, copy: launch/early-access.md}
    """

    def findings(self, draft: MonthDraft) -> Iterator[Problem]:
        campaign = draft.campaign
        if campaign.insiders is None or not campaign.launch_emails:
            return
        early = (
            email.is_insiders_only and email.instant and email.instant < campaign.launch.at
            for email in campaign.launch_emails
        )
        if not any(early):
            yield setting(campaign, "insiders", "insiders").warning(
                "the insiders get no email before the launch",
                hint="add a launch email with to: insiders, before launch.at",
            )


class InsidersInvited(MonthRule, code="LC245"):
    """Readers are invited to the advance list.

    No one joins a list that no letter mentions.

    Bad:  insiders: {list: insiders}, and no letter with {{ links.insiders }}
    Good: [[button: Tell me a day early | {{ links.insiders }}]]
    """

    def findings(self, draft: MonthDraft) -> Iterator[Problem]:
        campaign = draft.campaign
        emails = [email for email in campaign.emails if not email.copy.is_built_in]
        is_short = len(campaign.day_emails) < _MIN_LETTERS
        if (
            campaign.insiders is None
            or is_short
            or any("links.insiders" in email.copy.text for email in emails)
        ):
            return
        yield setting(campaign, "insiders", "insiders").warning(
            "no letter invites to the advance list",
            hint="print {{ links.insiders }} on a button, some days before the launch",
        )


class GuestApproved(EmailRule, code="LC246"):
    """A guest has read what goes out in their name.

    An interview that its guest has not seen can hurt them, and you. `approved` notes the day on
    which they said yes, before the letter goes out. With a provider that leaves the machine,
    the letter does not go without.

    Bad:  guest: {name: Dr Mai Tran}
    Good: guest: {name: Dr Mai Tran, approved: 2027-01-20}
    """

    def findings(self, draft: EmailDraft) -> Iterator[Problem]:
        email, guest = draft.email, draft.email.guest
        if guest is None:
            return
        if guest.approved is None:
            says = f"{guest.name} has not approved {email.key} yet"
        elif email.date and guest.approved > email.date:
            says = f"{guest.name} approves {email.key} only after it went out"
        else:
            return
        is_real = draft.facts.provider_leaves_machine
        yield find_email_setting(draft.campaign, email, "guest", guest.name).problem(
            says,
            hint="ask, then write approved: with the date",
            severity=Severity.ERROR if is_real else Severity.WARNING,
        )


def _asks(email: Email) -> bool:
    return (
        email.kind is Kind.ASK
        or email.question is not None
        or bool(_INVITES.search(email.copy.text))
    )


def _thanks(email: Email) -> bool:
    return email.kind is Kind.THANKS or bool(_THANKS.search(email.copy.text))


def _whole_month(campaign: Campaign) -> Passage:
    return setting(campaign, "name", campaign.name)
