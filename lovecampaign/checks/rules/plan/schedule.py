"""Rules about the schedule: every email can reach every subscriber in time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from lovecampaign.campaign.model.campaign import Campaign, Email, Role
from lovecampaign.checks.base.facts import format_zones
from lovecampaign.checks.base.locate import Passage, find_email_setting, setting
from lovecampaign.checks.base.rule import EmailDraft, EmailRule, MonthDraft, MonthRule
from lovecampaign.core.problems import Place, Problem
from lovecampaign.schedule.quiet import after_quiet_hours
from lovecampaign.schedule.reasons import SkipReason
from lovecampaign.schedule.slots import Slot, closes_at, due_window, plan_zone

#: The month is over two weeks after the launch.
_AFTERWARDS = timedelta(days=14)
#: A launch email that takes longer reaches its last subscribers on another day.
_LAUNCH_WINDOW = timedelta(hours=12)


class StartTooLate(MonthRule, code="LC231"):
    """No letter's moment is past before the first one went out.

    Where a campaign is started late, its first letters are too late for some zones (see
    `late_after`), and their readers would begin in the middle.

    Bad:  start: 2027-02-01, and the first `send` on 3 February
    Good: a start that lies ahead in every zone
    """

    def findings(self, draft: MonthDraft) -> Iterator[Problem]:
        campaign, facts = draft.campaign, draft.facts
        if facts.has_begun is not False:
            return
        late = _zones_where(campaign, draft.zones, lambda slots: _is_over(slots, facts.now))
        emails = [email for email in campaign.day_emails if email.key in late]
        if emails:
            first, others = emails[0], len(emails) - 1
            where = late[first.key]
            more = f" and {others} more letter{'s' * (others > 1)}" if others else ""
            yield setting(campaign, "start", str(campaign.start)).warning(
                f"the time of {first.key}{more} is past in {format_zones(where)}",
                hint="begin on a later day: change start",
            )


class Throughput(MonthRule, code="LC232"):
    """The pace is fast enough for the list.

    At `max_per_second` a letter to the whole list takes its time. Day letters must be out before
    `late_after`, letters about a deal before it closes, and the launch on its own day.

    Bad:  max_per_second: 1, with 90,000 readers of one zone
    Good: max_per_second: 20
    """

    def findings(self, draft: MonthDraft) -> Iterator[Problem]:
        campaign, rate = draft.campaign, draft.campaign.sending.max_per_second
        people = _people_by_zone(draft)
        if rate is None or not people:
            return
        slow = list(_slow(campaign, people, rate))
        if slow:
            email, needed, window = slow[0]
            hours = needed / timedelta(hours=1)
            yield setting(campaign, "sending.max_per_second", f"{rate:g}").warning(
                f"{email.key} takes {hours:.0f} hours at {rate:g} a second, "
                f"and has {window / timedelta(hours=1):.0f}",
                hint="raise max_per_second, or spread the letters",
            )


class QuietHoursPastDeal(MonthRule, code="LC233"):
    """Quiet hours do not keep a letter until its deal is over.

    An email of the launch with `quiet_hours: respect` waits for the morning. Where the deal has
    closed by then, it never goes out.

    Bad:  last-call: {at: day 31 21:30, quiet_hours: respect}, and a deal that closes at 23:59
    Good: last-call: {at: day 31 10:00}
    """

    def findings(self, draft: MonthDraft) -> Iterator[Problem]:
        campaign = draft.campaign
        for email in campaign.launch_emails:
            swallowed = [zone for zone in draft.zones if _is_swallowed(campaign, email, zone)]
            if swallowed:
                yield find_email_setting(campaign, email, "at", "").warning(
                    f"quiet hours keep {email.key} until its deal is over, "
                    f"in {format_zones(swallowed)}",
                    hint="send it earlier, or remove quiet_hours: respect",
                )


class TooLateForMonth(MonthRule, code="LC234"):
    """The month ends.

    Readers were promised a month and one question. A letter two weeks after the doors opened
    belongs to another campaign.

    Bad:  one-more-thing: {at: day 55 10:00, to: audience}
    Good: thanks: {at: day 32 10:00, to: bought}
    """

    def findings(self, draft: MonthDraft) -> Iterator[Problem]:
        campaign = draft.campaign
        for email in campaign.launch_emails:
            after = email.instant - campaign.launch.at if email.instant else timedelta()
            if after > _AFTERWARDS:
                yield find_email_setting(campaign, email, "at", "").warning(
                    f"{email.key} goes out {after.days} days after the launch",
                    hint="send it earlier, or keep it for another campaign",
                )


class OneEmailADay(MonthRule, code="LC230"):
    """A letter has its own day.

    No reader gets two letters on one day. Quiet hours move a late letter to the next morning, and
    there the letter of that day comes first: the late one is left out. On the team's clock
    (clock: campaign) two letters may also meet on one day of a reader far away.

    Bad:  quiet_hours: 21:00-07:00, and day 9 at 22:00 with a letter on day 10
    Good: day 9 at 20:30
    """

    def findings(self, draft: MonthDraft) -> Iterator[Problem]:
        campaign = draft.campaign
        left_out = _zones_where(campaign, draft.zones, _is_left_out)
        for email in campaign.day_emails:
            if zones := left_out.get(email.key):
                at = f"{email.at:%H:%M}" if email.at else ""
                yield find_email_setting(campaign, email, "at", at).warning(
                    f"{email.key} is left out in {format_zones(zones)}: "
                    "another letter has that day",
                    hint="give it another time, or leave the day after it free (skip)",
                )


class StartMoved(MonthRule, code="LC235"):
    """Day 1 stays where it was when the first letter went out.

    Every reader is somewhere in the month by then: another start would send letters again, or
    never. To repeat the month, begin a new campaign from the old one.

    Bad:  start: 2027-02-08, after day 1 went out on 2027-02-01
    Good: lovecampaign new customer-love-autumn --from customer-love
    """

    def findings(self, draft: MonthDraft) -> Iterator[Problem]:
        campaign, begun_with = draft.campaign, draft.facts.begun_with
        if begun_with is None or begun_with == campaign.start:
            return
        yield setting(campaign, "start", str(campaign.start)).error(
            f"start was {begun_with} when the first letter went out, and is {campaign.start} now",
            hint=f"put the old date back, or: lovecampaign new NAME --from {campaign.slug}",
        )


class BrokenFiles(EmailRule, code="LC223"):
    """An email with mistakes in its files does not go out.

    The other emails of the campaign do. `lovecampaign check` shows each mistake with its line.

    Bad:  a day file without a subject
    Good: the same file, with its subject
    """

    def findings(self, draft: EmailDraft) -> Iterator[Problem]:
        if draft.email.is_broken:
            yield Passage(text="", place=Place(file=draft.email.copy.file)).error(
                f"the files of {draft.email.key} have mistakes", hint="type: lovecampaign check"
            )


def _zones_where(
    campaign: Campaign, zones: Iterable[str], holds: Callable[[Sequence[Slot]], bool]
) -> Mapping[str, list[str]]:
    """The zones in which a condition holds for an email's slots, by the email's key."""
    found: dict[str, list[str]] = defaultdict(list)
    for zone in zones:
        for key, slots in plan_zone(campaign, zone, None).items():
            if holds(slots):
                found[key].append(zone)
    return found


def _is_over(slots: Sequence[Slot], now: datetime) -> bool:
    expires = [slot.expires for slot in slots if slot.reason is None and slot.expires]
    return bool(expires) and max(expires) <= now


def _is_left_out(slots: Sequence[Slot]) -> bool:
    return any(slot.reason is SkipReason.DAY_TAKEN for slot in slots)


def _people_by_zone(draft: MonthDraft) -> Mapping[str, int]:
    facts = draft.facts
    if facts.subscribers_by_zone:
        return facts.subscribers_by_zone
    return {draft.campaign.timezone: facts.subscribers} if facts.subscribers else {}


def _slow(
    campaign: Campaign, people: Mapping[str, int], rate: float
) -> Iterator[tuple[Email, timedelta, timedelta]]:
    """Each email that does not fit its window: the time it needs, and the window."""
    by_zone = {zone: plan_zone(campaign, zone, None) for zone in people}
    for email in campaign.scheduled_emails:
        if email.role is Role.CATCH_UP:
            continue
        arrivals: dict[datetime, int] = defaultdict(int)
        for zone, count in people.items():
            if window := due_window(by_zone[zone][email.key]):
                arrivals[window[0]] += count
        window_length = _window(campaign, email)
        needed = _longest_wait(arrivals, rate)
        if needed > window_length:
            yield email, needed, window_length


def _longest_wait(arrivals: Mapping[datetime, int], rate: float) -> timedelta:
    """The longest wait of any zone's last subscriber, behind the queue of earlier zones."""
    longest, free_at = timedelta(), None
    for due, count in sorted(arrivals.items()):
        start = max(due, free_at) if free_at else due
        free_at = start + timedelta(seconds=count / rate)
        longest = max(longest, free_at - due)
    return longest


def _window(campaign: Campaign, email: Email) -> timedelta:
    if email.role is Role.DAY:
        return campaign.sending.late_after
    closes = closes_at(campaign, email)
    left = closes - email.instant if closes and email.instant else _LAUNCH_WINDOW
    return min(left, _LAUNCH_WINDOW, campaign.launch.late_after)


def _is_swallowed(campaign: Campaign, email: Email, zone: str) -> bool:
    closes = closes_at(campaign, email)
    if not email.respects_quiet_hours or closes is None or email.instant is None:
        return False
    return after_quiet_hours(email.instant, zone, campaign.sending.quiet_hours) >= closes
