"""What is wrong with the month? Asked in the background, email by email, after each save.

A whole month takes more than a second, so nobody waits for it: pages show what is known, and
are told when more is.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from lovecampaign.campaign.model.campaign import Campaign, Email
from lovecampaign.checks.base.facts import Facts
from lovecampaign.checks.base.rule import MonthDraft
from lovecampaign.checks.registry import MONTH_RULES
from lovecampaign.checks.run import check_email
from lovecampaign.core.errors import ProblemsFound
from lovecampaign.core.problems import Place, Problem, in_file_order
from lovecampaign.web.hosting import restart_on_error
from lovecampaign.web.preview.live.state import PreviewState, RenderInputs

#: Time for the page that was just saved to be rendered first, and for whoever saves again at once:
#: a check of 0.3 s makes a page that is asked for meanwhile take twice as long.
_HEAD_START_SECONDS = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class _People:
    """What the rules about one email ask of the lists."""

    zones: frozenset[str]
    reachable: int | None
    known_fields: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Checked:
    """What was found in an email, and what it was then."""

    ingredients: RenderInputs | None
    places: Mapping[str, Place]
    people: _People
    problems: Sequence[Problem]


class BackgroundChecker:
    """Knows the problems of every email, a moment after they came up."""

    def __init__(
        self,
        workbench: PreviewState,
        facts: Callable[[Campaign], Facts],
        tell: Callable[[], None],
    ) -> None:
        self._workbench = workbench
        self._facts = facts
        self._tell = tell
        self._known: dict[str, _Checked] = {}
        self._of_month: Sequence[Problem] = ()
        self._is_asked = threading.Event()
        self._is_over = threading.Event()
        #: Looked at last, checked first.
        self.open_key = ""
        self.is_done = False

    def start(self, note_bug: Callable[[BaseException], object]) -> None:
        run = partial(restart_on_error, self._run, self._is_over, note_bug)
        threading.Thread(target=run, name="checker", daemon=True).start()
        self.ask()

    def ask(self) -> None:
        """Look again, soon."""
        self.is_done = False
        self._is_asked.set()

    def stop(self) -> None:
        self._is_over.set()
        self._is_asked.set()

    def problems_of_month(self) -> Sequence[Problem]:
        """What reading found, and what the rules about the whole month did."""
        return in_file_order(dict.fromkeys([*self._workbench.problems, *self._of_month]))

    def problems_of(self, email: Email) -> Sequence[Problem]:
        """What is wrong with one email, as far as is known."""
        checked = self._known.get(email.key)
        shared = (each for each in self.problems_of_month() if _is_about(each, email))
        return in_file_order(dict.fromkeys([*(checked.problems if checked else ()), *shared]))

    def all_problems(self) -> Sequence[Problem]:
        """Each once, in file order."""
        found = [each for checked in self._known.copy().values() for each in checked.problems]
        return in_file_order(dict.fromkeys([*self.problems_of_month(), *found]))

    def _run(self) -> None:
        while not self._is_over.is_set():
            self._is_asked.wait()
            self._is_asked.clear()
            if self._is_over.wait(_HEAD_START_SECONDS):
                return
            campaign = self._workbench.campaign
            if campaign is not None and not self._is_asked.is_set():
                self._check_or_end(campaign)

    def _check_or_end(self, campaign: Campaign) -> None:
        """What breaks it is raised; until the next save nobody is told to wait for more."""
        try:
            self.check(campaign)
        except BaseException:
            self.is_done = True
            self._tell()
            raise

    def check(self, campaign: Campaign) -> None:
        """Check what changed, what is open first; stops where somebody asks anew."""
        facts = self._facts(campaign)
        self._of_month = _check_month(campaign, facts)
        for email in sorted(campaign.emails, key=lambda email: email.key != self.open_key):
            if self._is_asked.is_set():
                return
            if self._check_one(campaign, email, facts) and email.key == self.open_key:
                self._tell()
        for key in self._known.keys() - {email.key for email in campaign.emails}:
            del self._known[key]
        self.is_done = True
        self._tell()

    def _check_one(self, campaign: Campaign, email: Email, facts: Facts) -> bool:
        """Tells whether there was anything to do."""
        ingredients, known = self._ingredients(email), self._known.get(email.key)
        people = _people_of(facts)
        now = (ingredients, email.places, people)
        if known and (known.ingredients, known.places, known.people) == now:
            return False
        found = [] if email.is_broken else check_email(campaign, email, facts)
        shared = set(self._of_month)
        self._known[email.key] = _Checked(
            ingredients=ingredients,
            places=email.places,
            people=people,
            problems=[each for each in found if each not in shared],
        )
        return True

    def _ingredients(self, email: Email) -> RenderInputs | None:
        try:
            return self._workbench.ingredients(email)
        except ProblemsFound:
            return None


def _people_of(facts: Facts) -> _People:
    return _People(zones=facts.zones, reachable=facts.reachable, known_fields=facts.known_fields)


def _check_month(campaign: Campaign, facts: Facts) -> Sequence[Problem]:
    draft = MonthDraft(campaign=campaign, facts=facts)
    return [problem for rule in MONTH_RULES for problem in rule.find(draft)]


def _is_about(problem: Problem, email: Email) -> bool:
    """Whether a problem of the month stands in a line of this email."""
    place = problem.place
    if place is None:
        return False
    return place.file == email.copy.file or any(
        (where.file, where.line) == (place.file, place.line) for where in email.places.values()
    )
