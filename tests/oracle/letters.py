"""When one subscriber gets each day email and the digest (ARCHITECTURE.md, "Time")."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

from lovecampaign.campaign.model.campaign import Campaign, Email, LateJoiners, RecipientGroup, Role
from lovecampaign.campaign.model.sending import ClockChoice, QuietHours

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
#: ``localtime`` and ``Factory`` are in every tz database, and are no place.
ZONES = available_timezones() - {"localtime", "Factory"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One email on one reader's calendar."""

    key: str
    moment: datetime
    due: datetime
    expires: datetime | None = None
    #: ``joined_after``, ``day_taken`` or ``in_digest``; None: it is theirs.
    reason: str | None = None
    #: When the reader joined, where that is when it falls due.
    joined_at: datetime | None = None
    #: Catch-up: what is inside.
    inside: tuple[str, ...] = ()

    @property
    def falls_due(self) -> datetime:
        return max(self.due, self.joined_at or self.due)


def zone_of(campaign: Campaign, zone: str) -> str:
    return zone if zone in ZONES else campaign.sending.unknown_timezone


def day_in(zone: str, instant: datetime) -> date:
    return instant.astimezone(ZoneInfo(zone)).date()


def day_letters(
    campaign: Campaign, zone: str, joined_at: datetime, first_claim: datetime | None
) -> dict[str, Letter]:
    """Every day email and the catch-up for who joined the audience then."""
    is_founder = first_claim is None or joined_at < first_claim
    usual = {email.key: _letter(campaign, email, email.date, zone) for email in campaign.day_emails}
    personal = campaign.late_joiners is LateJoiners.FROM_DAY_1 and not is_founder
    offered = _personal(campaign, zone, joined_at) if personal else usual
    wanted = {
        key: letter
        for key, letter in offered.items()
        if is_founder or _comes_after(campaign, letter, joined_at)
    }
    kept = _one_a_day(campaign, zone, wanted)
    letters = {key: kept.get(key, replace(usual[key], reason="joined_after")) for key in usual}
    digest = None if is_founder else _digest(campaign, usual, letters, joined_at)
    if digest is not None:
        today = digest.inside[-1]
        letters[today] = replace(letters[today], reason="in_digest")
    letters["catch-up"] = digest or _no_digest(campaign)
    return letters


def late_for_all(
    campaign: Campaign, email: Email, zone: str, first_claim: datetime | None
) -> datetime:
    """From when on nobody of a zone can get a day email or the digest any more."""
    if email.role is Role.CATCH_UP:
        return _last_digest_expires(campaign, zone, first_claim)
    if email.role is Role.LAUNCH:
        return launch_late_for_all(campaign, email, zone, first_claim)
    usual = _letter(campaign, email, email.date, zone)
    are_all_founders = first_claim is None or first_claim >= campaign.launch.at
    if campaign.late_joiners is not LateJoiners.FROM_DAY_1 or email.pinned or are_all_founders:
        return usual.expires or usual.due
    days = (email.date + number * DAY for number in range(60) if email.date)
    letters = [_letter(campaign, email, day, zone) for day in days]
    chances = [usual, *(each for each in letters if each.moment < campaign.launch.at)]
    return max(each.expires or each.due for each in chances)


def _last_digest_expires(campaign: Campaign, zone: str, first_claim: datetime | None) -> datetime:
    """Of whoever joins in the last instant before a day's email, or before it is too late."""
    ends = [_letter(campaign, email, email.date, zone).moment for email in campaign.day_emails]
    until = (campaign.catch_up and campaign.catch_up.until) or campaign.launch.at
    joinings = [min(end, until) - timedelta(microseconds=1) for end in ends]
    digests = [day_letters(campaign, zone, joined, first_claim)["catch-up"] for joined in joinings]
    return max(each.expires or each.due for each in digests)


