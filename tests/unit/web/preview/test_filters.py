"""What stands behind the ``?`` of a day's page."""

from __future__ import annotations

import pytest

from lovecampaign.schedule.reasons import SkipReason
from lovecampaign.store.reports.addressees import AddresseeFilter
from lovecampaign.web.preview.readers.filters import DayFilter


def test_an_address_says_what_is_chosen_and_nothing_else() -> None:
    choice = DayFilter(words="ana", who="tag", of="day-02", after=17)

    assert choice.as_query() == {"q": "ana", "who": "tag", "of": "day-02", "after": "17"}
    assert DayFilter.read(choice.as_query()) == choice
    assert DayFilter().as_query() == {}


@pytest.mark.parametrize(
    "query",
    [{"who": "enemies"}, {"after": "-1"}, {"after": "soon"}, {"after": "9" * 40}, {"q": "  "}],
)
def test_what_makes_no_sense_chooses_everybody(query: dict[str, str]) -> None:
    assert DayFilter.read(query) == DayFilter()


def test_only_the_list_that_is_leafed_through_goes_on() -> None:
    choice = DayFilter(who="recipients").behind("day-02", 17)

    assert choice.for_email("day-02") == AddresseeFilter(is_for_recipients=True, after=17)
    assert choice.for_email("launch") == AddresseeFilter(is_for_recipients=True)
    assert DayFilter(who="tag").for_email("launch") == AddresseeFilter(reason=SkipReason.TAG)
