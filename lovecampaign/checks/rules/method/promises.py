"""Rules about announcements: what one email announces, another brings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from lovecampaign.campaign.model.campaign import Campaign, Role
from lovecampaign.checks.base.dates import DATE, WEEKDAY, dates_near, weekday_number
from lovecampaign.checks.base.locate import (
    LazyPattern,
    Passage,
    find_email_setting,
    find_in_words,
)
from lovecampaign.checks.base.rule import EmailDraft, EmailRule
from lovecampaign.core.problems import Problem
from lovecampaign.core.zones import load_zone

#: Phrases that announce the next email, before or after the name of a day.
_ANNOUNCES = "(?:{})".format(
    "|".join(
        (
            r"you(?:['’]ll| will)? (?:get|meet|hear|read|find|see|learn)",
            r"(?:I|we)(?:['’]ll| will) (?:send|tell|write|show|share|introduce)",
            r"(?:the )?(?:next )?(?:letter|email|story)",
            r"(?:bekommst|erhältst|liest|triffst|hörst|findest|siehst|lernst|erfährst) du",
            r"du (?:bekommst|erhältst|liest|triffst|hörst|findest|siehst|lernst|erfährst)",
            r"(?:bekommen|erhalten|lesen|treffen|hören|finden|sehen|lernen|erfahren) Sie",
            r"Sie (?:bekommen|erhalten|lesen|treffen|hören|finden|sehen|lernen|erfahren)",
            r"(?:schicke|sende|schreibe|erzähle|zeige) ich",
            r"ich (?:schicke|sende|schreibe|erzähle|zeige)",
            r"(?:schicken|senden|schreiben|erzählen|zeigen) wir",
            r"wir (?:schicken|senden|schreiben|erzählen|zeigen)",
            r"(?:kommt |folgt )?(?:der|die) nächste (?:brief|mail|geschichte)",
            r"(?:vous|tu) (?:recev(?:re|ra)[zs]|recevez|reçois|lire?[zs]|liras|verr(?:ez|as))",
            r"(?:vous|tu) (?:rencontr|trouv|découvri|apprend)(?:e?r)?(?:e[zs]|as)",
            r"(?:je|nous) (?:vous |te |t['’])?(?:envo[iy]|enverr|racont|écri|montr|présent)\w+",
            r"(?:la )?prochaine (?:lettre|histoire)",
            r"(?:recib|leer|conocer|encontrar|ver|descubrir)(?:es|ás)",
            r"te (?:env[ií]|mand|escrib|cont|cuent|muestr|mostrar)\w+",
            r"(?:la )?próxima (?:carta|historia)",
            r"(?:ricever|legger|conoscer|trover|vedr|scoprir)ai|ricevi|leggi|conosci|trovi|scopri",
            r"ti (?:mand|scriv|raccont|mostr|invi|presen)\w+",
            r"(?:la )?prossima (?:lettera|storia)",
            r"(?:krijg|lees|ontmoet|vind|zie|leer|hoor) (?:je|u)",
            r"(?:je|u) (?:krijgt|leest|ontmoet|vindt|ziet|leert|hoort)",
            r"(?:stuur|schrijf|vertel) ik|ik (?:stuur|schrijf|vertel)",
            r"(?:sturen|schrijven|vertellen) we|we (?:sturen|schrijven|vertellen)",
            r"(?:komt )?(?:de|het) volgende (?:brief|verhaal)",
            r"(?:você )?(?:receb|conhec|encontr)e?(?:erá|ará|rá|es|e|a)|você (?:lê|lerá|vê|verá)",
            r"(?:te |lhe )?(?:envio|enviarei|mando|mandarei|conto|contarei|escrevo|escreverei)",
            r"(?:a )?próxima (?:carta|história)",
        )
    )
)
#: Where the same word is not the morning.
_MORROW = (
    r"(?:tomorrow(?: (?:morning|evening))?|demain|domani|amanhã|(?<!la )(?<!esta )(?<!cada )mañana"
    r"|(?<!am )(?<!en )(?<!er )(?<!em )(?<!te )(?<!ze )(?<!de )(?<!ke )morgen)"
)
_TOMORROW = LazyPattern(
    lambda: re.compile(_TOMORROW_WORDS, re.IGNORECASE),
    needs=re.compile("tomorrow|demain|domani|amanhã|mañana|morgen", re.IGNORECASE),
)
_TOMORROW_WORDS: str = (
    r"\btomorrow(?:['’]s (?:letter|email|story))\b"
    r"|\b(?:brief|geschichte|lettre|histoire|carta|historia|lettera|storia|verhaal|história)"
    r" (?:von morgen|de demain|de mañana|di domani|van morgen|de amanhã)\b"
    rf"|\b{_MORROW},?\s+{_ANNOUNCES}\b|\b{_ANNOUNCES}\b[^.!?\n]{{0,40}}\b{_MORROW}\b"
)
_WEEKDAY = re.compile(WEEKDAY, re.IGNORECASE)
_ON_WEEKDAY = LazyPattern(lambda: re.compile(_ON_WEEKDAY_WORDS, re.IGNORECASE), needs=_WEEKDAY)
_ON_WEEKDAY_WORDS: str = (
    rf"\b(?:(?:on|am|le|el|op|na|no) )?(?P<day>{WEEKDAY}),?\s+{_ANNOUNCES}\b"
    rf"|\b{_ANNOUNCES}\b[^.!?\n]{{0,40}}\b(?:on|am|le|el|op|na|no) (?P<late>{WEEKDAY})\b"
)
_WEEK = timedelta(days=7)
_WITH_WEEKDAY = LazyPattern(
    lambda: re.compile(rf"(?={WEEKDAY},? ){DATE}", re.IGNORECASE), needs=_WEEKDAY
)
#: Words of a launch, before or after its day.
_OPENS = (
    r"(?:(?:we|doors?|sales?) (?:will )?open|opens\b|launch(?:es)?\b|go(?:es)? on sale"
    r"|(?:wir|türen) öffnen|öffnen wir|öffnet|verkaufsstart|geht(?:['’]s| es) los"
    r"|nous ouvrons|ouvrent|ouvre\b|ouverture|lancement|abrimos|abren?\b|lanzamiento"
    r"|apriamo|aprono|apre\b|lancio|gaan? open|openen we|we openen|verkoop begint|lançamento)"
)
_DAY_NAMED = rf"(?:{re.sub('[?]P<.*?>', '?:', DATE)}|{WEEKDAY}\b)"
_OPENING_WORDS = (
    rf"\b{_OPENS}[^.!?\n]{{0,30}}?\b{_DAY_NAMED}|\b{_DAY_NAMED},?[^.!?\n,]{{0,20}}?\b{_OPENS}"
)
_OPENING = LazyPattern(
    lambda: re.compile(_OPENING_WORDS, re.IGNORECASE), needs=re.compile(_OPENS, re.IGNORECASE)
)
_DAY = r"(?:day|tag|jour|día|giorno|dag|dia)"
_DAY_NUMBER = re.compile(rf"\b{_DAY} (?P<number>[1-9]\d?)\b(?!\s*[%:]\d)", re.IGNORECASE)
_SUBJECT_NUMBER = re.compile(
    rf"^\W*{_DAY} (?P<start>\d{{1,2}})\b"
    rf"|\b{_DAY} (?P<of>\d{{1,2}}) (?:of|von|sur|de|di|van) \d+",
    re.IGNORECASE,
)


class PromiseKept(EmailRule, code="LC247"):
    """A letter that is announced comes.

    "Tomorrow you get the key" needs a letter tomorrow; "on Friday" one on Friday; "day 9" a day
    9. Readers remember what they were promised, also when a day was moved or skipped later. Seven
    languages are known.

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


