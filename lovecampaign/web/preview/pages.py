"""Renders the pages of the preview, for the running one and for a copy on disk."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from lovecampaign.campaign.model.campaign import Campaign, Email
from lovecampaign.campaign.words.locale import own_name
from lovecampaign.checks.rules.message.message import GMAIL_CLIPS_AT_BYTES
from lovecampaign.core.problems import Place, Problem
from lovecampaign.core.zones import load_zone
from lovecampaign.web.calendar import build_calendar, emails_on, sign_up_emails
from lovecampaign.web.preview.authoring.desk import AuthorDesk
from lovecampaign.web.preview.letter.color_schemes import ColorScheme, apply_scheme
from lovecampaign.web.preview.live.background_checks import BackgroundChecker
from lovecampaign.web.preview.live.state import PreviewState
from lovecampaign.web.preview.readers.filters import RECIPIENTS, DayFilter
from lovecampaign.web.preview.readers.forecast import (
    REASONS,
    EmailForecast,
    forecast_from_timeline,
    forecast_month,
)
from lovecampaign.web.preview.readers.preview_subscriber import (
    PreviewSubscriber,
    sample_subscribers,
)
from lovecampaign.web.preview.readers.recipients import read_recipients
from lovecampaign.web.preview.readers.subscriber_lookup import SubscriberLookup
from lovecampaign.web.preview.readers.urls import NO_FILTER, PageUrls

HERE = Path(__file__).parent
WIDTHS = (320, 480, 640)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageContext:
    """What a page depends on besides the campaign: the reader shown, and the request's access."""

    reader: PreviewSubscriber
    now: datetime
    #: Whether it may show subscribers of the database and send test mail.
    is_trusted: bool = True
    #: The CSRF token.
    form_token: str = ""
    #: Outdated pages reload.
    version: str = ""


