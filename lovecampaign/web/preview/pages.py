"""What stands on each page of the preview? Facts from the rooms, words from the templates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from lovecampaign.campaign.model.campaign import Campaign, Email
from lovecampaign.checks.rules.message.message import GMAIL_CLIPS_AT_BYTES
from lovecampaign.core.problems import Problem
from lovecampaign.web.calendar import emails_of, lay_out, sign_up_emails
from lovecampaign.web.preview.letter.color_schemes import Scheme, dress
from lovecampaign.web.preview.live.background_checks import Checker
from lovecampaign.web.preview.live.state import Workbench
from lovecampaign.web.preview.readers.filters import RECIPIENTS, DayChoice
from lovecampaign.web.preview.readers.forecast import (
    REASONS,
    EmailForecast,
    forecast_from_timeline,
    forecast_month,
)
from lovecampaign.web.preview.readers.formatting import SPOKEN
from lovecampaign.web.preview.readers.preview_subscriber import (
    PreviewSubscriber,
    sample_subscribers,
)
from lovecampaign.web.preview.readers.recipients import read_roll
from lovecampaign.web.preview.readers.subscriber_lookup import SubscriberLookup
from lovecampaign.web.preview.readers.urls import EVERYBODY, Addresses

HERE = Path(__file__).parent
WIDTHS = (320, 480, 640)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One look at a page: through whose eyes, and what the looker may do."""

    reader: PreviewSubscriber
    now: datetime
    #: Whether people of the database are shown, and test mail may be sent.
    is_trusted: bool = True
    #: Proves that a form was made by us.
    form_token: str = ""
    #: Of the campaign's state; pages that are behind reload.
    version: str = ""


