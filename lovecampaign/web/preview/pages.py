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
from lovecampaign.web.calendar import build_calendar, emails_on, sign_up_emails
from lovecampaign.web.preview.letter.color_schemes import ColorScheme, apply_scheme
from lovecampaign.web.preview.live.background_checks import BackgroundChecker
from lovecampaign.web.preview.live.state import PreviewState
from lovecampaign.web.preview.readers.filters import RECIPIENTS, DayFilter
from lovecampaign.web.preview.readers.forecast import REASONS, Coming, foretell, retell
from lovecampaign.web.preview.readers.formatting import SPOKEN
from lovecampaign.web.preview.readers.people import People
from lovecampaign.web.preview.readers.readers import Reader, made_up_readers
from lovecampaign.web.preview.readers.recipients import read_recipients
from lovecampaign.web.preview.readers.urls import NO_FILTER, PageUrls

HERE = Path(__file__).parent
WIDTHS = (320, 480, 640)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One look at a page: through whose eyes, and what the looker may do."""

    reader: Reader
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

    workbench: PreviewState
    checker: BackgroundChecker
    people: People
    addresses: PageUrls
    #: Made-up readers to choose from; None: all.
    offered: Sequence[Reader] | None = None
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
    def readers(self) -> Sequence[Reader]:
        return self.offered or made_up_readers(self.workbench.require_campaign())

    def month(self, visit: Visit) -> str:
        """The calendar."""
        campaign = self.workbench.require_campaign()
        comings = {one.email.key: one for one in self.comings(visit)}
        return self._write(
            "month.html",
            visit,
            weeks=build_calendar(campaign),
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
            schemes=list(ColorScheme),
            widths=WIDTHS,
            clips_at=GMAIL_CLIPS_AT_BYTES,
        )

    def frame(self, email: Email, reader: Reader, scheme: ColorScheme) -> str | None:
        """The email alone, as a client with that scheme shows it; None: it has none yet."""
        letter = self.workbench.view(email, reader).letter
        if letter is None:
            return None
        pictures = self.addresses.picture("")
        return apply_scheme(
            letter.html.replace(self.workbench.settings.media_url + "/", pictures), scheme
        )

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

    def day(self, day: date, visit: Visit, choice: DayFilter = NO_FILTER) -> str:
        """Who gets mail on a date: people of the database where there are any, and samples."""
        campaign = self.workbench.require_campaign()
        emails = emails_on(campaign, day)
        keys = {email.key for email in emails}
        told = {
            reader.key: [one for one in foretell(campaign, reader) if one.email.key in keys]
            for reader in self.readers
        }
        knows_people = self._knows_people(visit)
        rolls = {
            email.key: read_recipients(self.people, campaign, email, visit.now, choice)
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

    def comings(self, visit: Visit) -> Sequence[Coming]:
        """Every email of the calendar, for the reader of this visit."""
        campaign, reader = self.workbench.require_campaign(), visit.reader
        if reader.is_made_up:
            return foretell(campaign, reader)
        entries = self.people.timeline(campaign, int(reader.key), visit.now)
        told = (retell(campaign, entry, reader) for entry in entries)
        return [one for one in told if one is not None]

    def _subject(self, email: Email, reader: Reader) -> str:
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
        return may_see and self.people.is_anybody(self.workbench.require_campaign())


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