@dataclass(slots=True, kw_only=True)
class Pages:
    """Renders every page."""

    state: PreviewState
    checker: BackgroundChecker
    people: SubscriberLookup
    urls: PageUrls
    #: The made-up readers to choose from; None: all.
    offered: Sequence[PreviewSubscriber] | None = None
    #: None: the pages change no file.
    desk: AuthorDesk | None = None
    _templates: Environment = field(init=False)

    def __post_init__(self) -> None:
        self._templates = Environment(
            loader=FileSystemLoader(HERE / "pages"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters |= _FILTERS
        self._templates.globals |= {"desk": self.desk, "file_of": _file_of}

    @property
    def readers(self) -> Sequence[PreviewSubscriber]:
        return self.offered or sample_subscribers(self.state.require_campaign())

    def month(self, context: PageContext) -> str:
        """The calendar."""
        campaign = self.state.require_campaign()
        comings = {one.email.key: one for one in self.comings(context)}
        return self._write(
            "month.html",
            context,
            weeks=build_calendar(campaign),
            sign_up=sign_up_emails(campaign),
            comings=comings,
            subjects={email.key: self._subject(email, context.reader) for email in campaign.emails},
            found={email.key: self.checker.problems_of(email) for email in campaign.emails},
        )

    def email(self, email: Email, context: PageContext) -> str:
        """One email: its parts, problems and forecast."""
        campaign = self.state.require_campaign()
        view = self.state.view(email, context.reader)
        coming = next((one for one in self.comings(context) if one.email.key == email.key), None)
        before, after = _neighbours(campaign, email)
        faults, found = _split_problems(view.faults, self.checker.problems_of(email))
        return self._write(
            "email.html",
            context,
            email=self._translated(email, context.reader),
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

    def frame(self, email: Email, reader: PreviewSubscriber, scheme: ColorScheme) -> str | None:
        """The email's own HTML, as a client with that scheme shows it; None: not rendered yet."""
        letter = self.state.view(email, reader).letter
        if letter is None:
            return None
        pictures = self.urls.picture("")
        return apply_scheme(
            letter.html.replace(self.state.settings.media_url + "/", pictures), scheme
        )

    def timeline(self, context: PageContext) -> str:
        """What one reader gets, when, and why."""
        comings = sorted(
            self.comings(context), key=lambda one: (one.due is None, one.due or context.now)
        )
        return self._write(
            "reader.html",
            context,
            comings=comings,
            subjects={one.email.key: self._subject(one.email, context.reader) for one in comings},
        )

    def day(self, day: date, context: PageContext, choice: DayFilter = NO_FILTER) -> str:
        """Who gets mail on a date: subscribers of the database, and made-up readers."""
        campaign = self.state.require_campaign()
        emails = emails_on(campaign, day)
        keys = {email.key for email in emails}
        forecasts = {
            reader.key: [one for one in forecast_month(campaign, reader) if one.email.key in keys]
            for reader in self._readers_like(context.reader)
        }
        knows_people = self._knows_people(context)
        pages = {
            email.key: read_recipients(self.people, campaign, email, context.now, choice)
            for email in (emails if knows_people else ())
        }
        return self._write(
            "day.html",
            context,
            day=day,
            emails=emails,
            forecasts=forecasts,
            pages=pages,
            choice=choice,
            recipients=RECIPIENTS,
            reasons={reason.value: words for reason, words in REASONS.items()},
            subjects={email.key: self._subject(email, context.reader) for email in emails},
        )

    def count(self, email: Email, context: PageContext) -> str:
        """The counts of an email's recipients and skip reasons; a fragment of a page."""
        campaign = self.state.require_campaign()
        report = self.people.report(campaign, email, context.now) if context.is_trusted else None
        return self._templates.get_template("count.html").render(
            report=report,
            zone=campaign.timezone,
            reasons={reason.value: words for reason, words in REASONS.items()},
        )

    def error(self, title: str, words: str, problems: Sequence[Problem] = ()) -> str:
        """The page for an error."""
        page = self._templates.get_template("error.html")
        return page.render(title=title, words=words, problems=problems, urls=self.urls, version="")

    def comings(self, context: PageContext) -> Sequence[EmailForecast]:
        """The forecast of every scheduled email for the page's reader."""
        campaign, reader = self.state.require_campaign(), context.reader
        if reader.is_made_up:
            return forecast_month(campaign, reader)
        entries = self.people.timeline(campaign, int(reader.key), context.now)
        told = (forecast_from_timeline(campaign, entry, reader) for entry in entries)
        return [one for one in told if one is not None]

    def _subject(self, email: Email, reader: PreviewSubscriber) -> str:
        """The subject, rendered only if it has merge fields."""
        shown = self._translated(email, reader)
        if "{" not in shown.subject:
            return shown.subject
        letter = self.state.view(email, reader).letter
        return letter.subject if letter else shown.subject

    def _translated(self, email: Email, reader: PreviewSubscriber) -> Email:
        """The email with the words that the reader gets."""
        campaign = self.state.require_campaign()
        language = campaign.language_of(email, reader.subscriber.language)
        return email.translations.get(language, email)

    def _readers_like(self, reader: PreviewSubscriber) -> Sequence[PreviewSubscriber]:
        """The made-up readers, in the language that the page is in."""
        language = reader.key.partition(".")[2] or None
        return [one.in_language(language) for one in self.readers]

    def _languages(self, reader: PreviewSubscriber) -> Sequence[tuple[str, PreviewSubscriber]]:
        """A made-up reader in each of several languages, with the language's name."""
        languages = self.state.require_campaign().languages
        if len(languages) < 2 or not reader.is_made_up:
            return ()
        others = [(own_name(each), reader.in_language(each)) for each in languages[1:]]
        return [(own_name(languages[0]), reader.in_language(None)), *others]

    def _write(self, template: str, context: PageContext, **names: Any) -> str:
        campaign = self.state.require_campaign()
        shared: Mapping[str, Any] = {
            "campaign": campaign,
            "context": context,
            "reader": context.reader,
            "readers": self._readers_like(context.reader),
            "languages": self._languages(context.reader),
            "knows_people": self._knows_people(context),
            "urls": self.urls,
            "version": context.version,
            "problems": self.checker.all_problems(),
            "is_checked": self.checker.is_done,
            "is_behind": self.state.is_behind,
            "zone": campaign.timezone,
        }
        return self._templates.get_template(template).render({**shared, **names})

    def _knows_people(self, context: PageContext) -> bool:
        """Whether the database has subscribers, and this page may show them."""
        may_see = self.urls.is_live and context.is_trusted
        return may_see and self.people.has_subscribers(self.state.require_campaign())


def _file_of(email: Email) -> Place:
    return Place(file=email.copy.file, line=1)


def _neighbours(campaign: Campaign, email: Email) -> tuple[Email | None, Email | None]:
    emails = campaign.emails
    at = next(index for index, one in enumerate(emails) if one.key == email.key)
    return (emails[at - 1] if at > 0 else None, emails[at + 1] if at + 1 < len(emails) else None)


def _split_problems(
    faults: Sequence[Problem], found: Sequence[Problem]
) -> tuple[Sequence[Problem], Sequence[Problem]]:
    """The errors that keep the email from rendering, and all other problems.

    A check explains an error better than rendering does, once it has run: each comes once.
    """
    lines = {_line_of(fault) for fault in faults}
    explained = [one for one in found if one.is_error and _line_of(one) in lines]
    shown = explained or faults
    return shown, [one for one in found if one not in shown]


def _line_of(problem: Problem) -> tuple[str, int | None] | None:
    return (problem.place.file, problem.place.line) if problem.place else None


def _clock(instant: datetime, zone: str) -> str:
    """``Tue 2 Feb, 09:00`` on a clock in that zone."""
    there = instant.astimezone(load_zone(zone))
    return f"{there:%a} {there.day} {there:%b, %H:%M}"


def _long_date(day: date, zone: str = "UTC") -> str:
    """``Tuesday 2 February 2027``; of an instant, on a calendar in that zone."""
    if isinstance(day, datetime):
        day = day.astimezone(load_zone(zone))
    return f"{day:%A} {day.day} {day:%B %Y}"


def _kilobytes(number: int) -> str:
    return f"{number / 1000:.1f} kB"


def _people(number: int) -> str:
    return "1 person" if number == 1 else f"{number:,} people"


#: Filters of the templates: ``{{ due | clock(zone) }}``.
_FILTERS: Mapping[str, Callable[..., str]] = {
    "clock": _clock,
    "day": _long_date,
    "kilobytes": _kilobytes,
    "people": _people,
}