@dataclass(slots=True, kw_only=True)
class Pages:
    """Writes every page, for the running preview and for a copy on disk."""

    workbench: Workbench
    checker: Checker
    people: SubscriberLookup
    addresses: Addresses
    #: Made-up readers to choose from; None: all.
    offered: Sequence[PreviewSubscriber] | None = None
    _templates: Environment = field(init=False)

    def __post_init__(self) -> None:
        self._templates = Environment(
            loader=FileSystemLoader(HERE / "pages"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters |= SPOKEN

    @property
    def readers(self) -> Sequence[PreviewSubscriber]:
        return self.offered or sample_subscribers(self.workbench.require_campaign())

    def month(self, visit: Visit) -> str:
        """The calendar."""
        campaign = self.workbench.require_campaign()
        comings = {one.email.key: one for one in self.comings(visit)}
        return self._write(
            "month.html",
            visit,
            weeks=lay_out(campaign),
            sign_up=sign_up_emails(campaign),
            comings=comings,
            subjects={email.key: self._subject(email, visit.reader) for email in campaign.emails},
            found={email.key: self.checker.problems_of(email) for email in campaign.emails},
        )

    def email(self, email: Email, visit: Visit) -> str:
        """One email in all its parts."""
        campaign = self.workbench.require_campaign()
        view = self.workbench.view(email, visit.reader)
        coming = next((one for one in self.comings(visit) if one.email.key == email.key), None)
        before, after = _neighbours(campaign, email)
        faults, found = _sort_out(view.faults, self.checker.problems_of(email))
        return self._write(
            "email.html",
            visit,
            email=email,
            date=campaign.date_of(email),
            letter=view.letter,
            faults=faults,
            subject=view.letter.subject if view.letter else email.subject,
            found=found,
            coming=coming,
            before=before,
            after=after,
            schemes=list(Scheme),
            widths=WIDTHS,
            clips_at=GMAIL_CLIPS_AT_BYTES,
        )

    def frame(self, email: Email, reader: PreviewSubscriber, scheme: Scheme) -> str | None:
        """The email alone, as a client with that scheme shows it; None: it has none yet."""
        letter = self.workbench.view(email, reader).letter
        if letter is None:
            return None
        pictures = self.addresses.picture("")
        return dress(letter.html.replace(self.workbench.settings.media_url + "/", pictures), scheme)

    def timeline(self, visit: Visit) -> str:
        """What one person gets, when, and why."""
        comings = sorted(
            self.comings(visit), key=lambda one: (one.due is None, one.due or visit.now)
        )
        return self._write(
            "reader.html",
            visit,
            comings=comings,
            subjects={one.email.key: self._subject(one.email, visit.reader) for one in comings},
        )

    def day(self, day: date, visit: Visit, choice: DayChoice = EVERYBODY) -> str:
        """Who gets mail on a date: people of the database where there are any, and samples."""
        campaign = self.workbench.require_campaign()
        emails = emails_of(campaign, day)
        keys = {email.key for email in emails}
        told = {
            reader.key: [one for one in forecast_month(campaign, reader) if one.email.key in keys]
            for reader in self.readers
        }
        knows_people = self._knows_people(visit)
        rolls = {
            email.key: read_roll(self.people, campaign, email, visit.now, choice)
            for email in (emails if knows_people else ())
        }
        return self._write(
            "day.html",
            visit,
            day=day,
            emails=emails,
            told=told,
            rolls=rolls,
            choice=choice,
            recipients=RECIPIENTS,
            reasons={reason.value: words for reason, words in REASONS.items()},
            subjects={email.key: self._subject(email, visit.reader) for email in emails},
        )

    def count(self, email: Email, visit: Visit) -> str:
        """How many of the database get an email, and why others do not; a part of a page."""
        campaign = self.workbench.require_campaign()
        report = self.people.report(campaign, email, visit.now) if visit.is_trusted else None
        return self._templates.get_template("count.html").render(
            report=report,
            zone=campaign.timezone,
            reasons={reason.value: words for reason, words in REASONS.items()},
        )

    def trouble(self, title: str, words: str, problems: Sequence[Problem] = ()) -> str:
        """Where there is nothing to show yet, or any more."""
        page = self._templates.get_template("trouble.html")
        return page.render(
            title=title, words=words, problems=problems, to=self.addresses, version=""
        )

    def comings(self, visit: Visit) -> Sequence[EmailForecast]:
        """Every email of the calendar, for the reader of this visit."""
        campaign, reader = self.workbench.require_campaign(), visit.reader
        if reader.is_made_up:
            return forecast_month(campaign, reader)
        entries = self.people.timeline(campaign, int(reader.key), visit.now)
        told = (forecast_from_timeline(campaign, entry, reader) for entry in entries)
        return [one for one in told if one is not None]

    def _subject(self, email: Email, reader: PreviewSubscriber) -> str:
        """With this reader's values where it has any: the others need no rendering."""
        if "{" not in email.subject:
            return email.subject
        letter = self.workbench.view(email, reader).letter
        return letter.subject if letter else email.subject

    def _write(self, template: str, visit: Visit, **names: Any) -> str:
        campaign = self.workbench.require_campaign()
        shared: Mapping[str, Any] = {
            "campaign": campaign,
            "visit": visit,
            "reader": visit.reader,
            "readers": self.readers,
            "knows_people": self._knows_people(visit),
            "to": self.addresses,
            "version": visit.version,
            "problems": self.checker.all_problems(),
            "is_checked": self.checker.is_done,
            "is_behind": self.workbench.is_behind,
            "zone": campaign.timezone,
        }
        return self._templates.get_template(template).render({**shared, **names})

    def _knows_people(self, visit: Visit) -> bool:
        """Whether there is anybody in the database, and this looker may see them."""
        may_see = self.addresses.is_live and visit.is_trusted
        return may_see and self.people.has_subscribers(self.workbench.require_campaign())


def _neighbours(campaign: Campaign, email: Email) -> tuple[Email | None, Email | None]:
    emails = campaign.emails
    at = next(index for index, one in enumerate(emails) if one.key == email.key)
    return (
        emails[at - 1] if at > 0 else None,
        emails[at + 1] if at + 1 < len(emails) else None,
    )


def _sort_out(
    faults: Sequence[Problem], found: Sequence[Problem]
) -> tuple[Sequence[Problem], Sequence[Problem]]:
    """Why nothing newer is shown, and what else is wrong.

    A check explains a fault better than rendering does, once it has looked: each is told once.
    """
    lines = {_line_of(fault) for fault in faults}
    explained = [one for one in found if one.is_error and _line_of(one) in lines]
    shown = explained or faults
    return shown, [one for one in found if one not in shown]


def _line_of(problem: Problem) -> tuple[str, int | None] | None:
    return (problem.place.file, problem.place.line) if problem.place else None