class DateFits(EmailRule, code="LC249"):
    """Days and dates in copy are those of this month.

    A date typed by hand stays where it was when the launch moves, or when a month is repeated in
    another year. A weekday has to be that of its date, and a day on which something opens has to
    be that of the launch, of early access or of a deal. Seven languages are known.

    Bad:  On day 20: "We open on Sunday, 28 February", with the launch on 7 March
    Good: On day 20: "We open on the day after the last letter"
    """

    def findings(self, draft: EmailDraft) -> Iterator[Problem]:
        campaign, email = draft.campaign, draft.email
        if email.copy.is_built_in:
            return
        opens = frozenset(_opening_dates(campaign))
        for passage in find_in_words(draft, _WITH_WEEKDAY):
            match = _WITH_WEEKDAY.search(passage.text)
            days = list(dates_near(match, campaign.start)) if match else []
            if match and days and not _is_right(match["weekday"], days, campaign):
                yield passage.warning(
                    f"“{passage.text}”, but {days[0]} is a {days[0]:%A}",
                    hint="write the day and the date of this month",
                )
        launch = campaign.launch
        if launch.takes_place and (email.instant or launch.at) <= launch.at:
            yield from self._openings(draft, opens)

    def _openings(self, draft: EmailDraft, opens: frozenset[date]) -> Iterator[Problem]:
        launch = draft.campaign.launch.at.astimezone(load_zone(draft.campaign.timezone))
        for passage in find_in_words(draft, _OPENING):
            if not _is_one_of(passage.text, opens, draft.campaign.start):
                yield passage.warning(
                    f"“{passage.text}”, but the launch is on {launch:%A}, {launch:%Y-%m-%d}",
                    hint="change the day, or count from it: “the day after the last letter”",
                )


def _is_right(weekday: str, days: Sequence[date], campaign: Campaign) -> bool:
    """Whether one of the days is of that weekday; what is not about this month may be any."""
    until = campaign.launch.at.date() + 4 * _WEEK
    if not any(campaign.start - _WEEK <= day <= until for day in days):
        return True
    return any(weekday_number(weekday) == day.weekday() for day in days)


def _is_one_of(words: str, opens: frozenset[date], near: date) -> bool:
    """Whether the date or weekday in some words is that of an opening."""
    if match := re.search(DATE, words, re.IGNORECASE):
        return not opens.isdisjoint(dates_near(match, near))
    match = re.search(WEEKDAY, words, re.IGNORECASE)
    return match is None or weekday_number(match[0]) in {day.weekday() for day in opens}


def _opening_dates(campaign: Campaign) -> Iterator[date]:
    """The days on which the launch, early access and deals open."""
    zone = load_zone(campaign.timezone)
    instants = [campaign.launch.at, *(deal.opens for deal in campaign.deals.values())]
    early = [one.instant for one in campaign.launch_emails if one.instant]
    instants += [instant for instant in early if instant <= campaign.launch.at]
    yield from (instant.astimezone(zone).date() for instant in instants)


def _dates_with_letters(campaign: Campaign) -> frozenset[date]:
    dates = map(campaign.date_of, (*campaign.day_emails, *campaign.launch_emails))
    return frozenset(date for date in dates if date is not None)


def _next_weekday(today: date, words: str) -> date:
    named = re.search(WEEKDAY, words, re.IGNORECASE)
    ahead = (weekday_number(named[0]) - today.weekday()) % 7 or 7 if named else 7
    return today + timedelta(days=ahead)
