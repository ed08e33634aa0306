"""Rules about announcements: what one email announces, another brings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

from lovecampaign.campaign.model.campaign import Campaign, Role
from lovecampaign.checks.base.dates import WEEKDAY, WEEKDAYS
from lovecampaign.checks.base.locate import Passage, find_email_setting, find_in_words
from lovecampaign.checks.base.rule import EmailDraft, EmailRule
from lovecampaign.core.problems import Problem

#: Phrases that announce the next email, before or after the name of a day.
_ANNOUNCES = (
    r"(?:you(?:['’]ll| will)? (?:get|meet|hear|read|find|see|learn)|(?:I|we)(?:['’]ll| will) "
    r"(?:send|tell|write|show|share|introduce)|(?:the )?(?:next )?(?:letter|email|story))"
)
_TOMORROW = re.compile(
    rf"\btomorrow(?:['’]s (?:letter|email|story))\b"
    rf"|\btomorrow(?: (?:morning|evening))?,?\s+{_ANNOUNCES}\b"
    rf"|\b{_ANNOUNCES}\b[^.!?\n]{{0,40}}\btomorrow\b",
    re.IGNORECASE,
)
_ON_WEEKDAY = re.compile(
    rf"\b[Oo]n (?P<day>{WEEKDAY}),?\s+{_ANNOUNCES}\b"
    rf"|\b{_ANNOUNCES}\b[^.!?\n]{{0,40}}\bon (?P<late>{WEEKDAY})\b",
    re.IGNORECASE,
)
_DAY_NUMBER = re.compile(r"\b[Dd]ay (?P<number>[1-9]\d?)\b(?!\s*[%:]\d)")
_SUBJECT_NUMBER = re.compile(
    r"^\W*day (?P<start>\d{1,2})\b|\bday (?P<of>\d{1,2}) of \d+", re.IGNORECASE
)


class PromiseKept(EmailRule, code="LC247"):
    """A letter that is announced comes.

    "Tomorrow you get the key" needs a letter tomorrow; "on Friday" one on Friday; "day 9" a day
    9. Readers remember what they were promised, also when a day was moved or skipped later.

    Bad:  On day 6: "Tomorrow you meet Mathilde." with skip: [7]
    Good: On day 6: "On Monday you meet Mathilde." with a letter on that Monday
    """

    def findings(self, draft: EmailDraft) -> Iterator[Problem]:
        campaign, email = draft.campaign, draft.email
        if email.role is not Role.DAY or email.date is None:
            return
        dates = _dates_with_letters(campaign)
        for passage in find_in_words(draft, _TOMORROW):
            if email.date + timedelta(days=1) not in dates:
                yield self._broken(passage, "no letter goes out on the next day")
        for passage in find_in_words(draft, _ON_WEEKDAY):
            if _next_weekday(email.date, passage.text) not in dates:
                yield self._broken(passage, "no letter goes out on that day")
        yield from self._day_numbers(draft)

    def _day_numbers(self, draft: EmailDraft) -> Iterator[Problem]:
        for passage in find_in_words(draft, _DAY_NUMBER):
            number = int(passage.text.split()[-1])
            if number in draft.campaign.skip:
                yield self._broken(passage, f"day {number} has no letter: it is skipped")

    def _broken(self, passage: Passage, says: str) -> Problem:
        return passage.warning(
            f"“{passage.text}”, but {says}", hint="write that letter, or change what is announced"
        )


class DayNumberInSubject(EmailRule, code="LC248"):
    """A subject with "Day 9" is that of day 9.

    Letters get moved, and their subjects keep the old number. `{{ day.number }}` moves along.

    Bad:  subject: "Day 9: map your light", on day 10
    Good: subject: "Day {{ day.number }}: map your light"
    """

    def findings(self, draft: EmailDraft) -> Iterator[Problem]:
        email = draft.email
        found = _SUBJECT_NUMBER.search(email.subject)
        if email.role is not Role.DAY or found is None:
            return
        number = int(found["start"] or found["of"])
        if number != email.number:
            yield find_email_setting(draft.campaign, email, "subject", found[0]).warning(
                f"the subject says day {number}, and the letter is that of day {email.number}",
                hint="write {{ day.number }}",
            )


def _dates_with_letters(campaign: Campaign) -> frozenset[date]:
    dates = map(campaign.date_of, (*campaign.day_emails, *campaign.launch_emails))
    return frozenset(date for date in dates if date is not None)


def _next_weekday(today: date, words: str) -> date:
    named = next(i for i, name in enumerate(WEEKDAYS) if name in words.lower())
    ahead = (named - today.weekday()) % 7 or 7
    return today + timedelta(days=ahead)
