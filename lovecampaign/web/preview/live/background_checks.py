"""Checks the month in a background thread, email by email, after each save.

A whole month takes more than a second: pages show the problems that are known, and reload when
there are more.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from lovecampaign.campaign.model.campaign import Campaign, Email
from lovecampaign.checks.base.facts import Facts
from lovecampaign.checks.problem_cache import ProblemCache
from lovecampaign.checks.run import check_email, month_problems
from lovecampaign.core.errors import ProblemsFound
from lovecampaign.core.problems import Problem, in_file_order
from lovecampaign.web.hosting import restart_on_error
from lovecampaign.web.preview.live.state import PreviewState

#: Before a check starts: first the saved page is rendered (a check of 0.3 s meanwhile doubles its
#: time), and a second save may follow at once.
_DELAY_SECONDS = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class _CheckResult:
    """The problems of an email, and what they depend on."""

    depends_on: object
    problems: Sequence[Problem]


class BackgroundChecker:
    """The problems of every email, updated after each save."""

    def __init__(
        self, state: PreviewState, facts: Callable[[Campaign], Facts], on_result: Callable[[], None]
    ) -> None:
        self._state = state
        self._facts = facts
        self._on_result = on_result
        self._cache = ProblemCache(state.settings.workspace)
        self._results: dict[str, _CheckResult] = {}
        self._of_month: Sequence[Problem] = ()
        self._is_requested = threading.Event()
        self._is_over = threading.Event()
        #: The email viewed last, which is checked first.
        self.open_key = ""
        self.is_done = False

    def start(self, note_bug: Callable[[BaseException], object]) -> None:
        run = partial(restart_on_error, self._run, self._is_over, note_bug)
        threading.Thread(target=run, name="checker", daemon=True).start()
        self.request()

    def request(self) -> None:
        """Check again, soon; stops a check that is running."""
        self.is_done = False
        self._is_requested.set()

    def stop(self) -> None:
        self._is_over.set()
        self._is_requested.set()

    def problems_of_month(self) -> Sequence[Problem]:
        """The problems of loading, and those of the rules about the whole month."""
        return in_file_order(dict.fromkeys([*self._state.problems, *self._of_month]))

    def problems_of(self, email: Email) -> Sequence[Problem]:
        """The known problems of one email."""
        result = self._results.get(email.key)
        shared = (each for each in self.problems_of_month() if _is_about(each, email))
        return in_file_order(dict.fromkeys([*(result.problems if result else ()), *shared]))

    def all_problems(self) -> Sequence[Problem]:
        """Each known problem once, in file order."""
        found = [each for result in self._results.copy().values() for each in result.problems]
        return in_file_order(dict.fromkeys([*self.problems_of_month(), *found]))

    def _run(self) -> None:
        while not self._is_over.is_set():
            self._is_requested.wait()
            self._is_requested.clear()
            if self._is_over.wait(_DELAY_SECONDS):
                return
            campaign = self._state.campaign
            if campaign is None or self._is_requested.is_set():
                continue
            try:
                self.check(campaign)
            except BaseException:  # until the next save, pages do not wait for more
                self.is_done = True
                self._on_result()
                raise

    def check(self, campaign: Campaign) -> None:
        """Check what changed, the open email first; a new request stops it."""
        facts = self._facts(campaign)
        self._of_month = month_problems(campaign, facts)
        for email in sorted(campaign.emails, key=lambda email: email.key != self.open_key):
            if self._is_requested.is_set():
                return
            if self._check_if_changed(campaign, email, facts) and email.key == self.open_key:
                self._on_result()
        for key in self._results.keys() - {email.key for email in campaign.emails}:
            del self._results[key]
        self.is_done = True
        self._on_result()

    def _check_if_changed(self, campaign: Campaign, email: Email, facts: Facts) -> bool:
        try:
            inputs = self._state.inputs_of(email)
        except ProblemsFound:
            inputs = None
        # The facts that rules about one email use.
        about_audience = (facts.zones, facts.reachable, facts.known_fields)
        depends_on = (inputs, email.places, about_audience)
        known = self._results.get(email.key)
        if known and known.depends_on == depends_on:
            return False
        found = [] if email.is_broken else check_email(campaign, email, facts, self._cache)
        own = [each for each in found if each not in set(self._of_month)]
        self._results[email.key] = _CheckResult(depends_on=depends_on, problems=own)
        return True


def _is_about(problem: Problem, email: Email) -> bool:
    """Whether a problem of the month is in a line of this email."""
    place = problem.place
    if place is None:
        return False
    return place.file == email.copy.file or any(
        (where.file, where.line) == (place.file, place.line) for where in email.places.values()
    )
