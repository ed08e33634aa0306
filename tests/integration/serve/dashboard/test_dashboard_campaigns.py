"""The dashboard with several campaigns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

import pytest

from lovecampaign.testing.campaigns import write_campaign
from tests.integration.serve.support.dashboard import HOME, MONTH, PASSWORD, Operator, log_in
from tests.support.serving import Serving, serving, with_settings
from tests.support.stage import Stage

SPRING = "/dashboard/spring-2027"
HOSTILE = 'Spring <b onload="x">'


@pytest.fixture
def served(stage: Stage) -> Iterator[Serving]:
    settings = with_settings(stage.settings, dashboard_password=PASSWORD)
    with serving(settings, stage.database, stage.clock) as running:
        yield running


@pytest.fixture
def operator(served: Serving) -> Operator:
    return log_in(served)


def add_spring(stage: Stage) -> None:
    write_campaign(
        stage.settings.workspace,
        name="spring",
        start=date(2027, 5, 3),
        settings={"id": "spring-2027", "name": HOSTILE},
    )


def test_of_one_there_is_no_choice(operator: Operator) -> None:
    answer = operator.get(HOME)

    assert (answer.status, answer.headers["location"]) == (303, MONTH)


def test_of_several_there_is_a_list_with_the_newest_first(stage: Stage, operator: Operator) -> None:
    add_spring(stage)

    page = operator.get(HOME)

    assert page.status == 200
    assert re.findall(r'<li><a href="([^"]+)"', page.text) == [SPRING, MONTH]
    assert "begins on Monday 3 May 2027" in " ".join(page.text.split())


def test_each_has_pages_of_its_own_and_leads_to_the_others(
    stage: Stage, operator: Operator
) -> None:
    add_spring(stage)

    for path, other in ((SPRING, MONTH), (MONTH, SPRING)):
        page = operator.get(path)
        assert page.status == 200
        assert f'href="{HOME}"' in page.text
        assert f'href="{path}' in page.text
        assert f'href="{other}' not in page.text


def test_a_name_is_only_ever_text(stage: Stage, operator: Operator) -> None:
    add_spring(stage)

    for path in (HOME, SPRING):
        assert "<b onload" not in operator.get(path).text


def test_from_the_list_one_can_leave(stage: Stage, operator: Operator) -> None:
    add_spring(stage)

    assert operator.press(HOME, page=HOME, do="leave").status == 303
    assert "password" in operator.get(HOME).text


def test_the_list_is_for_operators(stage: Stage, served: Serving) -> None:
    add_spring(stage)

    assert "spring" not in served.get(HOME).text.lower()


def test_of_none_the_list_says_so(stage: Stage, operator: Operator) -> None:
    add_spring(stage)
    for folder in (stage.settings.workspace / "campaigns").iterdir():
        folder.rename(stage.settings.workspace / f"away-{folder.name}")

    page = operator.get(HOME)

    assert page.status == 200
    assert "<li>" not in page.text