def launch_letter(
    campaign: Campaign, email: Email, zone: str, joined_at: datetime, first_claim: datetime | None
) -> Letter:
    """A launch email for who joined the list through which it comes."""
    assert email.instant is not None
    due = after_quiet(email.instant, zone, quiet_hours_for(campaign, email))
    expires = _launch_expires(campaign, email, zone, due)
    letter = Letter(key=email.key, moment=email.instant, due=due, expires=expires)
    if first_claim is None or joined_at < first_claim or RecipientGroup.BOUGHT in email.to:
        return letter
    if RecipientGroup.INSIDERS in email.to and campaign.insiders is not None:
        is_in_time = joined_at < campaign.insiders.until
        if joined_at >= email.instant:
            letter = replace(letter, expires=_last_joining_expires(campaign, email))
        letter = replace(letter, joined_at=joined_at)
    else:
        is_in_time = joined_at < email.instant
    return letter if is_in_time else replace(letter, reason="joined_after", joined_at=None)


def is_early_access(campaign: Campaign, email: Email) -> bool:
    assert email.instant is not None
    return RecipientGroup.INSIDERS in email.to and email.instant < campaign.launch.at


def _launch_expires(campaign: Campaign, email: Email, zone: str, due: datetime) -> datetime:
    """A day after its instant; quiet hours leave an hour; early access is early, or never."""
    assert email.instant is not None
    expires = email.instant + campaign.launch.late_after
    if is_early_access(campaign, email):
        expires = min(expires, campaign.launch.at)
    quiet = quiet_hours_for(campaign, email)
    if quiet is not None and is_quiet_in(quiet, zone, expires - MINUTE):
        expires = after_quiet(expires - MINUTE, zone, quiet) + 60 * MINUTE
    expires = max(expires, due + 60 * MINUTE)
    return min(expires, campaign.launch.at) if is_early_access(campaign, email) else expires


def _last_joining_expires(campaign: Campaign, email: Email) -> datetime:
    """Insiders who join late get it at joining: its end is a day after the last may join."""
    assert email.instant is not None
    assert campaign.insiders is not None
    expires = max(email.instant, campaign.insiders.until) + campaign.launch.late_after
    return min(expires, campaign.launch.at) if is_early_access(campaign, email) else expires


def launch_late_for_all(
    campaign: Campaign, email: Email, zone: str, first_claim: datetime | None
) -> datetime:
    """From when on no one of a zone can get a launch email any more."""
    assert email.instant is not None
    due = after_quiet(email.instant, zone, quiet_hours_for(campaign, email))
    expires = _launch_expires(campaign, email, zone, due)
    if first_claim is None or campaign.insiders is None or RecipientGroup.BOUGHT in email.to:
        return expires
    until = campaign.insiders.until
    has_late_joiners = max(min(email.instant, until), first_claim) < until
    if RecipientGroup.INSIDERS in email.to and has_late_joiners:
        return max(expires, _last_joining_expires(campaign, email))
    return expires


def _letter(campaign: Campaign, email: Email, day: date | None, zone: str) -> Letter:
    assert day is not None
    is_own_clock = campaign.sending.clock is ClockChoice.SUBSCRIBER
    clock_zone = ZoneInfo(zone if is_own_clock else campaign.timezone)
    at = email.at or campaign.sending.at
    moment = datetime.combine(day, at, tzinfo=clock_zone).astimezone(UTC)
    due = after_quiet(moment, zone, campaign.sending.quiet_hours)
    return Letter(
        key=email.key, moment=moment, due=due, expires=_expires(campaign, zone, moment, due)
    )


def _expires(campaign: Campaign, zone: str, moment: datetime, due: datetime) -> datetime:
    """Quiet hours delay and never drop: however long they are, there is time after them."""
    quiet, late_after = campaign.sending.quiet_hours, campaign.sending.late_after
    expires = moment + late_after if due < moment + late_after else due + late_after
    if quiet is None or not is_quiet_in(quiet, zone, expires - MINUTE):
        return expires
    # Decided by the code: whom quiet hours held back to the end gets it within an hour.
    return after_quiet(expires - MINUTE, zone, quiet) + 60 * MINUTE


def quiet_hours_for(campaign: Campaign, email: Email) -> QuietHours | None:
    """A day's email and the digest keep quiet hours; a launch email where it says so."""
    return (
        campaign.sending.quiet_hours if is_day_email(email) or email.respects_quiet_hours else None
    )


@functools.cache  # asked at every pass for every reader
def after_quiet(instant: datetime, zone: str, quiet: QuietHours | None) -> datetime:
    """Minute by minute until the reader's clock is out of the quiet hours."""
    if quiet is None or not is_quiet_in(quiet, zone, instant):
        return instant
    instant = instant.replace(second=0, microsecond=0)
    while is_quiet_in(quiet, zone, instant):
        instant += MINUTE
    return instant


def is_quiet_in(quiet: QuietHours, zone: str, instant: datetime) -> bool:
    return _is_quiet(quiet, instant.astimezone(ZoneInfo(zone)).time())


def _is_quiet(quiet: QuietHours, at: time) -> bool:
    if quiet.start < quiet.end:
        return quiet.start <= at < quiet.end
    return quiet.start != quiet.end and not quiet.end <= at < quiet.start


def _comes_after(campaign: Campaign, letter: Letter, joined_at: datetime) -> bool:
    if campaign.late_joiners is LateJoiners.WAIT:
        return False
    return joined_at < letter.moment


def _personal(campaign: Campaign, zone: str, joined_at: datetime) -> dict[str, Letter]:
    """Their own month: day 1 is the day after joining, until the launch."""
    is_own_clock = campaign.sending.clock is ClockChoice.SUBSCRIBER
    first_day = day_in(zone if is_own_clock else campaign.timezone, joined_at) + DAY
    first_day = max(first_day, campaign.start)
    letters = {
        email.key: _letter(campaign, email, first_day + (email.number - 1) * DAY, zone)
        for email in campaign.day_emails
        if email.number is not None and not email.pinned
    }
    return {key: letter for key, letter in letters.items() if letter.moment < campaign.launch.at}


def _one_a_day(campaign: Campaign, zone: str, letters: dict[str, Letter]) -> dict[str, Letter]:
    """An email delayed onto a taken day gives way to the one that belongs there."""

    def turn(letter: Letter) -> tuple[bool, datetime, str]:
        is_delayed = day_in(zone, letter.due) != day_in(zone, letter.moment)
        return (is_delayed, letter.moment, letter.key)

    kept: dict[str, Letter] = {}
    taken: set[date] = set()
    for letter in sorted(letters.values(), key=turn):
        day = day_in(zone, letter.due)
        kept[letter.key] = replace(letter, reason="day_taken") if day in taken else letter
        taken.add(day)
    return kept


def _digest(
    campaign: Campaign, usual: dict[str, Letter], letters: dict[str, Letter], joined_at: datetime
) -> Letter | None:
    """At the first sending moment after joining: the must-have days missed, and that day's."""
    if campaign.late_joiners is not LateJoiners.CATCH_UP or campaign.catch_up is None:
        return None
    if joined_at >= (campaign.catch_up.until or campaign.launch.at):
        return None
    must_have = {f"day-{number:02d}" for number in campaign.catch_up.must_have}
    missed = [each for each in usual.values() if each.key in must_have and each.moment <= joined_at]
    coming = [each for each in letters.values() if each.reason is None and each.moment > joined_at]
    if not missed or not coming:
        return None
    today = min(coming, key=lambda letter: letter.moment)
    keys = [each.key for each in sorted(missed, key=lambda letter: letter.moment)]
    return replace(today, key="catch-up", inside=(*keys, today.key))


def _no_digest(campaign: Campaign) -> Letter:
    start = datetime.combine(campaign.start, time.min, tzinfo=UTC)
    return Letter(key="catch-up", moment=start, due=start, reason="joined_after")


def is_day_email(email: Email) -> bool:
    return email.role in (Role.DAY, Role.CATCH_UP)
